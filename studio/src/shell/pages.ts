// The studio's own addresses: what the router shows, what the service worker keeps for times without a connection, and what
// the server answers with the one page (`crates/http/src/routes/studio.rs`, held equal by `cargo xtask tidy`).

export const PAGES = [
  "/",
  "/sign-in",
  "/account",
  "/wallet",
  "/purchases",
  "/redeem",
  "/operator/wallet",
  "/operator/merchants",
  "/operator/inbox",
  "/operator/rules",
  "/operator/endpoints",
] as const;
export type Page = (typeof PAGES)[number];
