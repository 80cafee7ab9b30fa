// A control API: JSON in, JSON out, under one path prefix. It is for tests on loopback only and knows no access rules,
// so it refuses every request that a browser page could have sent (one that carries an Origin).

const BODY_BYTES_MAX = 1024 * 1024;

/** Thrown by a handler to answer with a status and a sentence. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function readBody(req) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of req) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Refusal(413, "the body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function sendJson(res, status, value) {
  const body = JSON.stringify(value ?? {}, null, 1);
  res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  res.end(body);
}

/**
 * `routes` maps "METHOD path" (relative to the prefix) to `(body, url) => answer`. The answer is sent as JSON with
 * status 200. Returns a function that answers a request under the prefix and says whether it did.
 */
export function controlApi(prefix, routes) {
  return async function handle(req, res) {
    const url = new URL(req.url, "http://control.invalid");
    if (!url.pathname.startsWith(`${prefix}/`)) return false;
    const path = url.pathname.slice(prefix.length);
    try {
      if (req.headers.origin) throw new Refusal(403, "the control API is not for pages");
      const handler = routes[`${req.method} ${path}`];
      if (!handler) {
        throw new Refusal(404, `no ${req.method} ${path}; there are: ${Object.keys(routes).join(", ")}`);
      }
      const text = (await readBody(req)).toString("utf8");
      sendJson(res, 200, await handler(text ? parse(text) : {}, url));
    } catch (error) {
      sendJson(res, error.status ?? 500, { error: error.message });
    }
    return true;
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}

/** The caller's side: `client('PUT', '/user', {...})` resolves with the JSON answer or throws with the refusal. */
export function controlClient(base) {
  return async function call(method, path, body) {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const value = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${value.error}`);
    return value;
  };
}
