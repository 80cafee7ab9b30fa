// Whether the service answers, for the panel that lists each address and its failure, and whether we are online.
import type { Failure, Watcher } from "../api/failover.ts";

class Connection implements Watcher {
  failures = $state.raw<readonly Failure[]>([]);
  online = $state(true);

  answered(): void {
    if (this.failures.length > 0) this.failures = [];
  }

  failed(failures: readonly Failure[]): void {
    this.failures = failures;
  }

  /** Follows the browser's own view of the network. */
  watch(): void {
    this.online = navigator.onLine;
    addEventListener("online", () => (this.online = true));
    addEventListener("offline", () => (this.online = false));
  }
}

export const connection = new Connection();
