// What the server says about itself: its addresses, and which capabilities are on. Loaded at start, kept in memory.
import { keep, kept } from "../shell/storage.ts";
import { api, bases } from "./client.ts";
import { unwrap } from "./problem.ts";
import type { Capability, Config } from "./types.ts";

let current = $state.raw<Config | null>(null);

export const config = (): Config | null => current;

/** Whether a capability is on; null until the server has answered. */
export function capability(name: string): Capability | null {
  if (current === null) return null;
  return current.capabilities[name] ?? { enabled: false, reason: null };
}

/** Starts from the addresses that were good last time, in case the one that served this page is down. */
export function recallBases(): void {
  const stored = kept("api_bases");
  if (stored) bases.replace([...stored.split(" "), location.origin]);
}

/** Throws when no base answers. */
export async function loadConfig(): Promise<void> {
  const loaded = await unwrap(api.GET("/v1/config"));
  current = loaded;
  if (loaded.api_bases.length === 0) return;
  bases.replace(loaded.api_bases);
  keep("api_bases", loaded.api_bases.join(" "));
}
