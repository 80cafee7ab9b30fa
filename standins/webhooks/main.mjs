// The command that runs a receiver of events and its control API: see the README beside this folder.

import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { controlApi, sendJson } from "../shared/control.mjs";
import { announce, endOnSignal, listen } from "../shared/service.mjs";
import { Receiver } from "./receiver.mjs";

const text = { type: "string" };
const { values: flags } = parseArgs({
  options: {
    port: { ...text, default: "0" },
    "control-port": { ...text, default: "0" },
    host: { ...text, default: "127.0.0.1" },
    "tls-cert": text,
    "tls-key": text,
    "end-with-stdin": { type: "boolean", default: false },
  },
});

const receiver = new Receiver();
const handle = (req, res) => receiver.take(req, res);
const server = flags["tls-cert"]
  ? createTlsServer({ cert: readFileSync(flags["tls-cert"]), key: readFileSync(flags["tls-key"]) }, handle)
  : createServer(handle);
const port = await listen(server, { port: Number(flags.port), host: flags.host });

const control = controlApi("/__control", {
  "GET /requests": () => receiver.requests,
  "DELETE /requests": () => {
    receiver.requests = [];
    return {};
  },
  "PUT /secrets": ({ secrets }) => {
    receiver.secrets = secrets;
    return {};
  },
  "PUT /mode": (mode) => {
    receiver.mode = mode;
    return {};
  },
});
const http = createServer(async (req, res) => {
  if (!(await control(req, res))) sendJson(res, 404, { error: "everything is under /__control" });
});
const controlPort = await listen(http, { port: Number(flags["control-port"]), host: flags.host });

endOnSignal(
  async () => {
    for (const one of [server, http]) {
      one.closeAllConnections();
      one.close();
    }
  },
  { withStdin: flags["end-with-stdin"] },
);
announce({
  ready: true,
  host: flags.host,
  port,
  url: `${flags["tls-cert"] ? "https" : "http"}://${flags.host}:${port}`,
  control: `http://${flags.host}:${controlPort}/__control`,
});
