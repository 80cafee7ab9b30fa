// A caller of the server's HTTP API, as a browser (cookies, CSRF token, Origin) or as a native program (bearer tokens).

import { randomBytes } from "node:crypto";

const RETRIES_MAX = 5;

/** An answer that was not the expected one; carries the problem document. */
export class Unexpected extends Error {
  constructor(what, status, body) {
    super(`${what}: ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

export class Client {
  constructor(url, { posture = "bearer" } = {}) {
    this.url = url.replace(/\/$/, "");
    this.posture = posture;
    this.cookies = new Map();
    this.tokens = {};
    this.csrf = undefined;
    // Ties a native client's ceremonies together, as the flow cookie does for a browser.
    this.flow = randomBytes(32).toString("base64url");
  }

  /** The origin that passkey ceremonies name. */
  get origin() {
    return new URL(this.url).origin;
  }

  #headers(method, json) {
    const headers = { accept: "application/json" };
    if (json !== undefined) headers["content-type"] = "application/json";
    if (this.posture === "bearer") {
      headers["mainstay-client"] = "bearer";
      headers["mainstay-flow"] = this.flow;
      if (this.tokens.access) headers.authorization = `Bearer ${this.tokens.access}`;
      return headers;
    }
    if (this.cookies.size > 0)
      headers.cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (method !== "GET") {
      headers.origin = this.origin;
      headers["sec-fetch-site"] = "same-origin";
      if (this.csrf) headers["x-csrf-token"] = this.csrf;
    }
    return headers;
  }

  /** Sends one request; resolves with `{status, headers, body}` whatever the status. */
  async send(method, path, json) {
    const answer = await fetch(this.url + path, {
      method,
      redirect: "manual",
      headers: this.#headers(method, json),
      body: json === undefined ? undefined : JSON.stringify(json),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(";").map((part) => part.trim());
      const at = pair.indexOf("=");
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (value === "" || attributes.some((one) => /^max-age=0$/i.test(one))) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await answer.text();
    const body = text && /json/.test(answer.headers.get("content-type") ?? "") ? JSON.parse(text) : text;
    return { status: answer.status, headers: answer.headers, body };
  }

  /** Sends and expects one of `statuses`. A 429 is taken at its word: the call waits as long as it says. */
  async expect(statuses, method, path, json) {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.send(method, path, json);
      if (statuses.includes(answer.status)) return answer.body;
      if (answer.status !== 429 || attempt >= RETRIES_MAX)
        throw new Unexpected(`${method} ${path}`, answer.status, answer.body);
      const seconds = Number(answer.headers.get("retry-after") ?? 1);
      await new Promise((resolve) => {
        setTimeout(resolve, seconds * 1000);
      });
    }
  }

  #signedIn(signedIn) {
    this.csrf = signedIn.csrf_token;
    if (signedIn.access_token)
      this.tokens = { access: signedIn.access_token, refresh: signedIn.refresh_token };
    return signedIn;
  }

  /** Makes a new member with a passkey of `authenticator`; resolves with the server's answer to the finish. */
  async register(authenticator, { displayName = "Member", language, passkeyName, tamper } = {}) {
    const start = await this.expect([200], "POST", "/v1/auth/passkey/register/start", {
      display_name: displayName,
      language,
    });
    const options = start.public_key.publicKey ?? start.public_key;
    const credential = authenticator.create(this.origin, options, tamper);
    const done = await this.expect([201], "POST", "/v1/auth/passkey/register/finish", {
      ceremony_id: start.ceremony_id,
      credential,
      name: passkeyName,
    });
    if (done.signed_in) this.#signedIn(done.signed_in);
    return { ...done, credential_id: credential.id };
  }

  /** Signs in with a passkey that `authenticator` holds. */
  async login(authenticator, { select, tamper } = {}) {
    const start = await this.expect([200], "POST", "/v1/auth/passkey/login/start", {});
    const options = start.public_key.publicKey ?? start.public_key;
    const credential = authenticator.get(this.origin, options, tamper, select);
    return this.#signedIn(
      await this.expect([200], "POST", "/v1/auth/passkey/login/finish", {
        ceremony_id: start.ceremony_id,
        credential,
      }),
    );
  }
}
