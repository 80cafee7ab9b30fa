// A whole deployment on loopback for the time of a test run: both stand-in providers on 127.0.0.1, if wanted the SMTP
// sink, and the server under test on http://localhost (an IP address is no RP id) with a folder of its own.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { STRANGE_ENTRIES } from "../oidc/keys.mjs";
import { start, startService } from "../shared/child.mjs";
import { controlClient } from "../shared/control.mjs";
import { listen } from "../shared/service.mjs";
import { until } from "../shared/wait.mjs";

const HERE = new URL(".", import.meta.url).pathname;
const READY_MS = 60_000;
/** What the server would take from the environment of whoever starts the tests. */
const SERVER_VARIABLES =
  /^((MAINSTAY|GOOGLE|APPLE)_.*|DATABASE_URL|REDIS_URL|TOKEN_ENCRYPTION_KEY|TEST_MODE|ALLOWED_ORIGINS|SERVE_FRONTEND_DIR)$/;
const GOOGLE = { clientId: "standin-google-client", clientSecret: randomBytes(24).toString("base64url") };
const APPLE = { clientId: "standin.apple.service", teamId: "TEAM000001", keyId: "KEY0000001" };

async function freePort() {
  const server = createServer();
  const port = await listen(server);
  await new Promise((done) => server.close(done));
  return port;
}

export class Deployment {
  folder = mkdtempSync(join(tmpdir(), "mainstay-browser-"));
  #started = [];
  #shopSecret = `whsec_${randomBytes(24).toString("base64")}`;

  /** `bin` is the server's binary, `env` further settings for it, `smtp` whether mails go to the sink. */
  constructor({ bin, env = {}, smtp = false }) {
    this.bin = resolve(bin);
    this.extra = env;
    this.smtp = smtp;
  }

  #keep(process) {
    this.#started.push(process);
    return process;
  }

  async #provider(name, args) {
    const redirect = `${this.url}/v1/auth/${name}/callback`;
    const all = ["--provider", name, "--redirect-uri", redirect, "--end-with-stdin", ...args];
    const { facts } = this.#keep(await startService(join(HERE, "../oidc/main.mjs"), all));
    // Entries that nobody can use must not spoil the good keys beside them, in any of the tests.
    for (const kind of Object.keys(STRANGE_ENTRIES)) {
      await controlClient(facts.control)("POST", "/keys/strange", { kind });
    }
    return facts;
  }

  async #google() {
    const facts = await this.#provider("google", [
      ...["--client-id", GOOGLE.clientId],
      ...["--client-secret", GOOGLE.clientSecret],
    ]);
    const settings = {
      GOOGLE_CLIENT_ID: GOOGLE.clientId,
      GOOGLE_CLIENT_SECRET: GOOGLE.clientSecret,
      MAINSTAY_GOOGLE_ISSUER: facts.issuer,
      MAINSTAY_GOOGLE_AUTHORIZE_URL: facts.authorize,
      MAINSTAY_GOOGLE_TOKEN_URL: facts.token,
      MAINSTAY_GOOGLE_JWKS_URL: facts.jwks,
    };
    return { facts, settings };
  }

  async #apple() {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const keyFile = join(this.folder, "apple.pem");
    writeFileSync(keyFile, publicKey.export({ format: "pem", type: "spki" }));
    const facts = await this.#provider("apple", [
      ...["--client-id", APPLE.clientId],
      ...["--apple-team-id", APPLE.teamId],
      ...["--apple-key-id", APPLE.keyId],
      ...["--apple-public-key", keyFile],
    ]);
    const settings = {
      APPLE_CLIENT_ID: APPLE.clientId,
      APPLE_TEAM_ID: APPLE.teamId,
      APPLE_KEY_ID: APPLE.keyId,
      APPLE_PRIVATE_KEY: privateKey.export({ format: "pem", type: "pkcs8" }),
      MAINSTAY_APPLE_ISSUER: facts.issuer,
      MAINSTAY_APPLE_AUTHORIZE_URL: facts.authorize,
      MAINSTAY_APPLE_TOKEN_URL: facts.token,
      MAINSTAY_APPLE_JWKS_URL: facts.jwks,
      MAINSTAY_APPLE_REVOKE_URL: facts.revoke,
    };
    return { facts, settings };
  }

  async #mail() {
    if (!this.smtp) return { settings: {}, env: { MAINSTAY_MAIL_DIR: join(this.folder, "data", "mail") } };
    const { facts } = this.#keep(await startService(join(HERE, "../mail/main.mjs"), ["--end-with-stdin"]));
    return { settings: { MAINSTAY_SMTP_URL: facts.smtp }, env: { MAIL_CONTROL_URL: facts.control } };
  }

  /** Starts everything; resolves with the variables that the tests read. */
  async start() {
    const [port, metricsPort] = [await freePort(), await freePort()];
    this.url = `http://localhost:${port}`;
    const [google, apple, mail] = await Promise.all([this.#google(), this.#apple(), this.#mail()]);
    const inherited = Object.entries(process.env).filter(([name]) => !SERVER_VARIABLES.test(name));
    mkdirSync(join(this.folder, "data"), { mode: 0o700 });
    const settings = {
      MAINSTAY_ENV: "dev",
      MAINSTAY_LISTEN: `127.0.0.1:${port}`,
      MAINSTAY_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
      MAINSTAY_DATA_DIR: join(this.folder, "data"),
      MAINSTAY_PUBLIC_URL: this.url,
      // All visitors come from one address, faster than people do.
      MAINSTAY_RATE_LIMITS: "auth=100000/100000,read=100000/100000,write=100000/100000,public=100000/100000",
      MAINSTAY_PASSWORD_SIGN_IN: "true",
      MAINSTAY_WALLET_TRANSFERS: "true",
      // Outgoing events go to receivers on this machine.
      MAINSTAY_WEBHOOKS_PRIVATE_TARGETS: "true",
      MAINSTAY_WEBHOOK_SHOP_KIND: "standard",
      MAINSTAY_WEBHOOK_SHOP_SECRETS: this.#shopSecret,
      ...google.settings,
      ...apple.settings,
      ...mail.settings,
      ...this.extra,
    };
    const env = { ...Object.fromEntries(inherited), ...settings };
    this.server = this.#keep(start(this.bin, ["serve"], { env, cwd: this.folder, stdin: "ignore" }));
    await this.#ready();
    return {
      MAINSTAY_URL: this.url,
      // For the commands that an operator runs beside the server.
      MAINSTAY_BIN: this.bin,
      MAINSTAY_SERVER_SETTINGS: JSON.stringify(settings),
      SHOP_WEBHOOK_SECRET: this.#shopSecret,
      MAINSTAY_METRICS_URL: `http://127.0.0.1:${metricsPort}/metrics`,
      GOOGLE_CONTROL_URL: google.facts.control,
      APPLE_CONTROL_URL: apple.facts.control,
      ...mail.env,
    };
  }

  async #ready() {
    const ended = this.server.exited.then(() => {
      throw new Error("the server ended before it was ready");
    });
    const answer = until(`${this.url}/ready`, async () => (await fetch(`${this.url}/ready`)).ok, {
      ms: READY_MS,
    });
    try {
      await Promise.race([answer, ended]);
    } catch (error) {
      throw new Error(`${error.message}\n${this.lastLines(60)}`);
    }
  }

  /** The end of what the server wrote. */
  lastLines(count) {
    return this.server?.lines.slice(-count).join("\n") ?? "";
  }

  /** Ends all that was started, the last first, and removes the folder. */
  async end({ keepFolder = false } = {}) {
    for (const process of this.#started.reverse()) await process.stop();
    if (!keepFolder) rmSync(this.folder, { recursive: true, force: true });
  }
}
