// The examples of docs/guides/outgoing-events.md, run as they stand there.

import assert from "node:assert/strict";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { start } from "../shared/child.mjs";

const STANDINS = new URL("..", import.meta.url).pathname;
const guide = await readFile(join(STANDINS, "../docs/guides/outgoing-events.md"), "utf8");
const key = randomBytes(32);
const env = { ...process.env, WEBHOOK_SECRET: `whsec_${key.toString("base64")}` };
const now = () => Math.floor(Date.now() / 1000);
let folder;

// Inside of this package, so that imports find what it depends on.
before(async () => (folder = await mkdtemp(join(STANDINS, ".guide-"))));
after(() => rm(folder, { recursive: true }));

/** The fenced block of a language that holds a text. */
function block(language, text) {
  const blocks = [...guide.matchAll(/^```(\w+)\n([^]*?)^```/gm)];
  const found = blocks.find(([, word, code]) => word === language && code.includes(text));
  assert.ok(found, `the guide has no ${language} with ${text}`);
  return found[2];
}

/** An event with its three headers. */
function event({ timestamp = now(), signer = key } = {}) {
  const id = randomUUID();
  const body = JSON.stringify({ id, type: "endpoint.test", data: { text: "é\u0000" } });
  const tag = (secret) => createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  // The first one is a stranger's, as while a secret is rotated.
  const signature = `v1,${tag(randomBytes(32))} v1,${tag(signer)}`;
  return { id, timestamp: String(timestamp), signature, body };
}

const CASES = [
  ["a genuine event", () => event(), true],
  ["another's signature", () => event({ signer: randomBytes(32) }), false],
  ["an old event", () => event({ timestamp: now() - 400 }), false],
  ["an event of the future", () => event({ timestamp: now() + 400 }), false],
  ["a changed body", () => ({ ...event(), body: '{"type":"points.granted"}' }), false],
];

async function judgesOverHttp(url) {
  for (const [name, make, genuine] of CASES) {
    const { id, timestamp, signature, body } = make();
    const answer = await fetch(url, {
      method: "POST",
      headers: { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature },
      body,
    });
    assert.equal(answer.status, genuine ? 204 : 400, name);
  }
}

async function judgesAsService(command, args) {
  const receiver = start(command, args, { env, cwd: folder });
  try {
    const [port] = await Promise.race([
      once(receiver.stdout, "line"),
      receiver.exited.then(() => assert.fail(receiver.lines.join("\n"))),
    ]);
    await judgesOverHttp(`http://127.0.0.1:${port}/`);
  } finally {
    await receiver.stop();
  }
}

test("the example in JavaScript", async () => {
  await writeFile(join(folder, "receiver.mjs"), block("js", "standardwebhooks"));
  const run =
    'import { server } from "./receiver.mjs";\n' +
    'server.listen(0, "127.0.0.1", () => console.log(server.address().port));\n';
  await writeFile(join(folder, "main.mjs"), run);
  await judgesAsService(process.execPath, ["main.mjs"]);
});

test("the example in Python", async () => {
  const run =
    "from http.server import HTTPServer\n" +
    'server = HTTPServer(("127.0.0.1", 0), Receiver)\n' +
    "print(server.server_address[1], flush=True)\n" +
    "server.serve_forever()\n";
  await writeFile(join(folder, "receiver.py"), `${block("python", "standardwebhooks")}\n${run}`);
  await judgesAsService(join(STANDINS, ".venv/bin/python"), ["receiver.py"]);
});

test("the example in a shell", async () => {
  const script = block("sh", "openssl");
  for (const [name, make, genuine] of CASES) {
    const { body, ...values } = make();
    await writeFile(join(folder, "body.json"), body);
    const shell = start("sh", ["-c", script], { env: { ...env, ...values }, cwd: folder });
    await shell.exited;
    assert.equal(shell.lines.includes("genuine"), genuine, `${name}: ${shell.lines.join("\n")}`);
  }
});
