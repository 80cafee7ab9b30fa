// Writes /sw.js at the end of a build: the service worker with the list of this release's files, and a name for the
// release that changes exactly when one of them does.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Plugin } from "vite";
import { PAGES } from "../src/shell/pages.ts";

const SOURCE = "src/shell/sw.js";

export function serviceWorker(): Plugin {
  let publicDir = "";
  return {
    name: "mainstay-service-worker",
    apply: "build",
    configResolved(config) {
      publicDir = config.publicDir;
    },
    generateBundle(_options, bundle) {
      const hash = createHash("sha256").update(readFileSync("index.html")).update(JSON.stringify(PAGES));
      const files: string[] = [];
      for (const name of Object.keys(bundle).sort()) {
        const part = bundle[name]!;
        hash.update(name).update(part.type === "chunk" ? part.code : part.source);
        if (name.startsWith("assets/")) files.push(`/${name}`);
      }
      for (const path of filesIn(publicDir)) {
        hash.update(path).update(readFileSync(join(publicDir, path)));
        files.push(`/${path}`);
      }
      const source = fill(readFileSync(SOURCE, "utf8"), hash.digest("hex").slice(0, 16), files);
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

/** The service worker's text with its three values filled in. */
export function fill(source: string, release: string, files: readonly string[]): string {
  return source
    .replace('"__RELEASE__"', JSON.stringify(release))
    .replace('["__FILES__"]', JSON.stringify(files))
    .replace('["__PAGES__"]', JSON.stringify(PAGES));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
