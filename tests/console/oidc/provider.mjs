// A real OpenID Connect provider (the npm package oidc-provider) for the console's tests.
//
//   node provider.mjs --port PORT --console URL --modules DIRECTORY
//
// Whoever signs in as NAME, with any password, has the address NAME@example.com; `unverified` has not verified it.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values: args } = parseArgs({
  options: { port: { type: "string" }, console: { type: "string" }, modules: { type: "string" } },
});
const require = createRequire(`${args.modules}/node_modules/`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const issuer = `http://127.0.0.1:${args.port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: "console",
    client_secret: "a secret & more",
    redirect_uris: [`${args.console}/console/-/oidc/back`],
    post_logout_redirect_uris: [`${args.console}/console`],
  }],
  claims: { email: ["email", "email_verified"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== "unverified" }),
  }),
  pkce: { required: () => true },
});
provider.listen(Number(args.port), "127.0.0.1", () => console.log("listening"));
