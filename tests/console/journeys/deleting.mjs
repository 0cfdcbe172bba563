// The end of a role.

import { assert, confirm, journey } from "./lib/journey.mjs";

journey("A role that somebody holds cannot be deleted, and the page says how many do", { proves: ["BO-07"] }, async (stage) => {
  const acme = await stage.found("buildings", "olivia", [
    "--as olivia scope create tower Tower",
    "--as olivia role create Viewer --id viewer --permission assets.view",
    "--as olivia role create Spare --id spare",
    "--as olivia member add mei --account-type member --role viewer --in tower",
    "--as olivia member add omar --account-type member --role viewer --in tower",
  ]);
  const page = await stage.signIn(acme, "olivia");
  await page.go("/roles/viewer");
  await page.refuses("Delete", "Role Viewer is still assigned to 2 members.");
  await page.go("/roles/spare");
  await page.click("Delete…");
  await page.heading("Delete Spare?");
  await page.sees("Nobody would gain or lose anything");
  await page.click("Leave it as it is");
  await page.heading("Spare");
  await page.click("Delete…");
  await confirm(page, "Delete Spare");
  await page.at("/roles");
  await page.sees("Spare is deleted.");
  assert.deepEqual((await page.run("return [...document.querySelectorAll('tbody th a')].map((link) => link.textContent)")), ["Admin", "Viewer"]);
  await page.go("/members/mei");
  await page.click("Give a role");
  const roles = (await page.options("Role")).map((option) => option.text);
  assert.ok(roles.includes("Viewer") && !roles.some((role) => role.includes("Spare")), roles.join());
  await page.go("/roles/spare");
  await page.heading("Not found");
});

journey("Deleting a role takes its permissions from its holders, and leaves them their other roles", { proves: ["WS-07"] }, async (stage) => {
  const studio = await stage.found("workspace", "nora", [
    "--as nora role create Support --id support --permission chat.moderate tasks.view",
    "--as nora member add ben --name \"Ben Osei\" --role member",
    "--as nora member assign ben support",
  ]);
  const page = await stage.signIn(studio, "nora");
  await page.go("/roles/support");
  await page.click("Delete…");
  await page.sees("1 member would lose");
  await page.sees("Ben Osei");
  await page.sees("loses 1 permission in the whole organisation Moderate chat");
  await page.sees("is limited to their own with 1 permission in the whole organisation View tasks");
  await confirm(page, "Delete Support", "moved to the agency");
  await page.sees("Support is deleted.");
  await page.go("/members/ben");
  await page.sees("Member");
  await page.lacks("Support", "section[aria-labelledby=roles]");
  await page.go("/activity");
  await page.sees("moved to the agency");
});
