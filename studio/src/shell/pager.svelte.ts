// A list that comes in pages by cursor: the first page, then more of it. An answer that a newer question has overtaken is dropped.

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

export class Pager<T> {
  /** What is loaded so far; null before the first answer. */
  items = $state.raw<T[] | null>(null);
  hasMore = $state(false);
  busy = $state(false);
  error = $state.raw<unknown>(null);
  #next: string | null = null;
  #question = 0;

  constructor(private readonly page: (cursor: string | null) => Promise<Page<T>>) {}

  /** The first page, in place of what was shown. */
  load(): Promise<void> {
    return this.#ask(null, () => []);
  }

  /** The first page of another question: what answered the one before is gone at once. */
  restart(): Promise<void> {
    this.items = null;
    return this.load();
  }

  /** One page more, unless something is on its way already. */
  async more(): Promise<void> {
    if (!this.busy && this.hasMore) await this.#ask(this.#next, () => this.items ?? []);
  }

  async #ask(cursor: string | null, before: () => T[]): Promise<void> {
    this.#question += 1;
    const question = this.#question;
    const isCurrent = () => question === this.#question;
    this.busy = true;
    this.error = null;
    try {
      const page = await this.page(cursor);
      if (!isCurrent()) return;
      this.items = [...before(), ...page.items];
      this.#next = page.next_cursor ?? null;
      this.hasMore = this.#next !== null;
    } catch (error) {
      if (isCurrent()) this.error = error;
    } finally {
      if (isCurrent()) this.busy = false;
    }
  }
}
