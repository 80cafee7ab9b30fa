// Moments between the API and the platform's own field for day and time, which knows the reader's clock, to the minute.

/** A moment as `datetime-local` takes it. */
export function localTime(time: string): string {
  const moment = new Date(time);
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** What such a field holds; null when it is empty. What nobody touched stays as it was `before`, to the second. */
export function momentOf(typed: string, before?: string | null): string | null {
  if (typed === "") return null;
  if (before && localTime(before) === typed) return before;
  return new Date(typed).toISOString();
}
