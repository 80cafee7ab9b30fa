// How the studio is built: one page, hashed files under /assets/, nothing inline, so that the strictest
// content security policy fits. `npm run dev` passes API calls on to a server on this machine.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { serviceWorker } from "./build/service-worker.ts";

const server = process.env.MAINSTAY_URL ?? "http://localhost:8080";

export default defineConfig({
  plugins: [svelte(), serviceWorker()],
  build: {
    // The first versions with light-dark(), which the colours need.
    target: ["chrome123", "firefox128", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: { proxy: { "/v1": server, "/health": server, "/docs": server } },
  test: { environment: "node", include: ["src/**/*.test.ts", "build/**/*.test.ts"] },
});
