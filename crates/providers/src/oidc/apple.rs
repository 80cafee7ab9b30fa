//! Sign in with Apple (<https://developer.apple.com/documentation/signinwithapplerestapi>).
//!
//! Asking for name and e-mail makes Apple answer by a cross-site form post. The name comes once, in that form, unsigned; the
//! ID token never has it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use mainstay_services::ports::{Clock, ExpectedNonce, IdentityProvider, ProviderAccount, ProviderError};
use oauth2::http;
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::{
    apple_secret::{self, AppleSecret},
    flow::{Flow, Parts, guarded},
    id_token::Claims,
    issuer::Issuers,
    jwks::Jwks,
};
use crate::{
    ConfigFault, Roots,
    breaker::Breaker,
    config::{check_present, check_url},
    limits,
    outbound::{Outbound, OutboundError},
};

const PROVIDER: &str = "apple";
const ISSUERS: [&str; 2] = ["https://appleid.apple.com", "https://account.apple.com"];
const SCOPES: [&str; 3] = ["name", "email", "openid"];
/// Addresses that Apple makes up and forwards.
const RELAY_DOMAIN: &str = "@privaterelay.appleid.com";

/// Settings of Apple's sign-in. [`AppleConfig::new`] gives those of the real one.
#[derive(Clone, Debug)]
pub struct AppleConfig {
    /// Services id.
    pub client_id: String,
    /// Bundle ids of native apps whose ID tokens are taken when they are handed over.
    pub other_client_ids: Vec<String>,
    /// Team id, ten characters.
    pub team_id: String,
    /// Id of the private key, ten characters.
    pub key_id: String,
    /// The private key as Apple hands it out: PKCS#8 in PEM.
    pub private_key: SecretString,
    /// Where Apple sends the browser back; registered there exactly so.
    pub redirect_uri: Url,
    /// Authorization endpoint.
    pub authorize_url: Url,
    /// Token endpoint.
    pub token_url: Url,
    /// Key set.
    pub jwks_url: Url,
    /// Revocation endpoint.
    pub revoke_url: Url,
    /// Takes the place of Apple's own issuers, also as audience of the client secret; for a stand-in.
    pub issuer: Option<String>,
    /// How long the key set is taken as current.
    pub jwks_ttl: Duration,
    /// Allows plain http to this very machine, for a stand-in.
    pub allow_loopback_http: bool,
    /// Authorities beside the public ones.
    pub roots: Option<Roots>,
}

impl AppleConfig {
    /// The real Apple.
    ///
    /// # Panics
    /// Never: the addresses are constants.
    #[must_use]
    #[allow(clippy::expect_used, reason = "constants")]
    pub fn new(
        client_id: String,
        team_id: String,
        key_id: String,
        private_key: SecretString,
        redirect_uri: Url,
    ) -> Self {
        let url = |text: &str| text.parse().expect("a constant URL");
        Self {
            client_id,
            other_client_ids: Vec::new(),
            team_id,
            key_id,
            private_key,
            redirect_uri,
            authorize_url: url("https://appleid.apple.com/auth/authorize"),
            token_url: url("https://appleid.apple.com/auth/token"),
            jwks_url: url("https://appleid.apple.com/auth/keys"),
            revoke_url: url("https://appleid.apple.com/auth/revoke"),
            issuer: None,
            jwks_ttl: limits::JWKS_TTL,
            allow_loopback_http: false,
            roots: None,
        }
    }
}

/// Apple.
pub struct Apple {
    flow: Flow,
    secret: AppleSecret,
    revoke_url: Url,
    revoke_breaker: Breaker,
    outbound: Arc<Outbound>,
}

impl Apple {
    /// From checked settings. Asks nobody yet.
    ///
    /// # Errors
    /// The first setting that can't be used.
    pub fn new(config: AppleConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigFault> {
        check_present("client_id", &config.client_id)?;
        check_present("team_id", &config.team_id)?;
        check_present("key_id", &config.key_id)?;
        let loopback = config.allow_loopback_http;
        check_url("redirect_uri", &config.redirect_uri, loopback)?;
        check_url("authorize_url", &config.authorize_url, loopback)?;
        check_url("token_url", &config.token_url, loopback)?;
        check_url("jwks_url", &config.jwks_url, loopback)?;
        check_url("revoke_url", &config.revoke_url, loopback)?;
        let issuers = Issuers::new(&ISSUERS, config.issuer.as_deref());
        let secret = AppleSecret::new(apple_secret::Parts {
            team_id: &config.team_id,
            key_id: &config.key_id,
            private_key: &config.private_key,
            client_id: &config.client_id,
            audience: issuers.canonical(),
            clock: Arc::clone(&clock),
        })?;
        let endpoints = [&config.token_url, &config.jwks_url, &config.revoke_url];
        let outbound = Arc::new(Outbound::new(PROVIDER, &endpoints, config.roots.as_ref())?);
        let jwks =
            Jwks::new(PROVIDER, config.jwks_url, config.jwks_ttl, Arc::clone(&clock), Arc::clone(&outbound));
        let revoke_breaker = Breaker::new(PROVIDER, "revoke", Arc::clone(&clock));
        let flow = Flow::new(Parts {
            provider: PROVIDER,
            client_id: config.client_id,
            other_client_ids: config.other_client_ids,
            redirect_uri: config.redirect_uri,
            authorize_url: config.authorize_url,
            token_url: config.token_url,
            scopes: &SCOPES,
            issuers,
            clock,
            outbound: Arc::clone(&outbound),
            jwks,
        });
        Ok(Self { flow, secret, revoke_url: config.revoke_url, revoke_breaker, outbound })
    }

    fn client_secret(&self) -> Result<SecretString, ProviderError> {
        self.secret
            .current()
            .map_err(|error| ProviderError::Unavailable(format!("no client secret: {error}")))
    }
}

#[async_trait]
impl IdentityProvider for Apple {
    fn client_id(&self) -> &str {
        self.flow.client_id()
    }

    fn answers_by_form_post(&self) -> bool {
        true
    }

    fn authorize_url(&self, state: &str, nonce: &str, pkce_challenge: &str) -> Url {
        self.flow.authorize_url(state, nonce, pkce_challenge, &[("response_mode", "form_post")])
    }

    async fn exchange(
        &self,
        code: &str,
        pkce_verifier: &str,
        nonce: &str,
    ) -> Result<ProviderAccount, ProviderError> {
        let exchanged = self.flow.exchange(code, pkce_verifier, nonce, &self.client_secret()?).await?;
        Ok(ProviderAccount { refresh_token: exchanged.refresh_token, ..account(exchanged.claims) })
    }

    async fn verify_id_token(
        &self,
        id_token: &str,
        nonce: ExpectedNonce<'_>,
    ) -> Result<ProviderAccount, ProviderError> {
        Ok(account(self.flow.verify_handed_over(id_token, nonce).await?))
    }

    /// <https://developer.apple.com/documentation/signinwithapplerestapi/revoke_tokens>; a token that is gone already is no fault.
    async fn revoke(&self, token: &SecretString) -> Result<(), ProviderError> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", self.flow.client_id())
            .append_pair("client_secret", self.client_secret()?.expose_secret())
            .append_pair("token", token.expose_secret())
            .append_pair("token_type_hint", "refresh_token")
            .finish();
        let request = http::Request::post(self.revoke_url.as_str())
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.into_bytes())
            .map_err(|error| ProviderError::Unavailable(error.to_string()))?;
        match guarded(&self.outbound, &self.revoke_breaker, "revoke", request).await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(ProviderError::Refused(format!("status {}", answer.status()))),
            Err(OutboundError(reason)) => Err(ProviderError::Unavailable(reason)),
        }
    }
}

fn account(claims: Claims) -> ProviderAccount {
    ProviderAccount {
        email_authoritative: claims.email_verified && claims.email.as_deref().is_some_and(is_relay),
        issuer: claims.issuer,
        subject: claims.subject,
        email: claims.email,
        email_verified: claims.email_verified,
        name: None,
        refresh_token: None,
    }
}

/// Apple alone decides who has a relay address. Any other address it only verified once, and somebody else may hold it by now.
fn is_relay(email: &str) -> bool {
    email.is_ascii() && email.matches('@').count() == 1 && email.to_ascii_lowercase().ends_with(RELAY_DOMAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apple_speaks_for_its_relay_addresses_only() {
        assert!(is_relay("abc123@privaterelay.appleid.com"));
        assert!(is_relay("ABC@PrivateRelay.AppleID.com"));
        for other in [
            "ada@icloud.com",
            "ada@privaterelay.appleid.com.example.org",
            "ada@notprivaterelay.appleid.com",
            "x@y@privaterelay.appleid.com",
            "ada@sub.privaterelay.appleid.com",
        ] {
            assert!(!is_relay(other), "{other}");
        }
    }
}
