//! An identity provider that believes every code: the protocol itself is tested with the real ones.

use async_trait::async_trait;
use mainstay_services::ports::{
    ExpectedNonce, IdentityProvider, ProviderAccount, ProviderError, current_request_id,
};
use secrecy::SecretString;
use url::Url;

pub(crate) struct FakeProvider {
    issuer: &'static str,
    by_form_post: bool,
}

impl FakeProvider {
    pub(crate) const fn google() -> Self {
        Self { issuer: "https://accounts.google.com", by_form_post: false }
    }

    pub(crate) const fn apple() -> Self {
        Self { issuer: "https://appleid.apple.com", by_form_post: true }
    }

    fn account(&self, subject: &str) -> ProviderAccount {
        ProviderAccount {
            issuer: self.issuer.to_owned(),
            subject: subject.to_owned(),
            email: None,
            email_verified: false,
            email_authoritative: false,
            // Tells a test for which request it was asked.
            name: current_request_id(),
            refresh_token: None,
        }
    }
}

#[async_trait]
impl IdentityProvider for FakeProvider {
    fn client_id(&self) -> &str {
        "client-of-the-tests"
    }

    fn answers_by_form_post(&self) -> bool {
        self.by_form_post
    }

    fn authorize_url(&self, state: &str, nonce: &str, pkce_challenge: &str) -> Url {
        let mut url = Url::parse(self.issuer).expect("a URL");
        url.query_pairs_mut()
            .append_pair("state", state)
            .append_pair("nonce", nonce)
            .append_pair("code_challenge", pkce_challenge);
        url
    }

    async fn exchange(&self, code: &str, _: &str, _: &str) -> Result<ProviderAccount, ProviderError> {
        Ok(self.account(code))
    }

    async fn verify_id_token(
        &self,
        token: &str,
        _: ExpectedNonce<'_>,
    ) -> Result<ProviderAccount, ProviderError> {
        Ok(self.account(token))
    }

    async fn revoke(&self, _: &SecretString) -> Result<(), ProviderError> {
        Ok(())
    }
}
