// A service whose members sign in at a real OpenID Connect provider (the npm package oidc-provider, which tools/setup.sh
// installs), both on ports of their own.

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "./chromium.mjs";

const ended = (process) => new Promise((resolve) => process.on("exit", resolve));

// Waits until a process says something.
const says = (process, wanted) =>
  new Promise((resolve, reject) => {
    let said = "";
    const hear = (text) => {
      said += text;
      if (said.includes(wanted)) resolve(said);
    };
    process.stdout.on("data", hear);
    process.stderr.on("data", hear);
    process.on("exit", () => reject(new Error(`it ended: ${said}`)));
  });

export class SingleSignOn {
  #processes = [];
  #directory;

  // `run` runs a line of the command line on the new store.
  static async start(program, lines, run) {
    const modules = process.env.CHANCERY_TEST_OIDC_PROVIDER;
    if (!modules) throw new Error("CHANCERY_TEST_OIDC_PROVIDER does not say where the provider is: see tools/setup.sh");
    const made = new SingleSignOn();
    made.#directory = await mkdtemp(join(tmpdir(), "chancery-journeys-"));
    const [port, providers] = [await freePort(), await freePort()];
    made.origin = `http://127.0.0.1:${port}`;
    made.provider = `http://127.0.0.1:${providers}`;
    const store = `sqlite:${join(made.#directory, "chancery.db")}`;
    for (const line of lines) await run(store, line);
    const settings = { oidc_issuer: made.provider, oidc_client_id: "console", oidc_client_secret: "a secret & more", oidc_label: "Example SSO", log: "error" };
    const config = join(made.#directory, "chancery.toml");
    await writeFile(config, Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`).join(""));
    const script = join(import.meta.dirname, "../../oidc/provider.mjs");
    made.#processes.push(spawn(process.execPath, [script, "--port", String(providers), "--console", made.origin, "--modules", modules]));
    await says(made.#processes[0], "listening");
    const serve = ["--store", store, "serve", "--config", config, "--listen", `127.0.0.1:${port}`];
    made.#processes.push(spawn(program, serve, { env: { PATH: process.env.PATH } }));
    await made.#answers();
    return made;
  }

  async #answers() {
    for (let attempt = 0; ; attempt += 1) {
      const there = await fetch(`${this.origin}/readyz`).then((answer) => answer.ok, () => false);
      if (there) return;
      if (attempt === 200) throw new Error("the service does not start");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async end() {
    for (const one of this.#processes.reverse()) {
      const over = ended(one);
      if (one.exitCode === null) {
        one.kill();
        await over;
      }
    }
    await rm(this.#directory, { recursive: true });
  }
}
