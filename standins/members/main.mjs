// The command that makes members with passkeys, or serves the line protocol: see the README beside this folder.

import { parseArgs } from "node:util";

import { usage } from "../shared/service.mjs";
import { Authenticator } from "./authenticator.mjs";
import { Client } from "./client.mjs";
import { serveLines } from "./stdio.mjs";

const USAGE = `node standins/members/main.mjs --url http://localhost:8080 [--count N] [--posture bearer|browser] [--at-once N]
                                     [--name "Member"] [--language en] [--secrets]
node standins/members/main.mjs --stdio`;

const text = { type: "string" };
const { values: flags } = parseArgs({
  options: {
    stdio: { type: "boolean", default: false },
    url: text,
    count: { ...text, default: "1" },
    "at-once": { ...text, default: "4" },
    posture: { ...text, default: "bearer" },
    name: { ...text, default: "Member" },
    language: { ...text, default: "en" },
    secrets: { type: "boolean", default: false },
  },
});

/** Registers one member, then signs in anew with the passkey, as proof that it works. */
async function makeMember(number) {
  const authenticator = new Authenticator();
  const displayName = `${flags.name} ${number}`;
  const options = { posture: flags.posture };
  const registered = await new Client(flags.url, options).register(authenticator, {
    displayName,
    language: flags.language,
  });
  const client = new Client(flags.url, options);
  const { member } = await client.login(authenticator, { select: registered.credential_id });
  const [credential] = authenticator.credentials();
  return {
    member_id: member.id,
    display_name: member.display_name,
    credential_id: credential.id,
    user_handle: credential.user_handle,
    ...(flags.secrets
      ? {
          private_key: credential.private_key,
          serialized: credential.serialized,
          access_token: client.tokens.access,
          refresh_token: client.tokens.refresh,
          cookies: Object.fromEntries(client.cookies),
          csrf_token: client.csrf,
        }
      : {}),
  };
}

async function makeMembers() {
  const count = Number(flags.count);
  let next = 1;
  let failed = 0;
  const worker = async () => {
    while (next <= count) {
      const number = next;
      next += 1;
      try {
        process.stdout.write(`${JSON.stringify(await makeMember(number))}\n`);
      } catch (error) {
        failed += 1;
        process.stderr.write(`member ${number}: ${error.message}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, Number(flags["at-once"])) }, worker));
  process.exitCode = failed > 0 ? 1 : 0;
}

if (flags.stdio) await serveLines(process.stdin, process.stdout);
else if (flags.url) await makeMembers();
else usage(USAGE);
