// The service worker: keeps the static shell of one release, so that the studio opens without a connection.
// It never touches the API: nothing personal is ever in its cache. The build fills in the three values below.

const RELEASE = "__RELEASE__";
const FILES = ["__FILES__"];

const CACHE = `mainstay-shell-${RELEASE}`;
const PAGES = new Set(["__PAGES__"]);
/** How long a page may take before the kept one is shown. */
const PAGE_TIMEOUT_MS = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOlderReleases());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && PAGES.has(url.pathname)) event.respondWith(page(request));
  else if (FILES.includes(url.pathname)) event.respondWith(file(request));
});

async function keepShell() {
  const cache = await caches.open(CACHE);
  // The page itself has no hash in its name, so it is asked for anew.
  await cache.addAll([new Request("/", { cache: "reload" }), ...FILES]);
}

async function dropOlderReleases() {
  for (const name of await caches.keys()) {
    if (name.startsWith("mainstay-shell-") && name !== CACHE) await caches.delete(name);
  }
}

/** The newest page when the server answers soon, the kept one otherwise. */
async function page(request) {
  const timeout = AbortSignal.timeout(PAGE_TIMEOUT_MS);
  const fresh = await fetch(request, { signal: timeout }).catch(() => null);
  if (fresh && fresh.status < 500) return fresh;
  return (await caches.match("/", { cacheName: CACHE, ignoreVary: true })) ?? fresh ?? Response.error();
}

/** Files carry their hash in their name, so a kept one is never out of date; `Vary` tells of nothing that changes them. */
async function file(request) {
  const kept = await caches.match(request, { cacheName: CACHE, ignoreVary: true });
  return kept ?? fetch(request);
}
