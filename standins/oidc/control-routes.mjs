// The verbs of the control API; the README beside this folder lists them with examples.

import { Refusal } from "../shared/control.mjs";
import { CONTROLS, EITHER, FAULTS, UNVERIFIED } from "./faults.mjs";
import { baseClaims, forge } from "./forge.mjs";
import { STRANGE_ENTRIES } from "./keys.mjs";

const MODES = ["up", "503", "hang", "reset", "garbage", "empty"];

function checkUser(user) {
  if (!user.deny && (typeof user.sub !== "string" || user.sub === ""))
    throw new Refusal(400, "a user needs a sub");
  return user;
}

function checkOrder(order) {
  if (order.fault !== undefined && !FAULTS[order.fault])
    throw new Refusal(400, `unknown fault ${order.fault}`);
  return { ...order, times: order.times ?? 1 };
}

/** `standIn` is `{issuer, profile, urls, state, rebuild}`; `rebuild` makes the provider take the changed keys. */
export function controlRoutes(standIn) {
  const { state, profile } = standIn;
  const summary = () => ({
    provider: profile.name,
    issuer: standIn.issuer,
    user: state.current,
    queued: state.queue.length,
    modes: state.modes,
    kids: state.ring.kids,
    active_kid: state.ring.active.kid,
    token_orders: state.tokenOrders,
    counters: state.counters,
  });
  return {
    "GET /state": summary,
    "POST /reset": ({ keys }) => {
      state.reset({ keys });
      standIn.rebuild();
      return summary();
    },

    "PUT /user": (user) => {
      state.current = checkUser(user);
      return state.current;
    },
    "DELETE /user": () => {
      state.current = null;
      state.queue = [];
      return {};
    },
    "POST /users": (user) => {
      state.queue.push(checkUser(user));
      return { queued: state.queue.length };
    },
    "DELETE /consents": () => {
      state.consented.clear();
      return {};
    },

    "POST /keys/rotate": ({ keep_old: keepOld = true }) => {
      const { kid } = state.ring.rotate({ keepOld });
      standIn.rebuild();
      return { kid, kids: state.ring.kids };
    },
    "POST /keys/strange": ({ kind, jwk }) => {
      if (!jwk && !STRANGE_ENTRIES[kind])
        throw new Refusal(400, `kind is one of ${Object.keys(STRANGE_ENTRIES).join(", ")}`);
      state.ring.addStrange(jwk ?? STRANGE_ENTRIES[kind]());
      return state.ring.publicJwks;
    },
    "DELETE /keys/strange": () => {
      state.ring.clearStrange();
      return state.ring.publicJwks;
    },
    "PUT /keys/cache-control": ({ value }) => {
      state.jwksCacheControl = value;
      return { value };
    },

    "PUT /mode": ({ all, ...one }) => {
      const wanted = all ? Object.fromEntries(Object.keys(state.modes).map((name) => [name, all])) : {};
      for (const [name, mode] of Object.entries({ ...wanted, ...one })) {
        if (!(name in state.modes)) throw new Refusal(400, `no endpoint ${name}`);
        if (!MODES.includes(mode)) throw new Refusal(400, `a mode is one of ${MODES.join(", ")}`);
        state.modes[name] = mode;
      }
      state.releaseHung();
      return state.modes;
    },

    "GET /counters": () => state.counters,
    "DELETE /counters": () => {
      state.resetCounters();
      return state.counters;
    },
    "GET /log": () => state.log,
    "GET /revocations": () => state.revocations,
    "GET /client-secrets": () => state.secrets,

    "GET /faults": () => ({
      faults: Object.keys(FAULTS),
      controls: CONTROLS,
      unverified: UNVERIFIED,
      either: EITHER,
    }),
    "POST /next-token": (order) => {
      state.tokenOrders.push(checkOrder(order));
      return { waiting: state.tokenOrders.length };
    },
    "DELETE /next-token": () => {
      state.tokenOrders = [];
      return {};
    },
    "POST /mint": ({ user, nonce, ...order }) => {
      const who = profile.claimsOf(checkUser(user ?? state.current ?? { sub: "minted" }));
      const genuine = baseClaims({
        issuer: standIn.issuer,
        clientId: profile.client.client_id,
        user: who,
        nonce,
      });
      return { id_token: forge(checkOrder(order), { genuine, ring: state.ring, trap: standIn.trap }) };
    },
  };
}
