// The line protocol: one JSON request per line on standard input, one JSON answer per line on standard output, in order.
// The README beside this folder describes the requests. Ends when standard input ends.

import { createInterface } from "node:readline";

import { readAuthenticatorData } from "./attestation.mjs";
import { Authenticator } from "./authenticator.mjs";

export async function serveLines(input, output) {
  const authenticators = new Map();
  const named = (name = "default") => {
    if (!authenticators.has(name)) authenticators.set(name, new Authenticator());
    return authenticators.get(name);
  };
  const say = (value) => output.write(`${JSON.stringify(value)}\n`);

  const operations = {
    authenticator: ({ name, config }) => {
      authenticators.set(name ?? "default", new Authenticator(config));
      return {};
    },
    create: ({ authenticator, origin, options, tamper }) =>
      named(authenticator).create(origin, publicKey(options), tamper),
    get: ({ authenticator, origin, options, tamper, select }) =>
      named(authenticator).get(origin, publicKey(options), tamper, select),
    credentials: ({ authenticator }) => named(authenticator).credentials(),
    import: ({ authenticator, serialized }) => {
      named(authenticator).import(serialized);
      return {};
    },
    forget: ({ authenticator, credential_id: id }) => {
      named(authenticator).forget(id);
      return {};
    },
    inspect: ({ authenticator_data: data }) => readAuthenticatorData(Buffer.from(data, "base64url")),
  };

  say({ ready: true, operations: Object.keys(operations) });
  for await (const line of createInterface({ input })) {
    if (line.trim() === "") continue;
    let id;
    try {
      const request = JSON.parse(line);
      id = request.id;
      const operation = operations[request.op];
      if (!operation) throw new Error(`no op ${request.op}`);
      say({ id, ok: true, result: operation(request) });
    } catch (error) {
      say({ id, ok: false, error: { name: error.name, message: error.message } });
    }
  }
}

/** Options arrive as the server sent them, bare or inside `publicKey`. */
const publicKey = (options) => options?.publicKey ?? options;
