// Where roles work: scopes of members, and the tree.

import { assert, confirm, journey } from "./lib/journey.mjs";

const ACME = [
  "--as olivia scope create tower Tower",
  "--as olivia scope create library Library",
  "--as olivia role create Viewer --id viewer --permission assets.view",
  "--as olivia role create Cleaner --id cleaner --permission tasks.complete",
  "--as olivia member add mei --name \"Mei Tanaka\" --account-type member",
];

const FAIRMONT = [
  "--as olivia scope create riverside \"Riverside Estate\" --kind estate",
  "--as olivia scope create acacia \"Acacia Avenue\" --kind site --below riverside",
  "--as olivia scope create beech \"Beech Road\" --kind site",
  "--as olivia member add tom --name \"Tom Becker\" --selected acacia --role manager",
  "--as olivia member add anita --name \"Anita Rossi\" --all --role read_only",
];

journey("Roles are the organisation's, and held in a building: another one in another building", { proves: ["BO-01"] }, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const page = await stage.signIn(acme, "olivia");
  for (const [role, name, building] of [["viewer", "Viewer", "Tower"], ["cleaner", "Cleaner", "Library"]]) {
    await page.go(`/roles/${role}`);
    await page.click("Give this role");
    await page.fill("To (id or name", "mei");
    await page.choose("In", building);
    await page.click("Preview");
    await page.sees(`in ${building}`);
    await confirm(page);
    await page.sees(`holds ${name} now`);
  }
  await page.go("/members/mei");
  await page.sees("Viewer in Tower");
  await page.sees("Cleaner in Library");
});

journey("A member's scope is nowhere, everywhere, some sites, or an estate with what joins it later", { proves: ["PL-01", "PL-04"] }, async (stage) => {
  const fairmont = await stage.found("proplink", "olivia", [...FAIRMONT, "--as olivia member add sofia --name Sofia --role site_manager"]);
  const page = await stage.signIn(fairmont, "olivia");
  await page.go("/members/sofia");
  await page.click("Change the scope");
  await page.tick("By group");
  await page.tick("Riverside Estate");
  await page.click("Preview");
  await page.sees("1 member would gain");
  await page.sees("Riverside Estate");
  await confirm(page);
  await page.sees("Saved.");
  const sees = () => stage.line(fairmont, "--as olivia check sofia site.read --on beech").then(() => true, () => false);
  assert.equal(await sees(), false);
  await page.go("/scopes/beech");
  await page.choose("Below", "Riverside Estate");
  await page.click("Move…");
  await page.heading("Move Beech Road");
  await page.sees("Sofia");
  await page.sees("1 member would gain");
  await confirm(page);
  assert.equal(await sees(), true, "the site joined the estate");
  await page.go("/members/sofia");
  await page.click("Change the scope");
  await page.tick("Nowhere");
  await page.click("Preview");
  await page.sees("1 member would lose");
  await confirm(page);
  await page.sees("Nothing at present.");
});

journey("What is out of scope is not found, and what one may only read is greyed out", { proves: ["PL-05", "PL-06"] }, async (stage) => {
  const fairmont = await stage.found("proplink", "olivia", FAIRMONT);
  const tom = await stage.signIn(fairmont, "tom");
  await tom.go("/scopes");
  await tom.sees("Acacia Avenue");
  await tom.lacks("Beech Road");
  for (const path of ["/scopes/beech", "/scopes/nothing-of-the-kind"]) {
    await tom.go(path);
    await tom.heading("Not found");
  }
  const anita = await stage.signIn(fairmont, "anita");
  await anita.go("/scopes/beech");
  await anita.heading("Beech Road");
  await anita.refuses("Archive…", "which this needs");
});

journey("The tree is made, shared and archived, each after it was shown who gains and loses", {}, async (stage) => {
  const harbour = await stage.found("propops", "sam", ["--as sam role create Agent --id agent --level 60 --permission api.jobs.list.view"]);
  const page = await stage.signIn(harbour, "sam");
  await page.go("/scopes");
  await page.sees("There is no tree yet");
  for (const [name, id] of [["Leeds branch", "leeds"], ["York branch", "york"]]) {
    await page.go("/scopes");
    await page.click("New scope");
    await page.fill("Name", name);
    await page.fill("Id", id);
    await page.choose("Kind", "Branch");
    await page.click("Create scope");
    await page.heading(name);
  }
  await stage.line(harbour, "--as sam member add abe --name Abe --account-type agent --selected leeds --role agent");
  await stage.line(harbour, "--as @system member verify-email abe");
  await page.go("/scopes/york");
  await page.choose("Share with", "Leeds branch");
  await page.click("Share…");
  await page.sees("1 member would gain");
  await confirm(page);
  await page.sees("It is shared with Leeds branch.");
  await page.go("/scopes");
  await page.sees("shared with Leeds branch");
  await page.go("/scopes/york");
  await page.click("End the sharing…");
  await page.sees("1 member would lose");
  await confirm(page);
  await page.go("/scopes/leeds");
  await page.fill("Name", "Leeds");
  await page.click("Rename…");
  await confirm(page);
  await page.heading("Leeds");
  await page.click("Archive…");
  await page.heading("Archive Leeds?");
  await page.sees("2 members would lose");
  await page.sees("loses 1 permission in Leeds");
  await confirm(page, "Archive Leeds");
  await page.sees("archived");
  await page.click("Restore…");
  await page.sees("2 members would gain");
  await confirm(page, "Restore Leeds");
  await page.lacks("archived");
});
