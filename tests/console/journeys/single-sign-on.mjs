// Signing in at a provider of OpenID Connect, in a browser that goes there and comes back.

import { journey } from "./lib/journey.mjs";
import { SingleSignOn } from "./lib/provider.mjs";

const LINES = [
  "organisation found acme --profile workspace --name Acme --owner nora",
  "-o acme --as nora member add lucy --name \"Lucy Chen\" --role manager",
];

// Signs in at the provider and agrees to what it asks.
async function signInThere(page, login) {
  await page.type(await page.css("input[name=login]"), login);
  await page.type(await page.css("input[name=password]"), "anything");
  await page.click("Sign-in");
  await page.click("Continue");
}

journey("Whoever signs in at the provider comes back to the page they asked for, and signs out at both", {}, async (stage) => {
  const sso = await SingleSignOn.start(stage.service.program, LINES, (store, line) => stage.service.on(store, line));
  try {
    const page = await stage.chromium.open(sso.origin);
    await page.go("/console/acme/roles?sort=name");
    await page.click("Sign in with Example SSO");
    await signInThere(page, "lucy");
    await page.at("/console/acme/roles?sort=name");
    await page.heading("Roles");
    await page.go("/console/acme");
    await page.sees("You are Lucy Chen.");
    await page.press(await page.css("header summary"));
    await page.click("Sign out");
    await page.sees("Sign out there as well", "body");
    await page.go("/console/acme");
    await page.at("/console/-/sign-in?to=%2Fconsole%2Facme");

    // Whoever is no member is not let in, and told nothing of who is.
    const stranger = await stage.chromium.open(sso.origin);
    await stranger.go("/console/acme");
    await stranger.click("Sign in with Example SSO");
    await signInThere(stranger, "mallory");
    await stranger.lacks("Acme", "body");
    await stranger.go("/console/acme");
    await stranger.at("/console/-/sign-in?to=%2Fconsole%2Facme");
  } finally {
    await sso.end();
  }
});
