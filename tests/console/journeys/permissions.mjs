// What a role permits: categories, counters, switches.

import { assert, confirm, journey } from "./lib/journey.mjs";

const ACME = [
  "--as olivia scope create tower Tower",
  "--as olivia role create Cleaner --id cleaner --permission assets.view tasks.complete tasks.manage_own_only",
  "--as olivia member add mei --name \"Mei Tanaka\" --account-type member --role cleaner --in tower",
];

const open = (page) => page.count("details.category[open]");
const counters = (page) => page.run("return Object.fromEntries([...document.querySelectorAll('details.category')].map((one) => [one.querySelector('.name').textContent, one.querySelector('.counter').textContent]))");

journey("Permissions stand in groups with counters that open and close, one by one and all", { proves: ["BO-05", "WS-05"] }, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const page = await stage.signIn(acme, "olivia");
  await page.go("/roles/cleaner");
  const groups = await counters(page);
  assert.equal(Object.keys(groups).length, 12, "the document's eleven, and the organisation's own");
  assert.deepEqual([groups.Assets, groups.Tasks, groups.Tags], ["1/4", "2/7", "0/2"]);
  assert.equal(await page.count("details.category:not(:has(summary .badge)) input[role=switch]"), 33);
  assert.equal(await open(page), 2, "those of which it has something");
  await page.click("Expand all");
  assert.equal(await open(page), 12);
  await page.click("Collapse all");
  assert.equal(await open(page), 0);
  await page.press(await page.element("group Spaces", "xpath", "//summary[span='Spaces']"));
  assert.equal(await open(page), 1);
  await page.sees("spaces.view");
  await page.fill("Filter permissions", "own tasks");
  const left = await page.run("return [...document.querySelectorAll('.permissions > li')].filter((item) => item.offsetParent).map((item) => item.querySelector('code').textContent)");
  assert.deepEqual(left, ["tasks.manage_own_only"]);
  const texts = await page.run("return [...document.querySelectorAll('.permissions > li')].filter((item) => !item.querySelector('.label').textContent || !item.querySelector('input').labels.length).length");
  assert.equal(texts, 0, "each row has a label, which is the switch's own");
});

journey("“Can only manage own tasks” narrows: taking it away is shown as more access", { proves: ["BO-06"] }, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const page = await stage.signIn(acme, "olivia");
  await page.go("/roles/cleaner?open=all");
  await page.sees("restriction");
  await page.flip("tasks.manage_own_only");
  await page.click("Preview changes");
  await page.heading("Change what Cleaner permits");
  await page.sees("1 member would gain");
  await page.sees("Mei Tanaka");
  await page.sees("is no longer limited to their own with 1 permission in Tower");
  await confirm(page);
  await page.sees("Saved.");
  await page.go("/roles/cleaner?open=all");
  await page.flip("tasks.manage_own_only");
  await page.click("Preview changes");
  await page.sees("1 member would lose");
  await page.sees("is limited to their own with 1 permission in Tower");
});

journey("Several switches are one change, made after it was shown who gains and loses what", { proves: ["WS-09", "PO-01"] }, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const page = await stage.signIn(acme, "olivia");
  await page.go("/roles/cleaner?open=all");
  await page.flip("assets.view", "assets.update", "spaces.view");
  await page.sees("3 changed, not saved yet.");
  await page.click("Preview changes");
  await page.sees("1 member would gain, 1 would lose");
  const other = await stage.signIn(acme, "olivia");
  await other.go("/roles/cleaner?open=all");
  assert.equal((await other.switchOf("assets.update")).on, false, "nothing is saved yet");
  await confirm(page, "Make this change", "cleaners update assets");
  await page.sees("Saved.");
  for (const [key, on] of [["assets.view", false], ["assets.update", true], ["spaces.view", true]]) {
    await page.go("/roles/cleaner?open=all");
    assert.equal((await page.switchOf(key)).on, on, key);
  }
  const events = JSON.parse(`[${(await stage.line(acme, "--as olivia --format json events")).trim().split("\n").join(",")}]`).flat();
  const last = events.slice(-3);
  assert.deepEqual(last.map((event) => event.type), ["PermissionToggled", "PermissionToggled", "PermissionToggled"]);
  assert.equal(new Set(last.map((event) => event.metadata.correlation_id ?? event.metadata.correlation)).size, 1, "they belong together");
});

journey("A switch for what one does not hold is greyed out, and says why", { proves: ["WS-06"] }, async (stage) => {
  const studio = await stage.found("workspace", "nora", [
    "--as nora member add adam --name Adam --role admin",
    "--as nora role create Helper --id helper",
  ]);
  const adam = await stage.signIn(studio, "adam");
  await adam.go("/roles/helper?open=all");
  const billing = await adam.switchOf("billing.view");
  assert.equal(billing.enabled, false);
  assert.match(billing.reason, /does not hold billing\.view and so cannot switch it for others: ask somebody who does/);
  assert.equal((await adam.switchOf("clients.view")).enabled, true);
  const nora = await stage.signIn(studio, "nora");
  await nora.go("/roles/helper?open=all");
  assert.equal((await nora.switchOf("billing.view")).enabled, true);
});
