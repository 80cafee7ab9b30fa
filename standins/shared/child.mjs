// Starts a process that announces itself with one JSON line, and ends it by its own process id. Keeps the last lines
// that it wrote, so that a failing test can show them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const LINES_KEPT = 400;
const STOP_MS = 10_000;

/** A started process: `child`, `lines` (its last output), `stop()`. */
export function start(command, args, { env = process.env, cwd, stdin = "pipe", name = command } = {}) {
  const child = spawn(command, args, { env, cwd, stdio: [stdin, "pipe", "pipe"] });
  const lines = [];
  const keep = (line) => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
  };
  const stdout = createInterface({ input: child.stdout });
  stdout.on("line", keep);
  createInterface({ input: child.stderr }).on("line", keep);
  const failed = new Promise((resolve) =>
    child.once("error", (error) => {
      keep(String(error));
      resolve();
    }),
  );
  const exited = Promise.race([once(child, "exit"), failed]);

  return {
    name,
    child,
    lines,
    stdout,
    exited,
    running: () => child.exitCode === null && child.signalCode === null && child.pid !== undefined,
    async stop() {
      if (!this.running()) return;
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await exited;
      clearTimeout(late);
    },
  };
}

/** Starts a stand-in and resolves once its JSON line is there: `{...process, facts}`. */
export async function startService(script, args, options = {}) {
  const service = start(process.execPath, [script, ...args], { name: script, ...options });
  const line = await Promise.race([
    once(service.stdout, "line").then(([text]) => text),
    service.exited.then(() => {
      throw new Error(`${script} ended before it was ready:\n${service.lines.join("\n")}`);
    }),
  ]);
  service.facts = JSON.parse(line);
  return service;
}
