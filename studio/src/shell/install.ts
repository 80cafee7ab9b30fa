// Makes the studio installable and usable offline, and gets over a release that replaced files under an open page.

/** Registers the service worker. Quietly does without one where that isn't possible. */
export function installShell(): void {
  if (import.meta.env.DEV || !("serviceWorker" in navigator)) return;
  void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
}

/** A file of the page's own release is gone: a newer one is being served. Loading the page again fetches that. */
export function reloadWhenStale(): void {
  addEventListener("vite:preloadError", (event) => {
    if (!navigator.onLine || performance.now() < RELOAD_AFTER_MS) return;
    event.preventDefault();
    location.reload();
  });
}

/** A page younger than this isn't stale but broken, and reloading it again would never end. */
const RELOAD_AFTER_MS = 10_000;
