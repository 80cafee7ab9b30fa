// What makes one provider differ from the other: URL layout, claims, client authentication, and the habits that their
// documentation describes. Sources: Google "OpenID Connect" and "OAuth 2.0 for Web Server Applications"; Apple "Request
// an authorization to the Sign in with Apple server", "Generate and validate tokens", "Revoke tokens".

import { appleSecretCheck } from "./apple-secret.mjs";

/** `"true"`/`"false"`, which is how Apple writes booleans in ID tokens; a value that is already text stays as it is. */
const asText = (value) => (typeof value === "boolean" ? String(value) : value);

const only = (claims) =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));

export function googleProfile({ clientId, clientSecret, redirectUris }) {
  return {
    name: "google",
    routes: {
      authorization: "/o/oauth2/v2/auth",
      token: "/token",
      jwks: "/oauth2/v3/certs",
      revocation: "/revoke",
      userinfo: "/v1/userinfo",
    },
    scopes: ["openid", "email", "profile"],
    client: {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: redirectUris,
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_post",
    },
    claims: {
      openid: ["sub", "azp", "hd"],
      email: ["email", "email_verified"],
      profile: ["name", "given_name", "family_name", "picture", "locale"],
    },
    jwksCacheControl: "public, max-age=19800, must-revalidate, no-transform",
    denial: "access_denied",
    /** Google hands out a refresh token only to a request with `access_type=offline`. */
    refreshTokenFor: (params) => params.access_type === "offline",
    claimsOf: (user) =>
      only({
        sub: user.sub,
        azp: clientId,
        email: user.email,
        email_verified: user.email_verified,
        hd: user.hd,
        ...nameClaims(user.name),
        ...user.claims,
      }),
    /** Google adds these to every successful redirect. */
    decorateSuccess: (out, { params }) => {
      out.scope = params.scope;
      out.authuser = "0";
      out.prompt = params.prompt ?? "none";
    },
  };
}

export function appleProfile({ clientId, teamId, keyId, publicKeyPem, redirectUris }) {
  return {
    name: "apple",
    routes: {
      authorization: "/auth/authorize",
      token: "/auth/token",
      jwks: "/auth/keys",
      revocation: "/auth/revoke",
      userinfo: "/unused/userinfo",
    },
    scopes: ["openid", "name", "email"],
    client: {
      client_id: clientId,
      // Never compared: `checkSecret` takes its place.
      client_secret: "replaced-by-a-signed-jwt",
      redirect_uris: redirectUris,
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "client_secret_post",
    },
    claims: {
      openid: ["sub", "nonce_supported", "real_user_status"],
      email: ["email", "email_verified", "is_private_email"],
      name: [],
    },
    jwksCacheControl: "no-cache",
    denial: "user_cancelled_authorize",
    refreshTokenFor: () => true,
    checkSecret: appleSecretCheck({ clientId, teamId, keyId, publicKeyPem }),
    claimsOf: (user) =>
      only({
        sub: user.sub,
        nonce_supported: true,
        real_user_status: 2,
        email: user.email,
        email_verified: asText(user.email_verified),
        is_private_email: asText(
          user.is_private_email ?? /@privaterelay\.appleid\.com$/.test(user.email ?? ""),
        ),
        ...user.claims,
      }),
    /** Apple needs no `openid` scope, and refuses name or e-mail without a form post. */
    normaliseAuthorize: (query) => {
      const scopes = (query.scope ?? "").split(" ").filter(Boolean);
      if (
        scopes.some((scope) => scope === "name" || scope === "email") &&
        query.response_mode !== "form_post"
      ) {
        return { refuse: "response_mode must be form_post when name or email scope is requested." };
      }
      return {
        query: { ...query, scope: ["openid", ...scopes.filter((scope) => scope !== "openid")].join(" ") },
      };
    },
    /** The name (and an address that nothing vouches for) comes unsigned, and only at the first consent. */
    decorateSuccess: (out, { user, first, scopes }) => {
      delete out.iss;
      if (!first || !(scopes.has("name") || scopes.has("email"))) return;
      const field = only({
        name: scopes.has("name") ? appleName(user.name) : undefined,
        email: scopes.has("email") ? (user.form_email ?? user.email) : undefined,
      });
      if (Object.keys(field).length > 0) out.user = JSON.stringify(field);
    },
  };
}

function parts(name) {
  if (name === undefined) return undefined;
  if (typeof name === "object") return name;
  const [first, ...rest] = name.split(" ");
  return { first, last: rest.join(" ") };
}

function nameClaims(name) {
  const split = parts(name);
  if (!split) return {};
  return {
    name: [split.first, split.last].filter(Boolean).join(" "),
    given_name: split.first,
    family_name: split.last || undefined,
  };
}

function appleName(name) {
  const split = parts(name);
  return split && { firstName: split.first, lastName: split.last };
}
