// The SMTP sink: what a mail library sends is what the control API lists, and refusals reach the sender.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { createTransport } from "nodemailer";

import { startService } from "../shared/child.mjs";
import { controlClient } from "../shared/control.mjs";

const MAIN = new URL("../mail/main.mjs", import.meta.url).pathname;

let mail;
let control;
before(async () => {
  mail = await startService(MAIN, ["--end-with-stdin"]);
  control = controlClient(mail.facts.control);
});
after(() => mail.stop());
beforeEach(async () => {
  await control("DELETE", "/mails");
  await control("PUT", "/mode", { mode: "accept" });
});

const send = (message) =>
  createTransport(mail.facts.smtp).sendMail({ from: "Mainstay <no-reply@example.org>", ...message });

test("a mail in Hebrew arrives as it was written", async () => {
  await send({
    to: "ada@example.org",
    subject: "קוד הכניסה שלך",
    text: "הקוד: 123456\n",
    headers: { "x-kind": "code" },
  });
  const [received] = await control("GET", "/mails");
  assert.deepEqual(received.to, ["ada@example.org"]);
  assert.deepEqual(received.rcpt_to, ["ada@example.org"]);
  assert.equal(received.mail_from, "no-reply@example.org");
  assert.equal(received.subject, "קוד הכניסה שלך");
  assert.match(received.text, /הקוד: 123456/);
  assert.equal(received.headers["x-kind"], "code");
});

test("mails are listed by recipient", async () => {
  await send({ to: "one@example.org", subject: "1", text: "1" });
  await send({ to: "two@example.org", bcc: "three@example.org", subject: "2", html: "<p>2</p>" });
  assert.deepEqual(
    (await control("GET", "/mails?to=TWO@example.org")).map((one) => one.subject),
    ["2"],
  );
  assert.deepEqual(
    (await control("GET", "/mails?to=three@example.org")).map((one) => one.subject),
    ["2"],
  );
  assert.equal((await control("GET", "/mails")).length, 2);
});

test("refusals are permanent or passing, as ordered", async () => {
  await control("PUT", "/mode", { mode: "refuse" });
  await assert.rejects(send({ to: "a@example.org", text: "x" }), { responseCode: 550 });
  await control("PUT", "/mode", { mode: "later" });
  await assert.rejects(send({ to: "a@example.org", text: "x" }), { responseCode: 451 });
  assert.deepEqual(await control("GET", "/state"), { mode: "later", mails: 0, refused: 2 });
});

test("with a name and a password the sender has to sign in", async () => {
  const closed = await startService(MAIN, ["--user", "u", "--password", "p", "--end-with-stdin"]);
  try {
    const { host, port } = closed.facts;
    const message = { from: "a@example.org", to: "b@example.org", text: "x" };
    await assert.rejects(createTransport({ host, port }).sendMail(message));
    await assert.rejects(createTransport({ host, port, auth: { user: "u", pass: "no" } }).sendMail(message), {
      code: "EAUTH",
    });
    await createTransport({ host, port, auth: { user: "u", pass: "p" } }).sendMail(message);
    assert.equal((await controlClient(closed.facts.control)("GET", "/mails")).length, 1);
  } finally {
    await closed.stop();
  }
});
