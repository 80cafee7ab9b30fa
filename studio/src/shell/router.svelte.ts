// The studio's few addresses, over the browser's history. Links to anywhere else load as usual.

import { PAGES } from "./pages.ts";
import type { Page } from "./pages.ts";

class Router {
  url = $state.raw(new URL(location.href));
  /** Counts navigations inside the studio, so that the page can move the focus; 0 for the first load. */
  moves = $state(0);

  get page(): Page | null {
    const path = this.url.pathname;
    return PAGES.find((page) => page === path) ?? null;
  }
}

export const router = new Router();

export function go(to: string, how: "push" | "replace" = "push"): void {
  const url = new URL(to, location.href);
  if (how === "push") history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  router.url = url;
  router.moves += 1;
  if (how === "push") scrollTo(0, 0);
}

/** Follows back, forward, and plain clicks on links to our own pages. */
export function watchNavigation(): void {
  addEventListener("popstate", () => {
    router.url = new URL(location.href);
    router.moves += 1;
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || url.hash || !PAGES.some((page) => page === url.pathname)) return;
    event.preventDefault();
    go(url.href);
  });
}

/** Where to go after sign-in: a path of this site from `return_to`, or the account. Never another site. */
export function returnPath(url: URL): string {
  const wanted = url.searchParams.get("return_to");
  if (!wanted?.startsWith("/")) return "/account";
  const target = URL.canParse(wanted, url.origin) ? new URL(wanted, url.origin) : null;
  if (target?.origin !== url.origin || target.pathname === "/sign-in") return "/account";
  return target.pathname + target.search;
}
