// One short message at a time about what just happened, seen at the foot of the page and read out by screen readers.

const SHOWN_MS = 6_000;

class Announcer {
  text = $state("");
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    clearTimeout(this.#timer);
    this.text = text;
    this.#timer = setTimeout(() => (this.text = ""), SHOWN_MS);
  }
}

export const announcer = new Announcer();
