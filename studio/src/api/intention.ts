// One thing that a person wants to happen once: its Idempotency-Key stays the same while they try again, whatever became of
// the tries before, and a new intention gets a new one. Must never carry two different requests under one key.
import { ProblemError } from "./problem.ts";

const KEY_BYTES = 16;

export class Intention {
  #request = "";
  #key: string | null = null;

  constructor(private readonly makeKey: () => string = randomKey) {}

  /** Sends the request with its key. The next call keeps the key if this one stays without an outcome and asks for the same. */
  async carryOut<R, T>(request: R, send: (request: R, key: string) => Promise<T>): Promise<T> {
    const text = JSON.stringify(request);
    if (text !== this.#request) this.#key = null;
    this.#request = text;
    this.#key ??= this.makeKey();
    try {
      const outcome = await send(request, this.#key);
      this.#key = null;
      return outcome;
    } catch (error) {
      // The server answers a key alike for ever: after a refusal, what is asked next is asked anew.
      if (!mayHaveHappened(error)) this.#key = null;
      throw error;
    }
  }
}

/** Answers that say nothing about the request itself: who asks, how often, and how the service is. */
const NO_OUTCOME = new Set([401, 403, 408, 425, 429]);

/** Whether the request may have been carried out, or may still be when it is sent again as it is. */
export function mayHaveHappened(error: unknown): boolean {
  if (!(error instanceof ProblemError)) return true;
  const { status } = error.problem;
  return status >= 500 || NO_OUTCOME.has(status);
}

/** Random as `crypto.randomUUID`, which only secure contexts have. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
