// What stands beside the server under test: the providers' control APIs and the folder that mails are written to. All
// addresses come from the launcher by environment variables.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { readMail } from "../../mail/sink.mjs";
import { controlClient } from "../../shared/control.mjs";
import { until } from "../../shared/wait.mjs";

function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; start the browser tests with standins/browser/run.mjs`);
  return value;
}

export const url = () => need("MAINSTAY_URL");
export const google = (...call) => controlClient(need("GOOGLE_CONTROL_URL"))(...call);
export const apple = (...call) => controlClient(need("APPLE_CONTROL_URL"))(...call);

async function mailsTo(address) {
  const sink = process.env.MAIL_CONTROL_URL;
  if (sink) return controlClient(sink)("GET", `/mails?to=${encodeURIComponent(address)}`);
  const folder = need("MAINSTAY_MAIL_DIR");
  const files = readdirSync(folder).filter((name) => name.endsWith(".eml"));
  const mails = await Promise.all(files.sort().map((name) => readMail(readFileSync(join(folder, name)))));
  return mails.filter((mail) => mail.to.some((to) => to.toLowerCase() === address.toLowerCase()));
}

/** The `number`-th mail to an address, once it is there. */
export function mailTo(address, number = 1) {
  return until(`mail ${number} to ${address}`, async () => (await mailsTo(address))[number - 1]);
}

/** The code in a mail: the line that holds nothing else. */
export function codeIn(mail) {
  const line = mail.text
    .split("\n")
    .map((one) => one.trim())
    .find((one) => /^[0-9A-Z](?:[0-9A-Z -]{4,14})[0-9A-Z]$/.test(one) && /\d/.test(one));
  const code = line ?? /\b\d{6,10}\b/.exec(mail.text)?.[0];
  if (!code) throw new Error(`no code in: ${mail.text}`);
  return code;
}

let addresses = 0;

/** An address that no other scenario uses. */
export function freshAddress(domain = "example.org") {
  addresses += 1;
  return `visitor-${process.pid}-${addresses}-${Date.now().toString(36)}@${domain}`;
}
