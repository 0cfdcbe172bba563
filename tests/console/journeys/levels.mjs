// Levels, locks, variants of roles, and account types.

import { assert, confirm, journey } from "./lib/journey.mjs";

const HARBOUR = [
  "--as sam member add dora --name \"Dora Keane\" --role director",
  "--as sam member add finn --name \"Finn Adeyemi\" --role finance",
  "--as sam role create \"Letting agent\" --id agent --level 60 --permission api.jobs.list.view",
];

const row = (page, name) => page.run("return [...document.querySelectorAll('tbody tr')].find((row) => row.querySelector('th a').textContent === arguments[0])?.innerText.replace(/\\s+/g, ' ')", name);

journey("The roles that the product ships stand there with their levels and their locks", { proves: ["PO-04"] }, async (stage) => {
  const harbour = await stage.found("propops", "sam");
  const page = await stage.signIn(harbour, "sam");
  await page.go("/roles?sort=level&order=asc");
  assert.deepEqual(await page.run("return [...document.querySelectorAll('tbody th a')].map((link) => link.textContent)"), ["SysOps", "Director", "Finance", "Maintenance Coordinator", "Minimal Access"]);
  for (const [name, level, permissions, locked] of [["SysOps", 10, 550, false], ["Director", 20, 531, true], ["Finance", 30, 408, true], ["Maintenance Coordinator", 40, 398, true], ["Minimal Access", 50, 6, false]]) {
    const text = await row(page, name);
    assert.equal(text.includes("locked"), locked, text);
    assert.ok(text.includes(` ${level} `) && text.includes(` ${permissions} `), text);
  }
});

journey("A locked role is deleted by nobody but SysOps, and what it permits can still be changed", { proves: ["PO-06"] }, async (stage) => {
  const harbour = await stage.found("propops", "sam", HARBOUR);
  const dora = await stage.signIn(harbour, "dora");
  await dora.go("/roles/maintenance_coordinator");
  await dora.refuses("Delete", "Role Maintenance Coordinator is locked");
  assert.ok(await dora.count("input[role=switch]:not(:disabled)") > 300);
  await dora.click("Expand all");
  await dora.flip("api.jobs.list.view");
  await dora.click("Preview changes");
  await confirm(dora);
  await dora.sees("Saved.");
  const sam = await stage.signIn(harbour, "sam");
  await sam.go("/roles/maintenance_coordinator");
  await sam.click("Delete…");
  await confirm(sam, "Delete Maintenance Coordinator");
  await sam.sees("Maintenance Coordinator is deleted.");
});

journey("Nobody gives a role above their own level, and the choice says so", { proves: ["PO-02", "PO-03", "PA-09"] }, async (stage) => {
  const harbour = await stage.found("propops", "sam", HARBOUR);
  const dora = await stage.signIn(harbour, "dora");
  await dora.go("/members/finn");
  await dora.click("Give a role");
  const option = (name) => dora.options("Role").then((options) => options.find((one) => one.text.startsWith(name)));
  const sysops = await option("SysOps");
  assert.equal(sysops.enabled, false);
  assert.match(sysops.text, /level 10 is above the level of dora/);
  assert.equal((await option("Finance")).enabled, true);
  await dora.go("/roles/sysops");
  await dora.refuses("Give this role", "is above the level of dora");
  await dora.go("/roles/agent?open=all");
  const chiplets = await dora.switchOf("api.security.chiplets.manage");
  assert.equal(chiplets.enabled, false);
  assert.match(chiplets.reason, /Dora Keane|dora/);
});

journey("A role gets its name, description, level and permissions, and is given from its page or the member's", { proves: ["PO-01", "PO-05", "PO-09"] }, async (stage) => {
  const harbour = await stage.found("propops", "sam", HARBOUR);
  const page = await stage.signIn(harbour, "sam");
  await page.go("/roles");
  await page.click("New role");
  await page.fill("Name", "Dispatcher");
  await page.fill("Description", "Sends people to jobs");
  await page.fill("Level", "45");
  await page.click("Create role");
  await page.click("Expand all");
  await page.flip("api.jobs.list.view", "page.jobs.list", "doc.certification.read");
  await page.click("Preview changes");
  await page.sees("Nobody would gain or lose anything");
  await confirm(page);
  await page.sees("Saved.");
  await page.click("Give this role");
  await page.fill("To (id or name", "Finn Adeyemi");
  await page.click("Preview");
  await page.heading("Give Dispatcher to Finn Adeyemi");
  await confirm(page);
  await page.sees("holds Dispatcher now");
  await page.sees("Finn Adeyemi", "section[aria-labelledby=users]");
  await page.go("/members/dora");
  await page.click("Give a role");
  await page.choose("Role", "Dispatcher");
  await page.click("Preview");
  await confirm(page);
  await page.go("/roles");
  assert.match(await row(page, "Dispatcher"), / 45 2 3 /);
});

journey("A variant of a role has what its parent has, also what that gets later", { proves: ["PO-10"] }, async (stage) => {
  const harbour = await stage.found("propops", "sam", HARBOUR);
  const page = await stage.signIn(harbour, "sam");
  await page.go("/roles");
  await page.click("New role");
  await page.fill("Name", "Senior agent");
  await page.fill("Level", "55");
  await page.tick("Letting agent");
  await page.click("Create role");
  await page.heading("Senior agent");
  await page.sees("inherited from Letting agent");
  await page.click("Letting agent");
  await page.sees("Inherited by");
  await page.click("Expand all");
  await page.flip("api.recalls.record.create");
  await page.click("Preview changes");
  await confirm(page);
  await page.click("Senior agent");
  await page.click("Expand all");
  assert.match(await page.textOf(await page.element("row", "xpath", "//li[.//input[@value='api.recalls.record.create']]")), /inherited from Letting agent/);
  await page.go("/roles/agent/details");
  await page.tick("Senior agent");
  await page.click("Preview changes");
  await page.sees("cannot inherit from");
});

journey("Nobody changes their own access, and capabilities are switched for one member by who may", { proves: ["PA-02", "PA-03"] }, async (stage) => {
  const harbour = await stage.found("propops", "sam", HARBOUR);
  const dora = await stage.signIn(harbour, "dora");
  await dora.go("/members/dora");
  await dora.sees("Nobody changes their own access here");
  await dora.go("/members/finn/toggles?open=all");
  const row = await dora.element("row", "xpath", "//li[.//input[@name='set:api.gdpr.report.generate']]");
  assert.match(await dora.textOf(row), /Withheld/);
  await dora.press(await dora.css("input[name='set:api.gdpr.report.generate'][value=withhold]"));
  await dora.click("Preview changes");
  await dora.sees("1 member would lose");
  await confirm(dora, "Make this change", "no reports this spring");
  await dora.sees("withheld", "section[aria-labelledby=direct]");
  await dora.sees("api.gdpr.report.generate", "section[aria-labelledby=direct]");
});
