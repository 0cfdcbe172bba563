// Without script, without motion; names that would do harm; coming and going.

import { assert, confirm, journey } from "./lib/journey.mjs";

const ACME = [
  "--as olivia scope create tower Tower",
  "--as olivia role create Viewer --id viewer --permission assets.view",
  "--as olivia member add mei --name \"Mei Tanaka\" --account-type member --role viewer --in tower",
];

journey("Without script everything works, by links and forms", {}, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const page = await stage.signIn(acme, "olivia", { script: false });
  await page.click("Roles");
  await page.fill("Search roles by name", "view");
  await page.click("Search");
  await page.click("Viewer");
  await page.click("Expand all");
  assert.match(await page.address(), /open=all/);
  await page.flip("assets.view", "assets.update");
  await page.sees("Nothing is saved before you have seen who gains and loses what.");
  await page.click("Preview changes");
  await page.sees("1 member would gain, 1 would lose");
  await confirm(page, "Make this change", "no more looking");
  await page.sees("Saved.");
  await page.fill("Filter permissions", "update");
  await page.click("Filter");
  await page.lacks("assets.view");
  assert.equal((await page.switchOf("assets.update")).on, true);
  await page.go("/roles");
  await page.click("Columns");
  await page.tick("Created");
  await page.click("Show these");
  await page.sees("Created");
  await page.go("/members/mei?at=1");
  await page.heading("Not found");
  await page.go("/roles?at=2");
  await page.sees("You are looking at the past", ".past");
});

journey("Who asked for no motion gets none", {}, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const page = await stage.signIn(acme, "olivia", { motion: false });
  await page.go("/roles/viewer?open=all");
  const moving = await page.run("return [...document.querySelectorAll('*')].flatMap((one) => ['', '::before', '::after'].map((part) => getComputedStyle(one, part))).filter((style) => style.transitionDuration.split(', ').some((length) => parseFloat(length) > 0) || style.animationName !== 'none').length");
  assert.equal(moving, 0);
});

journey("Names that would do harm are shown as text, wherever they stand", {}, async (stage) => {
  const hostile = "<script>alert(1)</script>'><img src=x onerror=alert(2)>{{7*7}}`x`";
  const acme = await stage.found("buildings", "olivia", ACME);
  const page = await stage.signIn(acme, "olivia");
  await page.go("/new-role");
  await page.fill("Name", hostile);
  await page.fill("Description", hostile);
  await page.click("Create role");
  await page.heading(hostile);
  await page.go("/new-member");
  await page.fill("Id", "rob");
  await page.fill("Name", hostile);
  await page.click("Add");
  await page.heading(hostile);
  await page.go("/new-scope");
  await page.fill("Name", hostile);
  await page.fill("Id", "annex");
  await page.click("Create scope");
  for (const path of ["/roles", "/members", "/scopes", "/activity", "", "/members/rob", "/scopes/annex", `/roles?search=${encodeURIComponent(hostile)}`, `/ask?member=rob&permission=${encodeURIComponent(hostile)}`]) {
    await page.go(path);
    assert.equal(await page.count("img[src=x], main script"), 0, path);
  }
  await page.go("/members");
  await page.sees(hostile);
});

journey("A session ends with its key and by signing out, and whoever signs in again is where they were", {}, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const key = await stage.service.key(acme, "olivia");
  const page = await stage.window();
  await page.go(`/console/${acme}/roles/viewer?open=all`);
  page.home = `/console/${acme}`;
  await page.heading("Sign in");
  await page.fill("Key", "chancery_is_not_it");
  await page.click("Sign in");
  await page.sees("This key is not valid");
  await page.fill("Key", key);
  await page.click("Sign in");
  await page.heading("Viewer");
  await page.at("/roles/viewer?open=all");
  const cookie = await page.cookie("chancery_session");
  assert.ok(cookie.httpOnly && cookie.sameSite === "Lax");
  await stage.line(acme, `--as olivia key revoke ${key}`);
  await page.click("Members");
  await page.heading("Sign in");
  await page.fill("Key", await stage.service.key(acme, "olivia"));
  await page.click("Sign in");
  await page.at("/members");
  await page.click("olivia");
  await page.click("Sign out");
  await page.heading("Sign in");
  await page.back();
  await page.reload();
  await page.heading("Sign in");
});

journey("A new organisation says what to do first, page by page", {}, async (stage) => {
  const fairmont = await stage.found("proplink", "olivia");
  const page = await stage.signIn(fairmont, "olivia");
  await page.sees("What to do next");
  await page.click("Draw the tree");
  await page.sees("There is no tree yet");
  await page.click("New scope");
  await page.fill("Name", "Riverside Estate");
  await page.fill("Id", "riverside");
  await page.choose("Kind", "Estate");
  await page.click("Create scope");
  await page.go("");
  await page.hasNo("Draw the tree");
  await page.click("Add members");
  await page.click("Add member");
  await page.fill("Id", "tom");
  await page.fill("Name", "Tom Becker");
  await page.click("Add");
  await page.sees("a scope without a role can do nothing");
  await page.go("");
  await page.click("Look at the roles");
  await page.click("New role");
  await page.fill("Name", "Keyholder");
  await page.click("Create role");
  await page.sees("Every permission is off");
  await page.go("");
  await page.lacks("What to do next");
});
