// The question "is it still you?", asked before a step that needs a fresh sign-in. The dialog answers it.

class Confirmation {
  asked = $state(false);
  #answer: ((confirmed: boolean) => void) | null = null;

  ask(): Promise<boolean> {
    this.#answer?.(false);
    this.asked = true;
    return new Promise((resolve) => (this.#answer = resolve));
  }

  answer(confirmed: boolean): void {
    this.asked = false;
    this.#answer?.(confirmed);
    this.#answer = null;
  }
}

export const confirmation = new Confirmation();

export const confirmMember = (): Promise<boolean> => confirmation.ask();
