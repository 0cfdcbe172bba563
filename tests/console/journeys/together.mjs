// Two at once, and what is refused.

import { assert, confirm, journey } from "./lib/journey.mjs";

const ACME = [
  "--as olivia scope create tower Tower",
  "--as olivia role create Viewer --id viewer --permission assets.view",
  "--as olivia member add ann --name \"Ann Larkin\" --account-type admin --role admin",
  "--as olivia member add mei --name \"Mei Tanaka\" --account-type member --role viewer --in tower",
];

journey("Two who edit one role at once are told so, and what both did is there afterwards", {}, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const [olivia, ann] = [await stage.signIn(acme, "olivia"), await stage.signIn(acme, "ann")];
  for (const page of [olivia, ann]) await page.go("/roles/viewer?open=all");
  await olivia.flip("tags.create");
  await olivia.click("Preview changes");
  await ann.flip("assets.update");
  await ann.click("Preview changes");
  await confirm(ann, "Make this change", "viewers update as well");
  await ann.sees("Saved.");
  await confirm(olivia);
  await olivia.sees("Somebody else changed this while you were at it.");
  await olivia.sees("Ann Larkin switched on");
  await olivia.sees("viewers update as well");
  await olivia.sees("What you were about to do");
  await olivia.sees("tags.create");
  await olivia.click("Apply mine on top");
  await olivia.sees("1 member would gain");
  await confirm(olivia);
  await olivia.sees("Saved.");
  await olivia.click("Expand all");
  for (const key of ["assets.view", "assets.update", "tags.create"]) assert.equal((await olivia.switchOf(key)).on, true, key);
});

journey("Whoever discards their own sees what the other left", {}, async (stage) => {
  const acme = await stage.found("buildings", "olivia", ACME);
  const olivia = await stage.signIn(acme, "olivia");
  await olivia.go("/roles/viewer/details");
  await olivia.fill("Name", "Onlooker");
  await stage.line(acme, "--as ann role rename viewer Observer");
  await olivia.click("Preview changes");
  await olivia.sees("Somebody else changed this");
  await olivia.sees("Ann Larkin");
  await olivia.click("Discard mine and see how it is now");
  await olivia.heading("Observer");
});

journey("An escalation is refused in the words of the rule before anything is written", {}, async (stage) => {
  const studio = await stage.found("workspace", "nora", [
    "--as nora member add adam --name \"Adam Price\" --role admin",
    "--as nora member add ben --name \"Ben Osei\" --role member",
    "--as nora role create Books --id books",
  ]);
  const adam = await stage.signIn(studio, "adam");
  await adam.go("/roles/books?open=all");
  // Whoever edits the page gets no further than the page did.
  await adam.run("const one = document.querySelector(\"input[value='billing.view']\"); one.disabled = false; one.checked = true");
  await adam.click("Preview changes");
  await adam.sees("This is refused.");
  await adam.sees("does not hold billing.view and so cannot switch it for others");
  await adam.sees("Nothing was changed.");
  await stage.line(studio, "--as nora role toggle books --allow billing.view");
  await adam.go("/members/ben");
  await adam.click("Give a role");
  await adam.choose("Role", "Books");
  await adam.click("Preview");
  await adam.sees("This is refused.");
  await adam.sees("would gain billing.view");
  const nora = await stage.signIn(studio, "nora");
  await nora.go("/activity?type=CommandRefused");
  await nora.sees("Nothing that is like that.");
});
