// Built-in roles, roles of one's own, and who manages them.

import { assert, confirm, journey } from "./lib/journey.mjs";

const STUDIO = [
  "--as nora member add adam --name \"Adam Price\" --role admin",
  "--as nora member add lucy --name \"Lucy Chen\" --role manager",
];

journey("Built-in roles are locked: they are shown, and copied to be changed", { proves: ["WS-02"] }, async (stage) => {
  const studio = await stage.found("workspace", "nora", STUDIO);
  const page = await stage.signIn(studio, "nora");
  await page.go("/roles");
  assert.equal(await page.run("return [...document.querySelectorAll('tbody tr')].filter((row) => row.innerText.includes('locked')).length"), 5);
  await page.click("Manager");
  await page.refuses("Edit details", "Role Manager is locked: duplicate it and change the copy.");
  await page.refuses("Delete", "locked");
  assert.equal(await page.count("input[role=switch]:not(:disabled)"), 0);
  await page.click("Duplicate");
  await page.fill("Name", "Project lead");
  await page.click("Duplicate");
  await page.heading("Project lead");
  await page.sees("a copy of Manager");
  assert.ok(await page.count("input[role=switch]:checked:not(:disabled)") > 0, "the copy has the same, and can be changed");
  await page.offers("Delete…");
});

journey("Several people may be Owner, and only an Owner makes another one", { proves: ["WS-02"] }, async (stage) => {
  const studio = await stage.found("workspace", "nora", STUDIO);
  const adam = await stage.signIn(studio, "adam");
  await adam.go("/members/lucy");
  await adam.click("Give a role");
  const owner = (await adam.options("Role")).find((option) => option.text.startsWith("Owner"));
  assert.equal(owner.enabled, false);
  assert.match(owner.text, /only holders of Owner give or take/);
  const nora = await stage.signIn(studio, "nora");
  await nora.go("/members/lucy");
  await nora.click("Give a role");
  await nora.choose("Role", "Owner");
  await nora.click("Preview");
  await nora.sees("1 member would gain");
  await confirm(nora);
  await nora.go("/roles/owner");
  await nora.sees("Lucy Chen", "section[aria-labelledby=users]");
});

journey("A new member is a Member, and may get more roles beside it", { proves: ["WS-01", "WS-03"] }, async (stage) => {
  const studio = await stage.found("workspace", "nora", STUDIO);
  const page = await stage.signIn(studio, "nora");
  await page.go("/members");
  await page.click("Add member");
  await page.fill("Id", "devi");
  await page.fill("Name", "Devi Rao");
  await page.click("Add");
  await page.heading("Devi Rao");
  await page.sees("Member", "section[aria-labelledby=roles]");
  await page.click("Give a role");
  await page.choose("Role", "Developer");
  await page.click("Preview");
  await confirm(page);
  await page.sees("Saved.");
  for (const role of ["Member", "Developer"]) await page.sees(role, "section[aria-labelledby=roles]");
});

journey("A role of one's own begins with a name, a colour and nothing on, and all of it can be changed", { proves: ["WS-04"] }, async (stage) => {
  const studio = await stage.found("workspace", "nora", STUDIO);
  const page = await stage.signIn(studio, "nora");
  await page.go("/roles");
  await page.click("New role");
  await page.fill("Name", "Support");
  await page.tick("Teal");
  await page.click("Create role");
  await page.heading("Support");
  await page.sees("Every permission is off");
  assert.equal(await page.count("input[role=switch]:checked"), 0);
  assert.equal(await page.run("return document.querySelector('h1 circle').getAttribute('fill')"), "#1f9e89");
  await page.click("Expand all");
  await page.flip("tasks.view");
  await page.click("Preview changes");
  await confirm(page);
  await page.click("Edit details");
  await page.fill("Name", "Client care");
  await page.tick("Purple");
  await page.click("Preview changes");
  await page.heading("Client care");
  assert.equal(await page.run("return document.querySelector('h1 circle').getAttribute('fill')"), "#9a4fc4");
  assert.equal((await page.switchOf("tasks.view")).on, true);
  await page.click("Duplicate");
  await page.click("Duplicate");
  await page.heading("Client care (copy)");
  assert.equal((await page.switchOf("tasks.view")).on, true);
});

journey("Who may not manage roles is offered no change of them", { proves: ["WS-08"] }, async (stage) => {
  const studio = await stage.found("workspace", "nora", STUDIO);
  const adam = await stage.signIn(studio, "adam");
  await adam.go("/roles");
  await adam.offers("New role");
  await stage.line(studio, "--as nora member add devi --role developer");
  const devi = await stage.signIn(studio, "devi");
  await devi.go("/roles");
  await devi.hasNo("Preview changes");
  assert.equal(await devi.count("main a[href$='/new-role']"), 0);
  await devi.go("/members/adam");
  await devi.refuses("Give a role", "devi does not hold roles.manage, which this needs.");
});
