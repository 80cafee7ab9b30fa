//! A provider at the port: what it answers is scripted, what it is asked is checked.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use mainstay_model::identity::Provider;
use mainstay_services::{
    crypto,
    ports::{ExpectedNonce, IdentityProvider, ProviderAccount, ProviderError},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub(crate) struct FakeProvider {
    provider: Provider,
    answers: Mutex<HashMap<String, ProviderAccount>>,
    /// PKCE challenge by nonce, as the browser carried them.
    challenges: Mutex<HashMap<String, String>>,
    asked: AtomicUsize,
    is_down: AtomicBool,
    revoked: Mutex<Vec<String>>,
}

impl FakeProvider {
    pub(crate) fn new(provider: Provider) -> Self {
        Self {
            provider,
            answers: Mutex::default(),
            challenges: Mutex::default(),
            asked: AtomicUsize::new(0),
            is_down: AtomicBool::new(false),
            revoked: Mutex::default(),
        }
    }

    /// Prepares an answer, and answers the code (or token) for it.
    pub(crate) fn will_answer(&self, account: ProviderAccount) -> String {
        let mut answers = self.answers.lock().expect("not poisoned");
        let code = format!("header.code-{}.signature", answers.len());
        answers.insert(code.clone(), account);
        code
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    pub(crate) fn revoked(&self) -> Vec<String> {
        self.revoked.lock().expect("not poisoned").clone()
    }

    fn answer(&self, code: &str) -> Result<ProviderAccount, ProviderError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return Err(ProviderError::Unavailable("down".to_owned()));
        }
        let answers = self.answers.lock().expect("not poisoned");
        answers.get(code).cloned().ok_or_else(|| ProviderError::Refused("unknown code".to_owned()))
    }
}

#[async_trait]
impl IdentityProvider for FakeProvider {
    fn client_id(&self) -> &str {
        "client"
    }

    fn answers_by_form_post(&self) -> bool {
        self.provider == Provider::Apple
    }

    fn authorize_url(&self, state: &str, nonce: &str, pkce_challenge: &str) -> Url {
        self.challenges.lock().expect("not poisoned").insert(nonce.to_owned(), pkce_challenge.to_owned());
        Url::parse_with_params("https://provider.example/authorize", [("state", state)]).expect("a URL")
    }

    async fn exchange(
        &self,
        code: &str,
        pkce_verifier: &str,
        nonce: &str,
    ) -> Result<ProviderAccount, ProviderError> {
        let challenge = self.challenges.lock().expect("not poisoned").get(nonce).cloned();
        if challenge != Some(crypto::encode(&crypto::sha256(pkce_verifier.as_bytes()))) {
            return Err(ProviderError::Refused("PKCE".to_owned()));
        }
        self.answer(code)
    }

    async fn verify_id_token(
        &self,
        id_token: &str,
        nonce: ExpectedNonce<'_>,
    ) -> Result<ProviderAccount, ProviderError> {
        assert!(matches!(nonce, ExpectedNonce::NoneOfOurs), "a client's token has no nonce of ours");
        self.answer(id_token)
    }

    async fn revoke(&self, token: &SecretString) -> Result<(), ProviderError> {
        self.revoked.lock().expect("not poisoned").push(token.expose_secret().to_owned());
        Ok(())
    }
}

/// A Google account whose address Google decides about.
pub(crate) fn gmail(subject: &str) -> ProviderAccount {
    ProviderAccount {
        issuer: "https://accounts.google.com".to_owned(),
        subject: subject.to_owned(),
        email: Some(format!("{subject}@gmail.com")),
        email_verified: true,
        email_authoritative: true,
        name: Some("Ada Lovelace".to_owned()),
        refresh_token: None,
    }
}

/// A Google account with a foreign address that Google mailed to once.
pub(crate) fn google_with(subject: &str, email: &str) -> ProviderAccount {
    ProviderAccount { email: Some(email.to_owned()), email_authoritative: false, ..gmail(subject) }
}

/// An Apple account that shows no address.
pub(crate) fn apple(subject: &str) -> ProviderAccount {
    ProviderAccount {
        issuer: "https://appleid.apple.com".to_owned(),
        subject: subject.to_owned(),
        email: None,
        email_verified: false,
        email_authoritative: false,
        name: None,
        refresh_token: Some("apple-refresh".into()),
    }
}
