// Configures the certified `oidc-provider` as one of the two providers. Everything that is protocol (codes, PKCE,
// redirect URIs, client authentication, signing) is that package's work; this file only answers its questions.

// The package prints notices on standard output, which belongs to the line that announces the stand-in.
console.info = console.error;
const { Provider, interactionPolicy } = await import("oidc-provider");

const HOUR = 3600;

/** Makes a Provider over the current keys. Codes and sessions live in a store that all Providers of a process share. */
export function makeProvider({ issuer, profile, ring, state }) {
  const provider = new Provider(issuer, {
    adapter: state.adapter,
    clients: [profile.client],
    jwks: ring.privateJwks,
    routes: { ...profile.routes },
    scopes: profile.scopes,
    claims: { acr: null, auth_time: null, iss: null, ...profile.claims },
    // Google and Apple put the claims of the requested scopes into the ID token.
    conformIdTokenClaims: false,
    pkce: { required: () => false },
    // Parameters that the real ones take and that are none of the standard's.
    extraParams: ["access_type", "include_granted_scopes", "hd", "usePopup"],
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      userinfo: { enabled: profile.name === "google" },
      rpInitiatedLogout: { enabled: false },
    },
    cookies: {
      // Both stand-ins live on one host, and cookies do not know ports.
      names: {
        session: `${profile.name}_session`,
        interaction: `${profile.name}_interaction`,
        resume: `${profile.name}_resume`,
      },
      keys: ["a stand-in keeps no secret"],
    },
    ttl: {
      AuthorizationCode: 300,
      AccessToken: HOUR,
      IdToken: HOUR,
      RefreshToken: 24 * HOUR,
      Session: HOUR,
      Grant: 24 * HOUR,
      Interaction: HOUR,
    },
    interactions: { policy: policy(), url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    issueRefreshToken: (ctx, client, code) =>
      client.grantTypeAllowed("refresh_token") && state.offline.has(code.grantId),
    revokeGrantPolicy: () => true,
    findAccount: (ctx, sub) => ({
      accountId: sub,
      claims: () => profile.claimsOf(state.users.get(sub) ?? { sub }),
    }),
    loadExistingGrant: (ctx) => grantEverything(ctx, { profile, state }),
    renderError: (ctx, out) => {
      ctx.type = "text/plain";
      ctx.body = Object.entries(out)
        .map(([name, value]) => `${name}: ${value}`)
        .join("\n");
    },
  });
  takeAnyClaim(provider, { state });
  if (profile.checkSecret) replaceSecretCheck(provider, { profile, state });
  provider.on("authorization.success", (ctx, out) => {
    const sub = ctx.oidc.account.accountId;
    const first = !state.consented.has(sub);
    if (out.code) state.consented.add(sub);
    profile.decorateSuccess(out, {
      user: state.users.get(sub),
      first,
      params: ctx.oidc.params,
      scopes: new Set(ctx.oidc.params.scope.split(" ")),
    });
  });
  provider.on("grant.revoked", (ctx, grantId) => state.consented.delete(state.grants.get(grantId)));
  return provider;
}

function policy() {
  const base = interactionPolicy.base();
  base.add(new interactionPolicy.Prompt({ name: "select_account", requestable: true }), 0);
  return base;
}

/** Nobody is asked for consent: whoever signs in grants what was asked for. */
async function grantEverything(ctx, { profile, state }) {
  const { accountId } = ctx.oidc.session;
  if (!accountId || !ctx.oidc.result?.login) return undefined;
  const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId });
  grant.addOIDCScope(ctx.oidc.params.scope);
  await grant.save();
  state.grants.set(grant.jti, accountId);
  if (profile.refreshTokenFor(ctx.oidc.params)) state.offline.add(grant.jti);
  return grant;
}

/** Lets a test put any claim into the token: the package only passes on claims that its configuration lists. */
function takeAnyClaim(provider, { state }) {
  const { payload } = provider.IdToken.prototype;
  provider.IdToken.prototype.payload = async function withExtraClaims() {
    const claims = await payload.call(this);
    const user = state.users.get(claims.sub);
    return { ...claims, ...user?.claims };
  };
}

/** Apple's secret is a JWT of the client's own making; the package still decides what a wrong one means. */
function replaceSecretCheck(provider, { profile, state }) {
  provider.Client.prototype.compareClientSecret = async function check(secret) {
    const reason = await profile.checkSecret(secret, provider.issuer);
    state.noteSecret(secret, reason);
    return reason === null;
  };
}
