// Journeys: what somebody does in the console, from signing in to what comes of it.

import assert from "node:assert/strict";

export { assert };

export const journeys = [];

// `proves` has the ids of the requirements that speak of what people see; tests/requirements reads them here.
export function journey(title, { proves = [] }, walk) {
  journeys.push({ title, proves, walk });
}

// What a journey has: the service, and windows in which somebody is signed in.
export class Stage {
  constructor(service, chromium) {
    this.service = service;
    this.chromium = chromium;
  }

  found(profile, owner, lines) {
    return this.service.found(profile, owner, lines);
  }

  line(organisation, line) {
    return this.service.line(organisation, line);
  }

  // A window in which nobody is signed in.
  window(options) {
    return this.chromium.open(this.service.origin, options);
  }

  // A window in which a member is signed in, by a link.
  async signIn(organisation, member, options) {
    const page = await this.window(options);
    await this.enter(page, organisation, member);
    return page;
  }

  async enter(page, organisation, member) {
    const link = new URL(await this.service.link(organisation, member));
    await page.go(link.pathname + link.search);
    await page.click("Sign in");
    page.home = `/console/${organisation}`;
    await page.at("");
  }
}

// Confirms what a preview shows, with a reason where one is given.
export async function confirm(page, label = "Make this change", reason) {
  if (reason) await page.fill("Reason", reason);
  await page.click(label);
  await page.gone("form.confirm");
}
