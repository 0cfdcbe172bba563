// Whole journeys with a keyboard alone. Wherever the focus is, it is to be seen, and nothing stands in front of it.

import { assert, journey } from "./lib/journey.mjs";

const ACME = [
  "--as olivia scope create tower Tower",
  "--as olivia role create Viewer --id viewer --permission assets.view",
  "--as olivia member add mei --name \"Mei Tanaka\" --account-type member --role viewer --in tower",
];

// What has the focus: what it says, whether that is seen, and whether nothing is in front of it.
const FOCUS = `
  const focused = document.activeElement;
  const box = focused.getBoundingClientRect();
  const style = getComputedStyle(focused);
  const at = document.elementFromPoint(box.x + Math.min(box.width, innerWidth) / 2, box.y + box.height / 2);
  return {
    name: (focused.labels?.[0]?.textContent || focused.getAttribute("aria-label") || focused.textContent || "").trim().replace(/\\s+/g, " "),
    value: focused.value ?? "",
    kind: focused.localName,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    free: !at || focused === at || focused.contains(at) || at.contains(focused) || (focused.labels?.[0]?.contains(at) ?? false),
  };`;

// Tabs on until something of this name has the focus.
async function tabTo(page, name, key = "Tab") {
  for (let steps = 0; steps < 200; steps += 1) {
    await page.keys(key);
    const focus = await page.run(FOCUS);
    if (focus.kind === "body") continue;
    assert.ok(focus.outlined, `the focus on “${focus.name}” is not to be seen`);
    assert.ok(focus.free, `something is in front of “${focus.name}”, which has the focus`);
    if (focus.name.startsWith(name) || focus.value === name) return;
  }
  throw new Error(`the keyboard does not get to “${name}” on ${await page.address()}`);
}

journey("With a keyboard alone: sign in, make a role, switch, preview, save, delete", {}, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const key = await stage.service.key(acme, "olivia");
  const page = await stage.window();
  await page.go("/console");
  page.home = `/console/${acme}`;
  await page.heading("Sign in");
  await tabTo(page, "Key");
  await page.keys(...key, "Enter");
  await page.at("");
  await tabTo(page, "Skip to the content");
  await page.keys("Enter");
  assert.match(await page.run("return location.hash"), /main/);
  await page.reload();
  await tabTo(page, "Roles");
  await page.keys("Enter");
  await page.heading("Roles");
  await tabTo(page, "New role");
  await page.keys("Enter");
  await tabTo(page, "Name");
  await page.keys(..."Porter");
  await tabTo(page, "None");
  await page.keys("Right", "Right");
  await tabTo(page, "Create role");
  await page.keys("Enter");
  await page.heading("Porter");
  assert.notEqual(await page.run("return document.querySelector('h1 circle').getAttribute('fill')"), null);
  await tabTo(page, "Spaces");
  await page.keys("Enter");
  await tabTo(page, "spaces.view");
  await page.keys("Space");
  await tabTo(page, "spaces.update");
  await page.keys("Space");
  await page.sees("2 changed, not saved yet.");
  await tabTo(page, "Preview changes");
  await page.keys("Enter");
  await page.sees("Nobody would gain or lose anything");
  await tabTo(page, "Reason");
  await page.keys(..."for the lobby");
  await tabTo(page, "Make this change");
  await page.keys("Enter");
  await page.sees("Saved.");
  assert.equal(await page.count("input[role=switch]:checked"), 2);
  await tabTo(page, "Delete…");
  await page.keys("Enter");
  await page.heading("Delete Porter?");
  await tabTo(page, "Delete Porter");
  await page.keys("Enter");
  await page.sees("Porter is deleted.");
});

journey("With a keyboard alone: find a member, give a role in a place, and look at the past", {}, async (stage) => {
  const acme = await stage.found("buildings", "olivia", [...ACME, "--as olivia scope create library Library"]);
  const page = await stage.signIn(acme, "olivia");
  await tabTo(page, "Members");
  await page.keys("Enter");
  await tabTo(page, "Search");
  await page.keys(..."tanaka", "Enter");
  await page.sees("1 member");
  await tabTo(page, "Mei Tanaka");
  await page.keys("Enter");
  await page.heading("Mei Tanaka");
  await tabTo(page, "Give a role");
  await page.keys("Enter");
  await tabTo(page, "Role");
  await page.keys(..."Viewer");
  await tabTo(page, "In");
  await page.keys(..."Library");
  await tabTo(page, "Preview");
  await page.keys("Enter");
  await page.sees("in Library");
  await tabTo(page, "Make this change");
  await page.keys("Enter");
  await page.sees("Viewer in Library");
  await tabTo(page, "Rewind");
  await page.keys("Enter");
  assert.equal(await page.run("return document.querySelector('.rewind').open"), true);
  await page.keys("Escape");
  assert.equal(await page.run("return document.querySelector('.rewind').open"), false);
  assert.equal((await page.run(FOCUS)).name.startsWith("Rewind"), true, "the focus is back where it was");
});
