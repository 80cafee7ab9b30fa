// Waiting for a condition: asks again until it holds or the bound is reached. The pause between two questions is not a
// synchronisation; a test never assumes that something has happened because time has passed.

const PAUSE_MS = 50;

/** Resolves with the first truthy value of `condition()`, or throws after `ms` saying `what` did not happen. */
export async function until(what, condition, { ms = 15_000, pauseMs = PAUSE_MS } = {}) {
  const end = Date.now() + ms;
  let fault;
  while (Date.now() < end) {
    try {
      const value = await condition();
      if (value) return value;
      fault = undefined;
    } catch (error) {
      fault = error;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, pauseMs);
    });
  }
  throw new Error(`waited ${ms} ms for: ${what}${fault ? ` (last fault: ${fault.message})` : ""}`);
}
