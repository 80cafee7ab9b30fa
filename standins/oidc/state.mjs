// All that a stand-in remembers between requests, and all that its control API can change.

import { sharedAdapter } from "./adapter.mjs";
import { KeyRing } from "./keys.mjs";

const LOG_ENTRIES_MAX = 1000;
const ENDPOINTS = ["authorize", "jwks", "token", "revoke", "discovery", "trap", "other"];

export class State {
  constructor() {
    this.reset();
  }

  /** Back to the beginning. The keys stay unless asked for: a client that has cached them need not notice. */
  reset({ keys = false } = {}) {
    this.releaseHung?.();
    this.adapter = sharedAdapter();
    if (keys || !this.ring) this.ring = new KeyRing();
    this.ring.clearStrange();
    this.users = new Map();
    this.queue = [];
    this.current = null;
    this.consented = new Set();
    this.grants = new Map();
    this.offline = new Set();
    this.modes = { authorize: "up", jwks: "up", token: "up", revoke: "up", discovery: "up" };
    this.hung = new Set();
    this.tokenOrders = [];
    this.revocations = [];
    this.secrets = [];
    this.jwksCacheControl = undefined;
    this.resetCounters();
  }

  resetCounters() {
    this.counters = Object.fromEntries(ENDPOINTS.map((name) => [name, 0]));
    this.log = [];
  }

  /** Who signs in now: the head of the queue, else the standing user, else nobody (the page asks). */
  takeUser() {
    return this.queue.shift() ?? this.current;
  }

  remember(user) {
    this.users.set(user.sub, user);
    return user;
  }

  count(endpoint) {
    this.counters[endpoint] += 1;
  }

  note(entry) {
    this.log.push({ at: new Date().toISOString(), ...entry });
    if (this.log.length > LOG_ENTRIES_MAX) this.log.shift();
  }

  noteSecret(secret, reason) {
    this.secrets.push({ secret, refused: reason });
    if (this.secrets.length > LOG_ENTRIES_MAX) this.secrets.shift();
  }

  /** Ends the requests that were left hanging, as a provider that comes back would. */
  releaseHung() {
    for (const res of this.hung ?? []) res.destroy();
    this.hung?.clear();
  }

  /** The order for the token that is issued next, or undefined for a genuine one. */
  takeTokenOrder() {
    const order = this.tokenOrders[0];
    if (!order) return undefined;
    order.times -= 1;
    if (order.times <= 0) this.tokenOrders.shift();
    return order;
  }
}
