// Chromium, driven over WebDriver. Only programs that this one started are ended, each by its own handle.

import { spawn } from "node:child_process";
import { createServer } from "node:net";

import { Page } from "./page.mjs";

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"];

export class Chromium {
  #driver;
  #base;
  #pages = new Set();
  #spare = [];

  static async start() {
    const chromium = new Chromium();
    const port = await freePort();
    chromium.#driver = spawn("chromedriver", [`--port=${port}`, "--allowed-ips=127.0.0.1"], { stdio: "ignore" });
    chromium.#base = `http://127.0.0.1:${port}`;
    for (let attempt = 0; ; attempt += 1) {
      try {
        if ((await chromium.call("GET", "/status")).ready) return chromium;
      } catch (error) {
        if (attempt === 200) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async call(method, path, body) {
    const answer = await fetch(this.#base + path, {
      method,
      headers: { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(`${value.error}: ${value.message.split("\n")[0]}`), { kind: value.error });
    return value;
  }

  // A window of its own, with nobody signed in: `script: false` for one without script, `motion: false` for one whose
  // owner asked for no motion.
  async open(origin, { script = true, motion = true, width = 1280, height = 860 } = {}) {
    const usual = script && motion && width === 1280;
    const spare = usual && this.#spare.pop();
    if (spare) {
      spare.origin = origin;
      this.#pages.add(spare);
      return spare;
    }
    const options = { args: [...ARGUMENTS, `--window-size=${width},${height}`] };
    if (!script) options.prefs = { "profile.managed_default_content_settings.javascript": 2 };
    if (!motion) options.args.push("--force-prefers-reduced-motion");
    const made = await this.call("POST", "/session", {
      capabilities: { alwaysMatch: { "goog:chromeOptions": options, "goog:loggingPrefs": { browser: "ALL" } } },
    });
    const page = new Page((method, path, body) => this.call(method, `/session/${made.sessionId}${path}`, body), origin);
    page.usual = usual;
    this.#pages.add(page);
    return page;
  }

  get pages() {
    return [...this.#pages];
  }

  // Closes all windows, or forgets who was signed in there: the usual ones serve again.
  async clear() {
    for (const page of this.#pages) {
      const fresh = page.usual && (await page.forget().then(() => true, () => false));
      if (fresh) this.#spare.push(page);
      else await page.close().catch(() => {});
    }
    this.#pages.clear();
  }

  async end() {
    await this.clear();
    for (const page of this.#spare) await page.close().catch(() => {});
    this.#driver.kill();
  }
}
