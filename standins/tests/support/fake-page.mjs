// A tiny page with passkeys in it, to test the browser harness by.

import { createServer } from "node:http";

import { listen } from "../../shared/service.mjs";

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Fake</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><style>button:focus-visible{outline:2px solid}</style></head>
<body><main><h1>Fake</h1><label>E-mail <input autocomplete="username webauthn"></label>
<p><button id="create">Create</button> <button id="conditional">Conditional</button></p><p id="out" role="status"></p></main>
<script src="/page.js"></script></body></html>`;

const SCRIPT = `
const out = document.querySelector('#out');
const challenge = () => crypto.getRandomValues(new Uint8Array(32));
const say = (text) => { out.textContent = text; };
document.querySelector('#create').onclick = () => navigator.credentials.create({ publicKey: {
  challenge: challenge(), rp: { name: 'fake' }, user: { id: challenge(), name: 'ada', displayName: 'Ada' },
  excludeCredentials: globalThis.exclude ?? [],
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
  authenticatorSelection: { residentKey: 'required', userVerification: 'required' } } })
  .then((made) => { globalThis.exclude = [{ type: 'public-key', id: made.rawId }]; say('created ' + made.id); }, (error) => say('failed ' + error.name));
document.querySelector('#conditional').onclick = () => navigator.credentials.get({ mediation: 'conditional', publicKey: { challenge: challenge() } })
  .then((got) => say('got ' + got.id), (error) => say('failed ' + error.name));
`;

/** Resolves with `{url, close}`; `/bad` breaks everything that the harness looks for. */
export async function startFakePage() {
  const server = createServer((req, res) => {
    const html = {
      "content-type": "text/html",
      "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:",
    };
    if (req.url === "/page.js") return res.writeHead(200, { "content-type": "text/javascript" }).end(SCRIPT);
    if (req.url === "/bad.js")
      return res
        .writeHead(200, { "content-type": "text/javascript" })
        .end("console.error('bad'); setTimeout(() => { throw new Error('worse'); });");
    if (req.url === "/bad") {
      return res.writeHead(200, html)
        .end(`<!doctype html><html><head><title>x</title><link rel="icon" href="data:,"></head><body>
<div style="width:2000px">wide</div><button tabindex="-1">no</button><img src="data:,"><script>1</script><script src="/bad.js"></script></body></html>`);
    }
    return res.writeHead(200, html).end(PAGE);
  });
  const url = `http://localhost:${await listen(server, { host: "localhost" })}`;
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}
