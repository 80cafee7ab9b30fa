// Takes events and has each judged by the library that its receivers use.

import { Webhook } from "standardwebhooks";

import { readBody } from "../shared/control.mjs";

/** Whether the library takes a request for genuine under a secret, or its reason why not. */
function judge(secret, body, headers) {
  try {
    new Webhook(secret).verify(body, headers);
    return "genuine";
  } catch (error) {
    return error.message;
  }
}

export class Receiver {
  /** Everything that came, oldest first; `verdicts` has one for each secret. */
  requests = [];
  secrets = [];
  /** `{status, location, retry_after, hang, endless}` */
  mode = { status: 204 };

  async take(req, res) {
    const body = (await readBody(req)).toString("utf8");
    const { method, url, headers } = req;
    const verdicts = this.secrets.map((secret) => judge(secret, body, headers));
    this.requests.push({ method, url, headers, body, verdicts });
    const { status = 204, location, retry_after, hang, endless } = this.mode;
    if (hang) return;
    res.writeHead(status, {
      ...(location && { location }),
      ...(retry_after && { "retry-after": retry_after }),
    });
    if (endless) return this.#pour(res);
    res.end();
  }

  #pour(res) {
    const chunk = "x".repeat(16 * 1024);
    const more = () => {
      while (!res.destroyed && res.write(chunk));
    };
    res.on("drain", more);
    more();
  }
}
