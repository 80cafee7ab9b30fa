// What this device keeps. Reading and writing never throw: storage may be full, or blocked by the browser.
// Log-out removes everything but the device's own settings (`DEVICE_KEYS`), which say nothing about a member.

const PREFIX = "mainstay.";
const DEVICE_KEYS = ["language", "theme", "api_bases"] as const;

/** Settings and marks that outlive a tab. `refreshed_at` lets tabs share one refreshed session. */
export type Key = (typeof DEVICE_KEYS)[number] | "refreshed_at";

export function kept(key: Key): string | null {
  return attempt(() => localStorage.getItem(PREFIX + key));
}

export function keep(key: Key, value: string): void {
  attempt(() => localStorage.setItem(PREFIX + key, value));
}

export function drop(key: Key): void {
  attempt(() => localStorage.removeItem(PREFIX + key));
}

/** Kept for this tab only. */
export function keptForTab(key: "good_base"): string | null {
  return attempt(() => sessionStorage.getItem(PREFIX + key));
}

export function keepForTab(key: "good_base", value: string | null): void {
  attempt(() =>
    value === null ? sessionStorage.removeItem(PREFIX + key) : sessionStorage.setItem(PREFIX + key, value),
  );
}

/** Removes all that a member left on this device: both storages, every database, every cache but the shell's. */
export async function wipeLocalData(): Promise<void> {
  const stays = new Set<string>(DEVICE_KEYS.map((key) => PREFIX + key));
  attempt(() => {
    for (const key of Object.keys(localStorage)) if (!stays.has(key)) localStorage.removeItem(key);
  });
  attempt(() => sessionStorage.clear());
  await Promise.allSettled([wipeDatabases(), wipeCaches()]);
}

async function wipeDatabases(): Promise<void> {
  if (typeof indexedDB === "undefined" || !indexedDB.databases) return;
  for (const { name } of await indexedDB.databases()) if (name) indexedDB.deleteDatabase(name);
}

async function wipeCaches(): Promise<void> {
  if (typeof caches === "undefined") return;
  for (const name of await caches.keys()) if (!name.startsWith("mainstay-shell-")) await caches.delete(name);
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
