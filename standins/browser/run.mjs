// Starts a deployment, runs the browser tests against it, and ends it: see the README beside this folder.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { start } from "../shared/child.mjs";
import { usage } from "../shared/service.mjs";
import { Deployment } from "./deployment.mjs";

const SPECS = new URL("specs/", import.meta.url).pathname;
const TEST_MS = 600_000;
const SERVER_LINES_SHOWN = 60;
/** Where the reporter begins its list of what failed, which is said once more at the very end. */
const FAILURES = /^✖ failing tests:/;

const USAGE = `node standins/browser/run.mjs --bin target/debug/mainstay [--files account,passkeys] [--only PATTERN]
                                 [--env NAME=VALUE] [--smtp] [--keep] [--serve] [--headed]
  --files  runs only the named spec files, --only the tests whose name matches
  --env    sets one more variable for the server
  --smtp   mails go to the SMTP sink in place of the folder
  --keep   leaves the data folder and prints where it is
  --serve  starts everything, prints the addresses and waits for Ctrl-C instead of testing
  --headed shows the browser`;

const text = { type: "string" };
const flag = { type: "boolean", default: false };
const { values: flags } = parseArgs({
  options: {
    ...{ bin: text, only: text, files: text, env: { ...text, multiple: true, default: [] } },
    ...{ smtp: flag, keep: flag, serve: flag, headed: flag },
  },
});
if (!flags.bin) usage(USAGE);

const pairs = flags.env.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
const deployment = new Deployment({ bin: flags.bin, env: Object.fromEntries(pairs), smtp: flags.smtp });

/** What failed and why, after everything else: where an output is cut, its end is what is left. */
function failures(lines) {
  const from = lines.findIndex((line) => FAILURES.test(line));
  const told = lines.filter((line) => line.includes(": visitor "));
  return [...(from < 0 ? lines.slice(-SERVER_LINES_SHOWN) : lines.slice(from)), ...told].join("\n");
}

function startTests(env) {
  const wanted = flags.files?.split(",").map((name) => `${name}.test.mjs`);
  const files = readdirSync(SPECS).filter(
    (name) => name.endsWith(".test.mjs") && (wanted?.includes(name) ?? true),
  );
  const args = ["--test", "--test-concurrency=1", `--test-timeout=${TEST_MS}`, "--test-reporter=spec"];
  if (flags.only) args.push(`--test-name-pattern=${flags.only}`);
  if (flags.headed) env.HEADED = "1";
  const tests = start(process.execPath, [...args, ...files.map((name) => join(SPECS, name))], {
    env: { ...process.env, ...env },
    stdin: "ignore",
  });
  tests.child.stdout.pipe(process.stdout);
  tests.child.stderr.pipe(process.stderr);
  return tests;
}

const interrupted = new Promise((resolve) => {
  process.on("SIGINT", () => resolve(130));
  process.on("SIGTERM", () => resolve(143));
});

let tests;
process.exitCode = 1;
try {
  const env = await deployment.start();
  if (flags.serve) {
    process.stdout.write(`${JSON.stringify(env, null, 1)}\n`);
    process.exitCode = await interrupted;
  } else {
    tests = startTests(env);
    process.exitCode = await Promise.race([tests.exited.then(() => tests.child.exitCode ?? 1), interrupted]);
    if (process.exitCode !== 0) {
      process.stderr.write(`the server's last lines:\n${deployment.lastLines(SERVER_LINES_SHOWN)}\n`);
      process.stderr.write(`once more, what failed:\n${failures(tests.lines)}\n`);
    }
  }
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
} finally {
  await tests?.stop();
  await deployment.end({ keepFolder: flags.keep });
  if (flags.keep) process.stderr.write(`the folder is ${deployment.folder}\n`);
}
