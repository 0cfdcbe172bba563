// Looks at the console in Chromium: axe-core finds nothing on any page and in any state of one, light and dark; no page is
// wider than a phone. With a directory, keeps pictures.
//
//   node tools/console-look.mjs --program target/release/chancery --axe axe.min.js --pages tools/console-pages.json [--pictures DIRECTORY]

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { Chromium } from "../tests/console/journeys/lib/chromium.mjs";
import { Stage, confirm } from "../tests/console/journeys/lib/journey.mjs";
import { Service } from "../tests/console/journeys/lib/service.mjs";

const { values: args } = parseArgs({
  options: { program: { type: "string" }, axe: { type: "string" }, pages: { type: "string" }, pictures: { type: "string" } },
});
const axe = await readFile(args.axe, "utf8");
const pages = Object.entries(JSON.parse(await readFile(args.pages, "utf8")));
const administrators = { fairmont: "henry", harbour: "sam", studio: "nora", civic: "ingrid" };
const problems = [];

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const CHECK = `
  const done = arguments[arguments.length - 1];
  axe.run(document, { runOnly: arguments[0] })
    .then((result) => done(result.violations.map((rule) => ({ id: rule.id, help: rule.help,
      nodes: rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 200) + " :: " + node.failureSummary) }))))
    .catch((error) => done([{ id: "axe", help: String(error), nodes: [] }]))`;

async function look(page, name, shade) {
  await page.run(axe);
  for (const rule of await page.runAsync(CHECK, RULES)) {
    problems.push(`${name}, ${shade}: ${rule.id}: ${rule.help}\n    ${rule.nodes.join("\n    ")}`);
  }
  if (args.pictures) await page.picture(`${args.pictures}/${name}-${shade}.png`);
}

// The addresses of pages: of another organisation than the first where its name stands before a colon.
const addressed = (below) => {
  const [, organisation = "fairmont", path] = /^(?:(\w+):)?(.*)$/.exec(below);
  return `/console/${organisation}${path}`;
};

// What pages look like in the middle of something.
const states = {
  async columns(page) {
    await page.go("/roles");
    await page.click("Columns");
  },
  async rewind(page) {
    await page.go("/roles/manager");
    await page.click("Rewind");
  },
  async preview(page, { role }) {
    await page.go(`/roles/${role}?open=all`);
    await page.flip("estate.read", "bank_statement.read");
    await page.click("Preview changes");
    await page.sees("would");
  },
  async conflict(page, { role, service }) {
    await page.go(`/roles/${role}?open=all`);
    await page.flip("estate.read");
    await page.click("Preview changes");
    await service.line("fairmont", `--as henry role describe ${role} "Runs the day to day"`);
    await confirm(page, "Make this change");
    await page.sees("Somebody else changed this");
  },
  async refused(page) {
    await page.go("/new-role");
    await page.fill("Name", "Manager");
    await page.click("Create role");
    await page.sees("This is refused.");
  },
  async remove(page) {
    await page.go("/members/priya");
    await page.click("Remove…");
    await page.sees("would lose");
  },
  async "give-a-role"(page) {
    await page.go("/members/priya");
    await page.click("Give a role");
  },
  async "change-scope"(page) {
    await page.go("/members/tom");
    await page.click("Change the scope");
  },
  async "give-this-role"(page) {
    await page.go("/roles/manager");
    await page.click("Give this role");
  },
};

async function shaded(stage, shade) {
  const page = await stage.window();
  await page.go("/console/-/sign-in");
  await look(page, "sign-in", shade);
  await page.fill("Key", "not-a-key");
  await page.click("Sign in");
  await look(page, "sign-in-wrong", shade);
  for (const [organisation, member] of Object.entries(administrators).reverse()) await stage.enter(page, organisation, member);
  await page.run(`document.querySelector('button[name=theme][value=${shade}]').click()`);
  await page.sees("PropLink");
  await page.go("/console/-/organisations");
  await look(page, "organisations", shade);
  for (const [name, below] of pages) {
    await page.go(addressed(below));
    await look(page, name, shade);
  }
  for (const [name, state] of Object.entries(states)) {
    // Light and dark are looked at side by side, and do not dispute with each other.
    await state(page, { role: shade === "light" ? "manager" : "site_manager", service: stage.service });
    await look(page, name, shade);
  }
}

async function phone(stage) {
  const page = await stage.window({ width: 390, height: 844 });
  for (const [organisation, member] of Object.entries(administrators).reverse()) await stage.enter(page, organisation, member);
  await page.resize(390, 844);
  for (const [name, below] of pages) {
    await page.go(addressed(below));
    const wide = await page.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    if (wide > 0) problems.push(`${name}, phone: ${wide} pixels too wide`);
    if (args.pictures) await page.picture(`${args.pictures}/${name}-phone.png`);
  }
}

const service = await Service.start(args.program);
const chromium = await Chromium.start();
const stage = new Stage(service, chromium);
const walks = await Promise.allSettled([shaded(stage, "light"), shaded(stage, "dark").then(() => phone(stage))]);
for (const { reason } of walks) if (reason) problems.push(reason.stack);
await chromium.end();
await service.end();
if (problems.length) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
} else {
  console.log(`${pages.length} pages and ${Object.keys(states).length} states of them are as they should be, light, dark and on a phone`);
}
