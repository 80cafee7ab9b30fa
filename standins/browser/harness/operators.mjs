// Operators: members whom the server's own command line promotes, and what they do over HTTP to prepare a scene.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { until } from "../../shared/wait.mjs";
import { atAccount, createAccount, memberId } from "./studio.mjs";

const run = promisify(execFile);

/** Runs a command of the server on the deployment under test, with the server's own settings and nothing else. */
export function command(...args) {
  return run(process.env.MAINSTAY_BIN, args, { env: JSON.parse(process.env.MAINSTAY_SERVER_SETTINGS) });
}

/** A new operator, signed in on `visitor`'s page, on the account page. */
export async function createOperator(visitor, name = "Olga Operator") {
  const { page } = visitor;
  // The promotion ends the session, and the page is told so.
  visitor.expect(/status of 401 /);
  const authenticator = await createAccount(page, name);
  await authenticator.answers(false);
  await command("members", "promote", await memberId(page));
  await until("the end of the session", () =>
    page.evaluate(async () => (await fetch("/v1/auth/me")).status === 401),
  );
  await authenticator.answers(true);
  await page.goto("/sign-in");
  await atAccount(page);
  await authenticator.answers(false);
  return authenticator;
}

/** Sends JSON as the member of this page, with the session's CSRF token and a fresh key; answers what came back. */
export function post(page, path, body) {
  return page.evaluate(
    async ([path, body]) => {
      const { csrf_token } = await (await fetch("/v1/auth/csrf")).json();
      const headers = {
        "content-type": "application/json",
        "x-csrf-token": csrf_token,
        "idempotency-key": crypto.randomUUID(),
      };
      const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    [path, body],
  );
}

/** Points for a member, given by the operator of this page. */
export const grant = (page, member, amount, more = {}) =>
  post(page, `/v1/operator/members/${member}/wallet/grants`, { amount, reason: "For the test", ...more });
