//! Sign in with Google (<https://developers.google.com/identity/openid-connect/openid-connect>).

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use mainstay_model::EmailAddress;
use mainstay_services::ports::{Clock, ExpectedNonce, IdentityProvider, ProviderAccount, ProviderError};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    flow::{Flow, Parts},
    id_token::Claims,
    issuer::Issuers,
    jwks::Jwks,
};
use crate::{
    ConfigFault, Roots,
    config::{check_present, check_url},
    limits,
    outbound::Outbound,
};

const PROVIDER: &str = "google";
/// Google's own documentation: "always equals to `https://accounts.google.com` or `accounts.google.com`".
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];
const SCOPES: [&str; 3] = ["openid", "email", "profile"];

/// Settings of Google's sign-in. [`GoogleConfig::new`] gives those of the real one.
#[derive(Clone, Debug)]
pub struct GoogleConfig {
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: SecretString,
    /// Client ids of native apps whose ID tokens are taken when they are handed over.
    pub other_client_ids: Vec<String>,
    /// Where Google sends the browser back; registered there exactly so.
    pub redirect_uri: Url,
    /// Authorization endpoint.
    pub authorize_url: Url,
    /// Token endpoint.
    pub token_url: Url,
    /// Key set.
    pub jwks_url: Url,
    /// Takes the place of Google's own issuers, for a stand-in.
    pub issuer: Option<String>,
    /// How long the key set is taken as current.
    pub jwks_ttl: Duration,
    /// Allows plain http to this very machine, for a stand-in.
    pub allow_loopback_http: bool,
    /// Authorities beside the public ones.
    pub roots: Option<Roots>,
}

impl GoogleConfig {
    /// The real Google.
    ///
    /// # Panics
    /// Never: the addresses are constants.
    #[must_use]
    #[allow(clippy::expect_used, reason = "constants")]
    pub fn new(client_id: String, client_secret: SecretString, redirect_uri: Url) -> Self {
        let url = |text: &str| text.parse().expect("a constant URL");
        Self {
            client_id,
            client_secret,
            other_client_ids: Vec::new(),
            redirect_uri,
            authorize_url: url("https://accounts.google.com/o/oauth2/v2/auth"),
            token_url: url("https://oauth2.googleapis.com/token"),
            jwks_url: url("https://www.googleapis.com/oauth2/v3/certs"),
            issuer: None,
            jwks_ttl: limits::JWKS_TTL,
            allow_loopback_http: false,
            roots: None,
        }
    }
}

/// Google.
pub struct Google {
    flow: Flow,
    client_secret: SecretString,
}

impl Google {
    /// From checked settings. Asks nobody yet.
    ///
    /// # Errors
    /// The first setting that can't be used.
    pub fn new(config: GoogleConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigFault> {
        check_present("client_id", &config.client_id)?;
        check_present("client_secret", config.client_secret.expose_secret())?;
        let loopback = config.allow_loopback_http;
        check_url("redirect_uri", &config.redirect_uri, loopback)?;
        check_url("authorize_url", &config.authorize_url, loopback)?;
        check_url("token_url", &config.token_url, loopback)?;
        check_url("jwks_url", &config.jwks_url, loopback)?;
        let outbound =
            Arc::new(Outbound::new(PROVIDER, &[&config.token_url, &config.jwks_url], config.roots.as_ref())?);
        let jwks =
            Jwks::new(PROVIDER, config.jwks_url, config.jwks_ttl, Arc::clone(&clock), Arc::clone(&outbound));
        let flow = Flow::new(Parts {
            provider: PROVIDER,
            client_id: config.client_id,
            other_client_ids: config.other_client_ids,
            redirect_uri: config.redirect_uri,
            authorize_url: config.authorize_url,
            token_url: config.token_url,
            scopes: &SCOPES,
            issuers: Issuers::new(&ISSUERS, config.issuer.as_deref()),
            clock,
            outbound,
            jwks,
        });
        Ok(Self { flow, client_secret: config.client_secret })
    }
}

#[async_trait]
impl IdentityProvider for Google {
    fn client_id(&self) -> &str {
        self.flow.client_id()
    }

    fn answers_by_form_post(&self) -> bool {
        false
    }

    fn authorize_url(&self, state: &str, nonce: &str, pkce_challenge: &str) -> Url {
        // On a shared device the person chooses, not whoever was here before.
        self.flow.authorize_url(state, nonce, pkce_challenge, &[("prompt", "select_account")])
    }

    async fn exchange(
        &self,
        code: &str,
        pkce_verifier: &str,
        nonce: &str,
    ) -> Result<ProviderAccount, ProviderError> {
        let exchanged = self.flow.exchange(code, pkce_verifier, nonce, &self.client_secret).await?;
        Ok(account(exchanged.claims))
    }

    async fn verify_id_token(
        &self,
        id_token: &str,
        nonce: ExpectedNonce<'_>,
    ) -> Result<ProviderAccount, ProviderError> {
        Ok(account(self.flow.verify_handed_over(id_token, nonce).await?))
    }

    /// Nothing: no lasting token is asked for.
    async fn revoke(&self, _token: &SecretString) -> Result<(), ProviderError> {
        Ok(())
    }
}

fn account(claims: Claims) -> ProviderAccount {
    ProviderAccount {
        email_authoritative: is_authoritative(&claims),
        issuer: claims.issuer,
        subject: claims.subject,
        email: claims.email,
        email_verified: claims.email_verified,
        name: claims.name,
        refresh_token: None,
    }
}

/// Google decides who has an address of Gmail or of a domain that it hosts, and of no other
/// (<https://developers.google.com/identity/gsi/web/guides/verify-google-id-token>). A Gmail address that is not marked as verified
/// does not occur, so it is not believed either.
fn is_authoritative(claims: &Claims) -> bool {
    // The spelling must be plain: only then do Google and we mean the same mailbox.
    let Some(email) = claims.email.as_deref().filter(|email| email.is_ascii()) else { return false };
    let Ok(address) = email.parse::<EmailAddress>() else { return false };
    claims.email_verified && (address.domain() == "gmail.com" || claims.hosted_domain.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authoritative(email: &str, email_verified: bool, hosted_domain: Option<&str>) -> bool {
        is_authoritative(&Claims {
            issuer: ISSUERS[0].to_owned(),
            subject: "1".to_owned(),
            email: Some(email.to_owned()),
            email_verified,
            hosted_domain: hosted_domain.map(str::to_owned),
            name: None,
        })
    }

    #[test]
    fn google_speaks_for_gmail_and_for_the_domains_it_hosts() {
        assert!(authoritative("ada@gmail.com", true, None));
        assert!(authoritative("Ada@GMAIL.com", true, None));
        assert!(authoritative("ada@example.org", true, Some("example.org")));
        assert!(!authoritative("ada@example.org", true, None));
        assert!(!authoritative("ada@example.org", false, Some("example.org")));
        assert!(!authoritative("ada@gmail.com", false, None));
        for look_alike in
            ["ada@gmail.com.example.org", "ada@notgmail.com", "ada@ｇmail.com", "x@gmail.com@example.org"]
        {
            assert!(!authoritative(look_alike, true, None), "{look_alike}");
        }
    }
}
