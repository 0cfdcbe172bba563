// Drives the console in Chromium over WebDriver: axe-core on each page, light and dark, and screenshots.
//
//   node tools/console-browser.mjs --link URL --axe axe.min.js [--images DIRECTORY] [--script SCRIPT]
//
// The link is one that signs somebody in (`chancery key link`). Ends with 1 when axe finds anything, or a page
// runs over the width of a phone. Only programs that this one started are ended, each by its own handle.

import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { parseArgs } from "node:util";

const { values: args } = parseArgs({
  options: { link: { type: "string" }, axe: { type: "string" }, images: { type: "string" }, pages: { type: "string" } },
});
const link = new URL(args.link);
const axe = await readFile(args.axe, "utf8");
if (args.images) await mkdir(args.images, { recursive: true });

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const port = await freePort();
const driver = spawn("chromedriver", [`--port=${port}`, "--allowed-ips=127.0.0.1"], { stdio: "ignore" });
const base = `http://127.0.0.1:${port}`;

async function call(method, path, body) {
  const answer = await fetch(base + path, {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
  return value;
}

async function started() {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      if ((await call("GET", "/status")).ready) return;
    } catch { /* not yet */ }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("chromedriver does not answer");
}

let session;
const browser = (method, path, body) => call(method, `/session/${session}${path}`, body);
const run = (script, ...values) => browser("POST", "/execute/sync", { script, args: values });
const runAsync = (script, ...values) => browser("POST", "/execute/async", { script, args: values });
const go = (path) => browser("POST", "/url", { url: new URL(path, link).href });
const size = (width, height) => browser("POST", "/window/rect", { width, height });

async function theme(name) {
  await run(`document.querySelector('button[name=theme][value=${name}]').click()`);
  await new Promise((resolve) => setTimeout(resolve, 200));
}

const problems = [];

async function check(path, where) {
  await run(axe);
  const found = await runAsync(`
    const done = arguments[arguments.length - 1];
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
      .then((result) => done(result.violations.map((rule) => ({ id: rule.id, help: rule.help,
        nodes: rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 200) + " :: " + node.failureSummary) }))))
      .catch((error) => done([{ id: "axe", help: String(error), nodes: [] }]))`);
  for (const rule of found) problems.push(`${where} ${path}: ${rule.id}: ${rule.help}\n    ${rule.nodes.join("\n    ")}`);
}

async function picture(name) {
  if (!args.images) return;
  const png = await browser("GET", "/screenshot");
  await writeFile(`${args.images}/${name}.png`, Buffer.from(png, "base64"));
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 400));
const expect = (holds, what) => { if (!holds) problems.push(`journey: ${what}`); };
const text = () => run("return document.querySelector('main').innerText");

// Presses a key on whatever has the focus.
async function press(...keys) {
  const actions = keys.flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]);
  await browser("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
}
const KEY = { tab: "\uE004", space: " ", enter: "\uE007", escape: "\uE00C" };

// Switches are moved with the keyboard, previewed, disputed, and saved on top of what another did.
async function journey(home, shade) {
  const role = `${home}/roles/manager?open=all`;
  const move = async (numbers) => {
    for (const number of numbers) {
      await run("document.querySelectorAll('input[role=switch]:not(:disabled)')[arguments[0]].focus()", number);
      await press(KEY.space);
    }
    expect((await text()).includes(`${numbers.length} changed, not saved yet`), "moved switches are counted");
    await run("document.querySelector('.savebar button').focus()");
    await press(KEY.enter);
    await settled();
  };
  await go(role);
  await move([0, 1]);
  expect((await text()).includes("What would happen"), "a preview comes before a change");
  await check("preview", shade);
  await picture(`preview-${shade}`);
  const mine = await run(`return [...new FormData(document.querySelector("form.confirm"))]`);
  await go(role);
  await move([2]);
  await run("document.querySelector('form.confirm button').click()");
  await settled();
  expect((await text()).includes("Saved."), "a confirmed change is saved");
  await run(`
    const form = document.createElement("form");
    [form.method, form.action] = ["post", arguments[1]];
    for (const [name, value] of arguments[0]) form.append(Object.assign(document.createElement("input"), { name, value, type: "hidden" }));
    document.body.append(form);
    form.submit()`, mine, `${home}/roles/manager/permissions`);
  await settled();
  expect((await text()).includes("Somebody else changed this"), "two at once get a choice");
  await check("conflict", shade);
  await picture(`conflict-${shade}`);
  await run("document.querySelector('main button.main').click()");
  await settled();
  await run("document.querySelector('form.confirm button').click()");
  await settled();
  expect((await text()).includes("Saved."), "mine is applied on top");
  await run("document.querySelector('#filter').focus()");
  await press(..."invoice");
  const shown = await run("return [...document.querySelectorAll('.permissions > li')].filter((item) => item.offsetParent).length");
  expect(shown > 0 && shown < 40, `the filter works as it is typed: ${shown} shown`);
  await run("document.querySelector('.rewind summary').focus()");
  await press(KEY.enter);
  await check("rewind", shade);
  await picture(`rewind-${shade}`);
  await press(KEY.escape);
  expect(!(await run("return document.querySelector('.rewind').open")), "a menu closes on Escape");
  await go(`${home}/members/priya`);
  for (const form of ["suspend", "remove"]) expect((await run("return !!document.querySelector(`form[action$='/do/${arguments[0]}']`)", form)), form);
  await run("document.querySelector(\"form[action$='/do/remove'] button\").click()");
  await settled();
  expect((await text()).includes("would lose"), "removing somebody is previewed");
  await check("remove", shade);
  await picture(`remove-${shade}`);
}

async function main() {
  await started();
  const options = { args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb"] };
  const made = await call("POST", "/session", { capabilities: { alwaysMatch: { "goog:chromeOptions": options } } });
  session = made.sessionId;
  await size(1280, 860);
  await go("/console/-/sign-in");
  await check("/console/-/sign-in", "signed out");
  await picture("sign-in");
  await go(link.pathname + link.search);
  await check("/console/-/enter", "link");
  await run("document.querySelector('form button').click()");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const home = new URL(await browser("GET", "/url")).pathname;
  const pages = JSON.parse(await readFile(args.pages, "utf8"));
  for (const shade of ["light", "dark"]) {
    await go(home);
    await theme(shade);
    for (const [name, below] of Object.entries(pages)) {
      await go(home + below);
      await check(below, shade);
      await picture(`${name}-${shade}`);
    }
    await journey(home, shade);
  }
  await go(home);
  await theme("light");
  await size(390, 844);
  for (const [name, below] of Object.entries(pages)) {
    await go(home + below);
    const wide = await run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    if (wide > 0) problems.push(`phone ${below}: ${wide} pixels too wide`);
    await picture(`${name}-phone`);
  }
}

let code = 0;
try {
  await main();
} catch (error) {
  problems.push(String(error.stack));
} finally {
  if (session) await browser("DELETE", "").catch(() => {});
  driver.kill();
}
if (problems.length) {
  console.error(problems.join("\n"));
  code = 1;
}
process.exitCode = code;
