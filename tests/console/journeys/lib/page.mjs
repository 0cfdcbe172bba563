// A page as somebody uses it: by what stands on buttons and labels. What is expected is waited for, but not long.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const PATIENCE = 10000;

export const KEYS = {
  Tab: "\uE004", Enter: "\uE007", Space: " ", Escape: "\uE00C", Shift: "\uE008",
  Left: "\uE012", Up: "\uE013", Right: "\uE014", Down: "\uE015", Backspace: "\uE003",
};

// Text in an XPath expression, whatever quotes it has.
const quoted = (text) => `concat('${text.replaceAll("'", `', "'", '`)}', '')`;
const named = (tags, name) => `//*[${tags.map((tag) => `self::${tag}`).join(" or ")}][normalize-space()=${quoted(name)}]`;

export class Page {
  #call;

  constructor(call, origin) {
    this.#call = call;
    this.origin = origin;
    this.home = "";
  }

  close() {
    return this.#call("DELETE", "");
  }

  // As a window in which nobody was yet.
  async forget() {
    await this.#call("POST", "/url", { url: new URL("/console/-/sign-in", this.origin).href });
    await this.#call("DELETE", "/cookie");
    await this.#call("POST", "/url", { url: "about:blank" });
    await this.complaints();
    this.home = "";
  }

  // Goes to an address, or to a page of the organisation that somebody signed in to (it begins with `/`).
  async go(path) {
    const address = path.startsWith("/console") ? path : this.home + path;
    await this.#call("POST", "/url", { url: new URL(address, this.origin).href });
  }

  async address() {
    const { pathname, search } = new URL(await this.#call("GET", "/url"));
    return pathname + search;
  }

  back() {
    return this.#call("POST", "/back", {});
  }

  reload() {
    return this.#call("POST", "/refresh", {});
  }

  resize(width, height) {
    return this.#call("POST", "/window/rect", { width, height });
  }

  run(script, ...args) {
    return this.#call("POST", "/execute/sync", { script, args });
  }

  runAsync(script, ...args) {
    return this.#call("POST", "/execute/async", { script, args });
  }

  // Tries until it gives something, and says what was missing when it does not.
  async #until(what, attempt) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      let problem = "";
      try {
        const found = await attempt();
        if (found) return found;
      } catch (error) {
        // A page may be on its way out while it is asked.
        problem = ` (${error.message})`;
      }
      if (Date.now() > end) throw new Error(`${what}${problem}, on ${await this.address()}`);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }

  async all(using, value) {
    return (await this.#call("POST", "/elements", { using, value })).map((element) => element[ELEMENT]);
  }

  element(what, using, value) {
    return this.#until(`there is no ${what}`, async () => (await this.all(using, value))[0]);
  }

  css(selector) {
    return this.element(`\`${selector}\``, "css selector", selector);
  }

  count(selector) {
    return this.all("css selector", selector).then((found) => found.length);
  }

  textOf(element) {
    return this.#call("GET", `/element/${element}/text`);
  }

  attribute(element, name) {
    return this.#call("GET", `/element/${element}/attribute/${name}`);
  }

  property(element, name) {
    return this.#call("GET", `/element/${element}/property/${name}`);
  }

  enabled(element) {
    return this.#call("GET", `/element/${element}/enabled`);
  }

  // What the page says, without its head and its navigation.
  async text(selector = "main") {
    return (await this.textOf(await this.css(selector))).replace(/\s+/g, " ");
  }

  sees(text, selector = "main") {
    return this.#until(`“${text}” is not there`, async () => (await this.text(selector)).includes(text));
  }

  lacks(text, selector = "main") {
    return this.#until(`“${text}” is there`, async () => !(await this.text(selector)).includes(text));
  }

  gone(selector) {
    return this.#until(`\`${selector}\` stays`, async () => !(await this.count(selector)));
  }

  heading(text) {
    return this.#until(`the heading is not “${text}”`, async () => (await this.text("h1")) === text);
  }

  at(path) {
    const wanted = path.startsWith("/console") ? path : this.home + path;
    return this.#until(`this is not ${wanted}`, async () => (await this.address()) === wanted);
  }

  // A button, a link or something that opens, by what stands on it; what is closed away is not there.
  control(name) {
    return this.#until(`there is no button or link “${name}”`, async () => {
      for (const element of await this.all("xpath", named(["button", "a", "summary"], name))) {
        if (await this.displayed(element)) return element;
      }
      return undefined;
    });
  }

  displayed(element) {
    return this.#call("GET", `/element/${element}/displayed`);
  }

  async click(name) {
    await this.press(await this.control(name));
  }

  async press(element) {
    // Away from what sticks to the edges.
    await this.run("arguments[0].scrollIntoView({ block: 'center' })", { [ELEMENT]: element });
    await this.#call("POST", `/element/${element}/click`, {});
  }

  async offers(name) {
    if (!(await this.enabled(await this.control(name)))) throw new Error(`“${name}” is greyed out`);
  }

  // Greyed out, with the reason beside it.
  async refuses(name, reason) {
    if (await this.enabled(await this.element(`button “${name}”`, "xpath", named(["button"], name)))) throw new Error(`“${name}” is not greyed out`);
    await this.sees(reason);
  }

  async hasNo(name) {
    const found = await this.all("xpath", named(["button", "a", "summary"], name));
    if (found.length) throw new Error(`there is a button or link “${name}”`);
  }

  // A field by its label.
  async field(label) {
    const of = await this.#until(`there is no field “${label}”`, async () => {
      for (const test of [`normalize-space()=${quoted(label)}`, `starts-with(normalize-space(), ${quoted(label)})`]) {
        for (const element of await this.all("xpath", `//label[${test}]`)) {
          if (await this.displayed(element)) return element;
        }
      }
      return undefined;
    });
    const target = await this.attribute(of, "for");
    if (target) return this.css(`#${target}`);
    const inside = await this.#call("POST", `/element/${of}/elements`, { using: "css selector", value: "input, select, textarea" });
    return inside[0][ELEMENT];
  }

  async fill(label, text) {
    const field = await this.field(label);
    await this.#call("POST", `/element/${field}/clear`, {});
    await this.#call("POST", `/element/${field}/value`, { text });
  }

  async type(element, text) {
    await this.#call("POST", `/element/${element}/value`, { text });
  }

  async choose(label, option) {
    const field = await this.field(label);
    const found = await this.#call("POST", `/element/${field}/elements`, { using: "xpath", value: `.//option[normalize-space()=${quoted(option)}]` });
    if (!found.length) throw new Error(`“${label}” has no “${option}”`);
    await this.press(found[0][ELEMENT]);
  }

  async options(label) {
    const field = await this.field(label);
    const found = await this.#call("POST", `/element/${field}/elements`, { using: "css selector", value: "option" });
    return Promise.all(found.map(async (option) => ({ text: (await this.property(option[ELEMENT], "textContent")).trim(), enabled: await this.enabled(option[ELEMENT]) })));
  }

  async tick(label, on = true) {
    const field = await this.field(label);
    if ((await this.property(field, "checked")) !== on) await this.press(field);
  }

  // The switch of a permission.
  async switchOf(key) {
    const element = await this.css(`input[role=switch][value='${key}']`);
    const why = await this.attribute(element, "aria-describedby");
    return {
      element,
      on: await this.property(element, "checked"),
      enabled: await this.enabled(element),
      reason: why ? await this.textOf(await this.css(`[id='${why}']`)) : "",
    };
  }

  async flip(...keys) {
    for (const key of keys) await this.press((await this.switchOf(key)).element);
  }

  // Presses keys on whatever has the focus: names of KEYS, or letters.
  async keys(...names) {
    const actions = names.flatMap((name) => {
      const [held, last] = name.startsWith("Shift+") ? [[KEYS.Shift], name.slice(6)] : [[], name];
      const value = KEYS[last] ?? last;
      return [
        ...held.map((key) => ({ type: "keyDown", value: key })), { type: "keyDown", value }, { type: "keyUp", value },
        ...held.map((key) => ({ type: "keyUp", value: key })),
      ];
    });
    await this.#call("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  async cookie(name) {
    return (await this.#call("GET", "/cookie")).find((cookie) => cookie.name === name);
  }

  // What the browser complained of: errors of scripts, and what the policy about contents turned away.
  async complaints() {
    const entries = await this.#call("POST", "/se/log", { type: "browser" });
    return entries.filter((entry) => entry.level === "SEVERE" && !entry.message.includes("Failed to load resource")).map((entry) => entry.message);
  }

  async picture(path) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, Buffer.from(await this.#call("GET", "/screenshot"), "base64"));
  }
}
