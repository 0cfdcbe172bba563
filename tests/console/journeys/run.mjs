// Walks the journeys of this directory in Chromium.
//
//   node tests/console/journeys/run.mjs --program target/release/chancery [--only WORDS] [--keep DIRECTORY]
//
// A journey that fails says where, and leaves a picture of each of its windows in the directory to keep.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { Chromium } from "./lib/chromium.mjs";
import { Stage, journeys } from "./lib/journey.mjs";
import { Service } from "./lib/service.mjs";

const { values: args } = parseArgs({
  options: { program: { type: "string" }, only: { type: "string" }, keep: { type: "string", default: "target/journeys" } },
});
for (const file of (await readdir(import.meta.dirname)).sort()) {
  if (file.endsWith(".mjs") && file !== "run.mjs") await import(join(import.meta.dirname, file));
}
const wanted = journeys.filter(({ title, proves }) => !args.only || `${title} ${proves.join(" ")}`.includes(args.only));
if (!wanted.length) throw new Error("there is no such journey");

// The processes share the machine's processors with the browsers: two at a time keep them busy.
const service = await Service.start(args.program);
const waiting = [...wanted];
let failed = 0;

async function walk() {
  const chromium = await Chromium.start();
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [begun, ids] = [Date.now(), next.proves.length ? ` (${next.proves.join(", ")})` : ""];
    try {
      await next.walk(new Stage(service, chromium));
      for (const page of chromium.pages) {
        const complaints = await page.complaints();
        if (complaints.length) throw new Error(`the browser complains: ${complaints.join("; ")}`);
      }
      console.log(`ok    ${next.title}${ids} ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    } catch (error) {
      failed += 1;
      console.log(`FAILS ${next.title}${ids}\n      ${error.stack.split("\n").filter((line) => !line.includes("/lib/")).slice(0, 4).join("\n      ")}`);
      for (const [number, page] of chromium.pages.entries()) {
        const path = join(args.keep, `${next.title.replace(/\W+/g, "-").toLowerCase()}-${number + 1}.png`);
        await page.picture(path).then(() => console.log(`      see ${path}`), () => {});
      }
    }
    await chromium.clear();
  }
  await chromium.end();
}

const walks = await Promise.allSettled([walk(), walk()]);
await service.end();
for (const { reason } of walks) if (reason) throw reason;
console.log(`${wanted.length - failed} of ${wanted.length} journeys went as they should`);
process.exitCode = failed ? 1 : 0;
