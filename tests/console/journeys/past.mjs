// Rewind, compare, ask: on the histories of the demonstration, which no journey changes.

import { assert, journey } from "./lib/journey.mjs";

journey("Rewound, the whole console shows the past, says so on every page, and offers no change", {}, async (stage) => {
  const page = await stage.signIn("fairmont", "henry");
  await page.go("/members/tom?at=2026-03-03");
  await page.sees("You are looking at the past", ".past");
  await page.sees("Acacia Avenue");
  await page.lacks("Beech Road");
  for (const control of ["Suspend…", "Remove…", "Take away…", "Give a role"]) await page.hasNo(control);
  await page.click("Roles");
  await page.sees("You are looking at the past", ".past");
  assert.match(await page.address(), /at=2026-03-03/);
  await page.lacks("Senior approvers");
  await page.click("Invoice approver");
  await page.hasNo("Preview changes");
  await page.hasNo("Delete…");
  await page.click("Back to the present");
  assert.equal(await page.count(".past"), 0);
  await page.offers("Edit details");
});

journey("The slider and the date in the header go to an instant, and stay on the page", {}, async (stage) => {
  const page = await stage.signIn("fairmont", "henry");
  await page.go("/members");
  await page.click("Rewind");
  await page.run("const field = document.querySelector('.rewind input[type=datetime-local]'); field.value = '2026-03-03T12:00:00'; field.form.requestSubmit()");
  await page.sees("3 Mar 2026", ".past");
  assert.match(await page.address(), /\/members\?/);
  await page.sees("Marcus Webb");
  await page.click("Back to the present");
  await page.lacks("Marcus Webb");
});

journey("Two instants are compared: who gained and lost what, each with the event that did it", {}, async (stage) => {
  const page = await stage.signIn("fairmont", "henry");
  await page.go("/compare?from=2026-03-01&to=2026-03-31");
  await page.sees("Tom Becker");
  await page.sees("Beech Road");
  await page.sees("takes over Beech Road from Marcus");
  await page.sees("Marcus Webb");
  await page.sees("left the company");
});

journey("Asked whether somebody could do something, the console answers with what made it so", {}, async (stage) => {
  const page = await stage.signIn("fairmont", "henry");
  await page.go("/ask?member=anita&permission=invoice.approve&scope=acacia&at=2026-03-03");
  await page.sees("yes Anita Rossi may use “Approve invoice”");
  await page.sees("Henry Cole gave the role Invoice approver to Anita Rossi until 16 March 2026, because “covers for Priya during her leave”");
  await page.go("/ask?member=anita&permission=invoice.approve&scope=acacia");
  await page.sees("no Anita Rossi may not use");
  await page.go("/ask?permission=invoice.approve&scope=acacia&at=2026-03-03");
  for (const name of ["Anita Rossi", "Tom Becker", "Henry Cole"]) await page.sees(name);
});
