// The service with organisations on it, as journeys find them.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export class Service {
  #server;
  #directory;
  #founded = 0;

  // With the organisations of the demonstration.
  static async start(program) {
    const service = new Service();
    service.program = program;
    service.#directory = await mkdtemp(join(tmpdir(), "chancery-journeys-"));
    service.store = `sqlite:${join(service.#directory, "chancery.db")}`;
    service.#server = spawn(program, ["--store", service.store, "demo", "--no-tour", "--serve", "--listen", "127.0.0.1:0"]);
    let said = "";
    service.origin = await new Promise((resolve, reject) => {
      const hear = (text) => {
        said += text;
        const found = /of civic, once: (\S+)/.exec(said);
        if (found) resolve(new URL(found[1]).origin);
      };
      service.#server.stdout.on("data", hear);
      service.#server.stderr.on("data", hear);
      service.#server.on("exit", () => reject(new Error(`the service does not start: ${said}`)));
    });
    return service;
  }

  // Runs a line of the command line in an organisation: on the store itself, beside the service that has it open.
  line(organisation, line) {
    return this.on(this.store, `--organisation ${organisation} ${line}`);
  }

  // Runs a line on a store.
  async on(store, line) {
    const words = line.match(/"[^"]*"|\S+/g).map((word) => word.replaceAll('"', ""));
    try {
      const { stdout } = await run(this.program, ["--store", store, ...words], { env: { PATH: process.env.PATH } });
      return stdout;
    } catch (error) {
      throw new Error(`${line}: ${error.stderr || error.message}`);
    }
  }

  // Founds an organisation that no other journey has.
  async found(profile, owner, lines = []) {
    this.#founded += 1;
    const id = `${profile}-${this.#founded}`;
    await this.line(id, `organisation found ${id} --profile ${profile} --name "${id} Ltd" --owner ${owner}`);
    for (const line of lines) await this.line(id, line);
    return id;
  }

  key(organisation, member) {
    return this.line(organisation, `--as ${member} key issue --self --label journey`).then((said) => /chancery_\S+/.exec(said)[0]);
  }

  link(organisation, member) {
    return this.line(organisation, `--as ${member} key link --url ${this.origin}`).then((said) => said.trim());
  }

  async end() {
    const ended = new Promise((resolve) => this.#server.on("exit", resolve));
    this.#server.kill();
    await ended;
    await rm(this.#directory, { recursive: true });
  }
}
