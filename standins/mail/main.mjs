// The command that runs the SMTP sink and its control API: see the README beside this folder.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { controlApi, Refusal, sendJson } from "../shared/control.mjs";
import { announce, endOnSignal, listen } from "../shared/service.mjs";
import { Sink } from "./sink.mjs";

const text = { type: "string" };
const { values: flags } = parseArgs({
  options: {
    port: { ...text, default: "0" },
    "control-port": { ...text, default: "0" },
    host: { ...text, default: "127.0.0.1" },
    "tls-cert": text,
    "tls-key": text,
    "implicit-tls": { type: "boolean", default: false },
    folder: text,
    user: text,
    password: text,
    "end-with-stdin": { type: "boolean", default: false },
  },
});

const sink = new Sink({
  folder: flags.folder,
  auth: flags.user ? { user: flags.user, pass: flags.password ?? "" } : undefined,
  tls: flags["tls-cert"]
    ? {
        cert: readFileSync(flags["tls-cert"]),
        key: readFileSync(flags["tls-key"]),
        implicit: flags["implicit-tls"],
      }
    : undefined,
});
sink.server.listen(Number(flags.port), flags.host);
await once(sink.server.server, "listening");

const control = controlApi("/__control", {
  "GET /mails": (_body, url) => {
    const to = url.searchParams.get("to")?.toLowerCase();
    return sink.mails.filter((mail) => !to || mail.rcpt_to.some((address) => address.toLowerCase() === to));
  },
  "DELETE /mails": () => {
    sink.mails = [];
    return {};
  },
  "GET /state": () => ({ mode: sink.mode, mails: sink.mails.length, refused: sink.refused }),
  "PUT /mode": ({ mode }) => {
    if (!["accept", "refuse", "later"].includes(mode))
      throw new Refusal(400, "a mode is accept, refuse or later");
    sink.mode = mode;
    return { mode };
  },
});
const http = createServer(async (req, res) => {
  if (!(await control(req, res))) sendJson(res, 404, { error: "everything is under /__control" });
});
const controlPort = await listen(http, { port: Number(flags["control-port"]), host: flags.host });

endOnSignal(
  () =>
    new Promise((resolve) => {
      http.closeAllConnections();
      http.close();
      sink.server.close(resolve);
    }),
  { withStdin: flags["end-with-stdin"] },
);
announce({
  ready: true,
  host: flags.host,
  port: sink.server.server.address().port,
  smtp: `smtp${flags["implicit-tls"] ? "s" : ""}://${flags.host}:${sink.server.server.address().port}`,
  control: `http://${flags.host}:${controlPort}/__control`,
});
