// Roles that nobody edits: the owner's, and the product's own.

import { assert, confirm, journey } from "./lib/journey.mjs";

const FAIRMONT = [
  "--as olivia scope create acacia \"Acacia Avenue\" --kind site",
  "--as olivia member add henry --name \"Henry Cole\" --all --role administrator",
];

journey("The owner is one person, cannot be edited or deleted, and hands over after a confirmation", { proves: ["PL-07"] }, async (stage) => {
  const fairmont = await stage.found("proplink", "olivia", FAIRMONT);
  const page = await stage.signIn(fairmont, "olivia");
  await page.go("/roles/owner");
  await page.heading("Organisation Owner");
  for (const what of ["Edit details", "Delete"]) await page.refuses(what, "it cannot be edited, deleted or assigned, only transferred");
  const henry = await stage.signIn(fairmont, "henry");
  await henry.go("/members/olivia");
  await henry.hasNo("Hand the ownership over…");
  await page.go("/members/henry");
  await page.click("Hand the ownership over…");
  await page.heading("Hand the ownership over to Henry Cole?");
  await page.sees("1 member would gain, 1 would lose");
  await confirm(page, "Hand the ownership over to Henry Cole", "retires");
  await page.at("");
  await page.sees("Henry Cole is the owner now.");
  await henry.go("");
  await henry.sees("owned by Henry Cole");
  await henry.go("/roles/owner");
  assert.equal(await henry.count("section[aria-labelledby=users] li"), 1);
  await henry.sees("Henry Cole", "section[aria-labelledby=users]");
});

journey("Roles of portal users are the product's own: shown, and not edited, deleted or given by hand", { proves: ["PL-08"] }, async (stage) => {
  const fairmont = await stage.found("proplink", "olivia", FAIRMONT);
  const page = await stage.signIn(fairmont, "olivia");
  for (const role of ["resident", "contractor", "building_safety"]) {
    await page.go(`/roles/${role}`);
    for (const what of ["Edit details", "Delete"]) await page.refuses(what, "is managed by the product itself: it cannot be edited, deleted or assigned by hand");
    await page.hasNo("Give this role");
    assert.equal(await page.count("input[role=switch]:not(:disabled)"), 0);
  }
  await page.go("/members/henry");
  await page.click("Give a role");
  assert.ok(!(await page.options("Role")).some((option) => option.text.startsWith("Resident")));
});

journey("An agent sees the own page without roles and permissions", { proves: ["PA-06"] }, async (stage) => {
  const harbour = await stage.found("propops", "sam", [
    "--as sam scope create leeds Leeds --kind branch",
    "--as sam role create Agent --id agent --level 60 --permission api.jobs.list.view",
    "--as sam member add abe --name \"Abe Larsson\" --account-type agent --selected leeds --role agent",
    "--as @system member verify-email abe",
  ]);
  const abe = await stage.signIn(harbour, "abe");
  await abe.press(await abe.css("main a[href$='/members/abe']"));
  await abe.sees("do not see their own roles and permissions");
  await abe.lacks("api.jobs.list.view");
  await abe.go("/members/abe/toggles");
  await abe.heading("Not found");
});
