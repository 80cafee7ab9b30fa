// Passkeys inside the e-mail field's suggestions (conditional mediation), while the sign-in page is open.
import type { SignedIn } from "../api/types.ts";
import { signInFromSuggestions } from "./passkeys.ts";
import { conditionalSupported, PasskeyError } from "./webauthn.ts";

/** A challenge lives five minutes on the server; a page that stays open asks for a new one before that. */
const RENEWED_AFTER_MS = 4 * 60_000;

export class PasskeySuggestions {
  #current: AbortController | null = null;
  #renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly entered: (answer: SignedIn) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  offer(): void {
    this.withdraw();
    const mine = new AbortController();
    this.#current = mine;
    this.#renewal = setTimeout(() => this.offer(), RENEWED_AFTER_MS);
    void this.#run(mine.signal);
  }

  withdraw(): void {
    clearTimeout(this.#renewal);
    this.#current?.abort();
    this.#current = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (!(await conditionalSupported()) || signal.aborted) return;
    try {
      await this.entered(await signInFromSuggestions(signal));
    } catch (error) {
      // Withdrawn, or the person looked elsewhere: nothing happened, so nothing is said.
      if (signal.aborted || error instanceof PasskeyError) return;
      this.failed(error);
    }
  }
}
