// One provider on one loopback port: counts and logs what is asked, plays the outages and forgeries that the control
// API ordered, and leaves everything else to the certified provider package.

import { createServer } from "node:http";

import { controlApi, sendJson } from "../shared/control.mjs";
import { listen } from "../shared/service.mjs";
import { controlRoutes } from "./control-routes.mjs";
import { claimsOf, forge } from "./forge.mjs";
import { makeProvider } from "./provider.mjs";
import { signInPage } from "./sign-in-page.mjs";
import { State } from "./state.mjs";

const TRAP = "/__trap";

export async function startStandIn({ profile, port = 0, host = "127.0.0.1", issuer }) {
  const state = new State();
  const server = createServer();
  const origin = `http://${host}:${await listen(server, { port, host })}`;
  const standIn = { profile, state, origin, issuer: issuer ?? origin, trap: `${origin}${TRAP}` };
  const { routes } = profile;
  standIn.urls = {
    issuer: standIn.issuer,
    authorize: origin + routes.authorization,
    token: origin + routes.token,
    jwks: origin + routes.jwks,
    revoke: origin + routes.revocation,
    control: `${origin}/__control`,
    trap: standIn.trap,
  };
  let serve;
  standIn.rebuild = () => {
    standIn.provider = makeProvider({ issuer: standIn.issuer, profile, ring: state.ring, state });
    standIn.provider.proxy = false;
    standIn.provider.use((ctx, next) => around(ctx, next, standIn));
    standIn.provider.on("server_error", (ctx, error) => console.error(error));
    serve = standIn.provider.callback();
  };
  standIn.rebuild();
  const control = controlApi("/__control", controlRoutes(standIn));
  server.on("request", async (req, res) => {
    try {
      if (await control(req, res)) return;
      if (await early(req, res, standIn)) return;
      serve(req, res);
    } catch (error) {
      console.error(error);
      if (!res.headersSent) sendJson(res, error.status ?? 500, { error: error.message });
    }
  });
  standIn.close = () =>
    new Promise((resolve) => {
      state.releaseHung();
      server.close(resolve);
      server.closeAllConnections();
    });
  return standIn;
}

function endpointOf(path, { routes }) {
  if (path === routes.jwks) return "jwks";
  if (path === routes.token) return "token";
  if (path === routes.revocation) return "revoke";
  if (path === routes.authorization) return "authorize";
  if (path.startsWith("/.well-known/")) return "discovery";
  return path.startsWith(TRAP) ? "trap" : "other";
}

/** What is answered without the provider package: outages, the key set, the trap and the sign-in page. */
async function early(req, res, standIn) {
  const { state, profile, provider } = standIn;
  const { pathname } = new URL(req.url, standIn.origin);
  const endpoint = endpointOf(pathname, profile);
  state.count(endpoint);
  const request_id = req.headers["x-request-id"];
  state.note({ method: req.method, path: req.url, endpoint, request_id });
  if (outage(state.modes[endpoint], res, state)) return true;
  if (endpoint === "trap") {
    sendJson(res, 200, {
      keys: [state.ring.foreign.publicJwk],
      jwks_uri: `${standIn.trap}/jwks`,
      issuer: `${standIn.trap}/issuer`,
    });
    return true;
  }
  if (endpoint === "jwks" && req.method === "GET") {
    res.setHeader("cache-control", state.jwksCacheControl ?? profile.jwksCacheControl);
    sendJson(res, 200, state.ring.publicJwks);
    return true;
  }
  if (pathname.startsWith("/interaction/")) {
    await signInPage({ req, res, uid: pathname.slice("/interaction/".length), provider, profile, state });
    return true;
  }
  return false;
}

function outage(mode, res, state) {
  switch (mode) {
    case "503":
      res.writeHead(503, { "content-type": "text/plain" }).end("the stand-in plays an outage");
      return true;
    case "hang":
      state.hung.add(res);
      res.on("close", () => state.hung.delete(res));
      return true;
    case "reset":
      res.destroy();
      return true;
    case "garbage":
      res.writeHead(200, { "content-type": "application/json" }).end('{"keys": [');
      return true;
    case "empty":
      res.writeHead(200, { "content-type": "application/json" }).end("{}");
      return true;
    default:
      return false;
  }
}

/** Runs around the provider package: the habits of the played provider, and the forged token in place of the real one. */
async function around(ctx, next, { profile, state, trap }) {
  const { routes } = profile;
  if (ctx.path === routes.authorization || ctx.path.startsWith(`${routes.authorization}/`)) {
    // Every flow signs in anew, also when a browser has been here before or runs two flows at a time.
    dropCookie(ctx.req, `${profile.name}_session`);
  }
  if (ctx.path === routes.authorization && profile.normaliseAuthorize) {
    const { refuse, query } = profile.normaliseAuthorize({ ...ctx.query });
    if (refuse) {
      ctx.status = 400;
      ctx.body = `invalid_request: ${refuse}`;
      return;
    }
    ctx.query = query;
  }
  await next();
  // A form post that carries an error is still a page that loads well.
  if (ctx.status === 400 && ctx.oidc?.responseMode === "form_post" && ctx.type === "text/html")
    ctx.status = 200;
  if (ctx.path === routes.token) {
    state.note({ endpoint: "token", form: ctx.oidc?.body, status: ctx.status, error: ctx.body?.error });
    const order = ctx.status === 200 && ctx.body?.id_token ? state.takeTokenOrder() : undefined;
    if (order)
      ctx.body.id_token = forge(order, { genuine: claimsOf(ctx.body.id_token), ring: state.ring, trap });
  }
  if (ctx.path === routes.revocation) {
    const { token, token_type_hint: hint, client_id: clientId } = ctx.oidc?.body ?? {};
    state.revocations.push({
      at: new Date().toISOString(),
      token,
      token_type_hint: hint,
      client_id: clientId,
      status: ctx.status,
    });
  }
}

function dropCookie(req, name) {
  const kept = (req.headers.cookie ?? "")
    .split("; ")
    .filter((pair) => !pair.startsWith(`${name}=`) && !pair.startsWith(`${name}.sig=`));
  if (kept.join("")) req.headers.cookie = kept.join("; ");
  else delete req.headers.cookie;
}
