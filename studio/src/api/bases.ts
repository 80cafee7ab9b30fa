// The API's addresses in order of preference, and the one that last worked.

/** Where the good base is remembered; the tab's storage in a browser. */
export interface Memory {
  read(): string | null;
  write(base: string | null): void;
}

export class ApiBases {
  #list: readonly string[];

  constructor(
    list: readonly string[],
    private readonly memory: Memory,
  ) {
    this.#list = list;
  }

  /** Takes a new list, for instance from the server's configuration. An empty one changes nothing. */
  replace(list: readonly string[]): void {
    const usable = list.map(normalised).filter((base) => base !== null);
    if (usable.length > 0) this.#list = [...new Set(usable)];
  }

  /** The order of trying: the remembered one first, then the rest as configured. */
  order(): readonly string[] {
    const good = this.memory.read();
    if (good === null || !this.#list.includes(good)) return this.#list;
    return [good, ...this.#list.filter((base) => base !== good)];
  }

  /** The base to use for a link that the browser follows itself. */
  first(): string {
    return this.order()[0] ?? "";
  }

  markGood(base: string): void {
    this.memory.write(base);
  }

  /** The next request starts at the base that is configured after this one; after the last comes the first. */
  markBad(base: string): void {
    const next = this.#list[(this.#list.indexOf(base) + 1) % this.#list.length];
    this.memory.write(next ?? null);
  }
}

/** Without a trailing slash; null when it isn't an http address. */
function normalised(base: string): string | null {
  if (!URL.canParse(base)) return null;
  const { protocol, origin, pathname } = new URL(base);
  if (protocol !== "https:" && protocol !== "http:") return null;
  return origin + pathname.replace(/\/+$/, "");
}
