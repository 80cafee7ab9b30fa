// The command that runs a stand-in provider: see the README beside this folder.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { announce, endOnSignal, usage } from "../shared/service.mjs";
import { appleProfile, googleProfile } from "./profiles.mjs";
import { startStandIn } from "./stand-in.mjs";

const USAGE = `node standins/oidc/main.mjs --provider google|apple --client-id X --redirect-uri U [--redirect-uri V]
    google: --client-secret Y
    apple:  --apple-team-id T --apple-key-id K --apple-public-key FILE
    [--port N] [--host 127.0.0.1] [--issuer URL] [--end-with-stdin]`;

const text = { type: "string" };
const { values: flags } = parseArgs({
  options: {
    provider: text,
    port: { ...text, default: "0" },
    host: { ...text, default: "127.0.0.1" },
    issuer: text,
    "client-id": text,
    "client-secret": text,
    "redirect-uri": { ...text, multiple: true },
    "apple-team-id": text,
    "apple-key-id": text,
    "apple-public-key": text,
    "end-with-stdin": { type: "boolean", default: false },
  },
});

function need(...names) {
  const missing = names.filter((name) => flags[name] === undefined);
  if (missing.length > 0) usage(`missing ${missing.map((name) => `--${name}`).join(" ")}\n${USAGE}`);
}

need("provider", "client-id", "redirect-uri");
const shared = { clientId: flags["client-id"], redirectUris: flags["redirect-uri"] };
let profile;
if (flags.provider === "google") {
  need("client-secret");
  profile = googleProfile({ ...shared, clientSecret: flags["client-secret"] });
} else if (flags.provider === "apple") {
  need("apple-team-id", "apple-key-id", "apple-public-key");
  profile = appleProfile({
    ...shared,
    teamId: flags["apple-team-id"],
    keyId: flags["apple-key-id"],
    publicKeyPem: readFileSync(flags["apple-public-key"], "utf8"),
  });
} else {
  usage(USAGE);
}

const standIn = await startStandIn({
  profile,
  port: Number(flags.port),
  host: flags.host,
  issuer: flags.issuer,
});
endOnSignal(standIn.close, { withStdin: flags["end-with-stdin"] });
announce({ ready: true, provider: profile.name, ...standIn.urls });
