// A virtual authenticator of the browser (Chrome DevTools Protocol, domain WebAuthn). It answers by itself: user
// presence and verification are simulated, and a conditional request is answered as if the member had picked the entry.

const PLATFORM = {
  protocol: "ctap2",
  ctap2Version: "ctap2_1",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
  defaultBackupEligibility: true,
  defaultBackupState: true,
};

export class VirtualAuthenticator {
  /** Adds an authenticator to a page; a page may have one with transport "internal" and several of others. */
  static async add(page, options = {}) {
    const session = await page.context().newCDPSession(page);
    // Without `enableUI` no dialog of the browser appears.
    await session.send("WebAuthn.enable", { enableUI: false });
    return VirtualAuthenticator.#on(session, options);
  }

  static async #on(session, options) {
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
      options: { ...PLATFORM, ...options },
    });
    return new VirtualAuthenticator(session, authenticatorId);
  }

  constructor(session, id) {
    this.session = session;
    this.id = id;
  }

  /** Another authenticator beside this one on the same page. */
  addBeside(options) {
    return VirtualAuthenticator.#on(this.session, { transport: "usb", ...options });
  }

  #send(method, parameters = {}) {
    return this.session.send(`WebAuthn.${method}`, { authenticatorId: this.id, ...parameters });
  }

  async credentials() {
    return (await this.#send("getCredentials")).credentials;
  }

  /** Copies every credential, as a password manager that synchronises would. */
  async copyTo(other) {
    for (const { isResidentCredential, ...credential } of await this.credentials()) {
      await other.#send("addCredential", { credential: { isResidentCredential, ...credential } });
    }
  }

  clear() {
    return this.#send("clearCredentials");
  }

  forget(credentialId) {
    return this.#send("removeCredential", { credentialId });
  }

  /** With `false` a request waits for a member who does nothing. */
  answers(enabled) {
    return this.#send("setAutomaticPresenceSimulation", { enabled });
  }

  verifiesUser(isUserVerified) {
    return this.#send("setUserVerified", { isUserVerified });
  }

  remove() {
    return this.#send("removeVirtualAuthenticator");
  }

  /** Resolves when the page has next used a passkey of this authenticator. */
  nextAssertion() {
    return new Promise((resolve) => {
      this.session.once("WebAuthn.credentialAsserted", resolve);
    });
  }
}
