// An SMTP server that keeps every mail in memory, parsed by `mailparser`: an independent reading of what was sent.

import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

const MAILS_KEPT = 2000;
const BYTES_MAX = 5 * 1024 * 1024;

/**
 * `auth` is `{user, pass}` when the sender must sign in; `tls` is `{cert, key, implicit}` when it speaks TLS, from the first byte
 * on or after STARTTLS; `folder` also keeps each mail as an `.eml` file, whose names sort by time.
 */
export class Sink {
  constructor({ auth, tls, folder } = {}) {
    this.folder = folder;
    this.taken = 0;
    this.mails = [];
    this.mode = "accept";
    this.refused = 0;
    this.server = new SMTPServer({
      authOptional: !auth,
      disabledCommands: [...(tls ? [] : ["STARTTLS"]), ...(auth ? [] : ["AUTH"])],
      ...(tls && { cert: tls.cert, key: tls.key, secure: tls.implicit }),
      allowInsecureAuth: true,
      size: BYTES_MAX,
      logger: false,
      onAuth: (given, session, done) => {
        const good = given.username === auth?.user && given.password === auth?.pass;
        done(good ? null : new Error("authentication failed"), good ? { user: given.username } : undefined);
      },
      onRcptTo: (address, session, done) => done(this.#refusal()),
      onData: (stream, session, done) => {
        this.#take(stream, session).then(() => done(), done);
      },
    });
    this.server.on("error", (error) => console.error(error.message));
  }

  #refusal() {
    if (this.mode === "accept") return undefined;
    this.refused += 1;
    const code = this.mode === "refuse" ? 550 : 451;
    return Object.assign(new Error(this.mode === "refuse" ? "no such mailbox" : "try again later"), {
      responseCode: code,
    });
  }

  /** Under its name only when it is whole. */
  async #keep(source) {
    this.taken += 1;
    const name = `${Date.now()}-${String(this.taken).padStart(8, "0")}.eml`;
    const unfinished = join(this.folder, `.${name}`);
    await writeFile(unfinished, source);
    await rename(unfinished, join(this.folder, name));
  }

  async #take(stream, session) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const source = Buffer.concat(chunks);
    if (this.folder) await this.#keep(source);
    this.mails.push(
      await readMail(source, {
        mail_from: session.envelope.mailFrom ? session.envelope.mailFrom.address : "",
        rcpt_to: session.envelope.rcptTo.map(({ address }) => address),
        secure: session.secure,
      }),
    );
    if (this.mails.length > MAILS_KEPT) this.mails.shift();
  }
}

const addresses = (field) => [field ?? []].flat().flatMap(({ value }) => value.map(({ address }) => address));

/** A mail as JSON; also reads the `.eml` files that a server without SMTP writes. */
export async function readMail(source, envelope = {}) {
  const mail = await simpleParser(source);
  return {
    received_at: new Date().toISOString(),
    ...envelope,
    from: addresses(mail.from),
    to: addresses(mail.to),
    subject: mail.subject ?? "",
    text: mail.text ?? "",
    html: mail.html || null,
    message_id: mail.messageId ?? null,
    headers: Object.fromEntries(
      mail.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(":") + 1).trim()]),
    ),
    attachments: mail.attachments.map(({ filename, contentType, size }) => ({
      filename,
      content_type: contentType,
      size,
    })),
    source: source.toString("utf8"),
  };
}
