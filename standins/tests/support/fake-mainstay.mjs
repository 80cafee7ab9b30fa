// A very small server that speaks the passkey part of the HTTP contract, verified by `@simplewebauthn/server`. It
// exists to test the members stand-in by; it is no model of the real server.

import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";

import { readBody, sendJson } from "../../shared/control.mjs";
import { listen } from "../../shared/service.mjs";

/** Resolves with `{url, members, close}`. */
export async function startFakeMainstay() {
  const ceremonies = new Map();
  const members = new Map();
  const server = createServer();
  const url = `http://localhost:${await listen(server, { host: "localhost" })}`;

  const routes = {
    "/v1/auth/passkey/register/start": async ({ display_name: name }) => {
      const id = randomUUID();
      const options = await generateRegistrationOptions({
        rpName: "fake",
        rpID: "localhost",
        userName: name ?? "member",
        userID: randomBytes(32),
        attestationType: "none",
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
      });
      ceremonies.set(id, { options, name });
      return [200, { ceremony_id: id, public_key: options }];
    },
    "/v1/auth/passkey/register/finish": async ({ ceremony_id: id, credential }) => {
      const { options, name } = ceremonies.get(id);
      ceremonies.delete(id);
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        response: credential,
        expectedChallenge: options.challenge,
        expectedOrigin: url,
        expectedRPID: "localhost",
        requireUserVerification: true,
      });
      if (!verified) throw new Error("not verified");
      const member = { id: randomUUID(), display_name: name };
      members.set(credential.id, {
        member,
        credential: registrationInfo.credential,
        handle: options.user.id,
      });
      return [201, { passkey: { id: randomUUID() }, signed_in: signedIn(member) }];
    },
    "/v1/auth/passkey/login/start": async () => {
      const id = randomUUID();
      const options = await generateAuthenticationOptions({
        rpID: "localhost",
        userVerification: "required",
      });
      ceremonies.set(id, { options });
      return [200, { ceremony_id: id, public_key: options }];
    },
    "/v1/auth/passkey/login/finish": async ({ ceremony_id: id, credential }) => {
      const { options } = ceremonies.get(id);
      ceremonies.delete(id);
      const known = members.get(credential.id);
      if (credential.response.userHandle !== known.handle) throw new Error("user handle");
      const { verified } = await verifyAuthenticationResponse({
        response: credential,
        expectedChallenge: options.challenge,
        expectedOrigin: url,
        expectedRPID: "localhost",
        credential: known.credential,
        requireUserVerification: true,
      });
      if (!verified) throw new Error("not verified");
      return [200, signedIn(known.member)];
    },
  };
  const signedIn = (member) => ({
    member,
    csrf_token: "c",
    access_token: "a",
    refresh_token: "r",
    token_type: "Bearer",
  });

  server.on("request", async (req, res) => {
    try {
      const [status, body] = await routes[req.url](JSON.parse(await readBody(req)));
      sendJson(res, status, body);
    } catch (error) {
      sendJson(res, 401, { code: "ceremony_refused", detail: error.message });
    }
  });
  return {
    url,
    members,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}
