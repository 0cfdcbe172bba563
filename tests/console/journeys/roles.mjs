// The list of roles, and who sees it.

import { assert, journey } from "./lib/journey.mjs";

const ACME = [
  "--as olivia scope create tower Tower",
  "--as olivia scope create library Library",
  "--as olivia role create Viewer --id viewer --permission assets.view",
  "--as olivia role create Auditor --id auditor",
  "--as olivia role create Lead --id lead --permission assets.view users.manage_access",
  "--as olivia member add hugo --name Hugo --account-type member --role lead --in tower",
  "--as olivia member add mei --name Mei --account-type member --role viewer --in tower",
  "--as olivia member add omar --name Omar --account-type member --role viewer --in library",
];

const shown = (page) => page.run("return [...document.querySelectorAll('tbody th a')].map((link) => link.textContent)");
const columns = (page) => page.run("return [...document.querySelectorAll('thead th')].map((head) => head.innerText.replace(/[↑↓\\s]+$/, ''))");

journey("Roles are searched by name and sorted by name, users, and when they were made or changed", { proves: ["BO-03"] }, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  await stage.line(acme, "--as olivia role toggle auditor --allow assets.view");
  const page = await stage.signIn(acme, "olivia");
  await page.click("Roles");
  assert.deepEqual(await shown(page), ["Admin", "Auditor", "Lead", "Viewer"]);
  await page.click("Name ↑");
  assert.deepEqual(await shown(page), ["Viewer", "Lead", "Auditor", "Admin"]);
  await page.click("Users");
  await page.click("Users ↑");
  assert.equal((await shown(page))[0], "Viewer", "it has the most users");
  await page.click("Last modified");
  await page.click("Last modified ↑");
  assert.equal((await shown(page))[0], "Auditor", "it was changed last");
  await page.go("/roles?sort=created&order=asc");
  assert.deepEqual(await shown(page), ["Admin", "Viewer", "Auditor", "Lead"]);
  await page.fill("Search roles by name", "vIEW");
  await page.click("Search");
  await page.sees("1 role");
  assert.deepEqual(await shown(page), ["Viewer"]);
  await page.fill("Search roles by name", "nothing like it");
  await page.click("Search");
  await page.sees("No role has that in its name.");
});

journey("Each person keeps the columns that they chose, also where two share a browser", { proves: ["BO-03"] }, async (stage) => {
  const acme = await stage.found("buildings", "olivia", [...ACME, "--as olivia member add ann --account-type admin --role admin"]);
  const page = await stage.signIn(acme, "olivia");
  await page.go("/roles");
  assert.deepEqual(await columns(page), ["Name", "Users", "Permissions", "Last modified"]);
  await page.click("Columns");
  await page.tick("Created");
  await page.tick("Permissions", false);
  await page.tick("Last modified", false);
  await page.click("Show these");
  assert.deepEqual(await columns(page), ["Name", "Users", "Created"]);
  await stage.enter(page, acme, "ann");
  await page.go("/roles");
  assert.deepEqual(await columns(page), ["Name", "Users", "Permissions", "Last modified"], "these are somebody else's");
  await stage.enter(page, acme, "olivia");
  await page.go("/roles");
  assert.deepEqual(await columns(page), ["Name", "Users", "Created"]);
});

journey("Who manages users somewhere sees roles and changes none; for others there are no roles", { proves: ["BO-02"] }, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const hugo = await stage.signIn(acme, "hugo");
  await hugo.click("Roles");
  await hugo.refuses("New role", "which this needs");
  await hugo.click("Viewer");
  await hugo.heading("Viewer");
  await hugo.refuses("Edit details", "which this needs");
  await hugo.refuses("Delete", "which this needs");
  await hugo.hasNo("Preview changes");
  assert.equal(await hugo.count("input[role=switch]:not(:disabled)"), 0);
  const mei = await stage.signIn(acme, "mei");
  await mei.lacks("Roles", "nav.sections");
  for (const path of ["/roles", "/roles/viewer", "/roles/there-is-none"]) {
    await mei.go(path);
    await mei.heading("Not found");
  }
});

journey("A name that is taken, in whatever case, is refused, and what was filled in is still there", { proves: ["BO-04"] }, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const page = await stage.signIn(acme, "olivia");
  await page.go("/roles");
  await page.click("New role");
  await page.fill("Name", "VIEWER");
  await page.fill("Description", "Looks on");
  await page.click("Create role");
  await page.sees("exists already: choose another name");
  assert.equal(await page.property(await page.field("Description"), "value"), "Looks on");
  await page.fill("Name", "Onlooker");
  await page.click("Create role");
  await page.heading("Onlooker");
  await page.sees("Looks on");
});
