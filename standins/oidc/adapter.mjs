// Where the provider package keeps codes, sessions and grants: in this process. One store outlives the Provider objects,
// since a rotated key means a new Provider.

const now = () => Math.floor(Date.now() / 1000);

/** Returns a factory as the package wants it: `(model name) => adapter`. */
export function sharedAdapter() {
  const rows = new Map();
  return (model) => new Adapter(rows, model);
}

class Adapter {
  constructor(rows, model) {
    this.rows = rows;
    this.model = model;
  }

  #key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload, expiresInSeconds) {
    this.rows.set(this.#key(id), {
      payload,
      expiresAt: expiresInSeconds ? now() + expiresInSeconds : Infinity,
    });
  }

  async find(id) {
    const row = this.rows.get(this.#key(id));
    if (!row) return undefined;
    if (row.expiresAt > now()) return row.payload;
    this.rows.delete(this.#key(id));
    return undefined;
  }

  async findByUid(uid) {
    for (const [key, { payload }] of this.rows) {
      if (key.startsWith(`${this.model}:`) && payload.uid === uid) return payload;
    }
    return undefined;
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    this.rows.get(this.#key(id)).payload.consumed = now();
  }

  async destroy(id) {
    this.rows.delete(this.#key(id));
  }

  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of this.rows) {
      if (key.startsWith(`${this.model}:`) && payload.grantId === grantId) this.rows.delete(key);
    }
  }
}
