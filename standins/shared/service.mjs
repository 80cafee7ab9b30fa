// What every stand-in process has in common: it listens on loopback, says that it is ready in one JSON line on
// standard output, and ends on a signal or, when asked, together with the process that holds its standard input.

import { once } from "node:events";

/** Listens and resolves with the port that was given (0 asks for a free one). */
export async function listen(server, { port = 0, host = "127.0.0.1" } = {}) {
  server.listen(port, host);
  await once(server, "listening");
  return server.address().port;
}

/** The one line that a launcher waits for. Nothing else may be printed on standard output before it. */
export function announce(facts) {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

/** Calls `close` once on SIGTERM, on SIGINT and, with `withStdin`, when standard input ends; then the process exits. */
export function endOnSignal(close, { withStdin = false } = {}) {
  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await close();
    process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  if (withStdin) {
    process.stdin.resume();
    process.stdin.on("end", end);
    process.stdin.on("close", end);
  }
}

/** Ends the process with a sentence for the person who started it wrongly. */
export function usage(text) {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
