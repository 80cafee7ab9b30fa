//! Existing accounts for tests, given by a file: lent to the gate, signed out in the end and never removed.

use std::path::Path;

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::{
    check::Ended,
    client::{Client, Device},
    members::{Actor, Maker, Making, Posture, Wish},
};

/// The accounts of a TOML file:
///
/// ```toml
/// [[member]]
/// email = "gate-1@example.com"
/// password = "…"
///
/// [[member]]
/// access_token = "…"
/// refresh_token = "…"
/// ```
pub(crate) struct Credentials(Vec<Account>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    member: Vec<Account>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    email: Option<String>,
    password: Option<SecretString>,
    access_token: Option<SecretString>,
    refresh_token: Option<SecretString>,
}

impl Credentials {
    /// Reads a file.
    ///
    /// # Errors
    /// When it can't be read, or an account has neither a token nor address and password. No value is shown.
    pub(crate) fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} can't be used", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        // The error of the TOML reader quotes the line, and with it a password.
        let file: File = toml::from_str(text).map_err(|error| anyhow::anyhow!("{}", error.message()))?;
        if file.member.is_empty() {
            bail!("it names no member");
        }
        for (number, account) in file.member.iter().enumerate() {
            let by_password = account.email.is_some() && account.password.is_some();
            if !by_password && account.access_token.is_none() {
                bail!("member {} has neither `email` and `password` nor `access_token`", number + 1);
            }
        }
        Ok(Self(file.member))
    }

    async fn sign_in(&self, client: &Client, account: &Account, posture: Posture) -> Result<Actor, Ended> {
        if let (Some(email), Some(password)) = (&account.email, &account.password) {
            let device = Device::new(client, posture)?;
            let login = device.post("/v1/auth/login").purpose("signs a given account in").patiently();
            let login = login.json(&json!({ "email": email, "password": password.expose_secret() }));
            return device.member(email, &login.expect(200).await?);
        }
        if posture == Posture::Browser {
            let what = "the file has only a token for this account, and the check needs a browser's session";
            return Err(Ended::Unanswerable(what.to_owned()));
        }
        let access = account.access_token.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        let me = client.get("/v1/auth/me").purpose("whose the given token is").patiently();
        let me = me.header("authorization", format!("Bearer {access}")).send().await?;
        if me.status != 200 {
            return Err(Ended::Unanswerable(format!("a token of the file is refused: {}", me.said())));
        }
        let actor = Actor::new(client, &me.text_at("/id")?, "", posture, crate::client::Jar::default());
        let refresh = account.refresh_token.as_ref().map(ExposeSecret::expose_secret);
        actor.take(&json!({ "access_token": access, "refresh_token": refresh }));
        Ok(actor)
    }
}

impl Maker for Credentials {
    fn describe(&self) -> String {
        format!("{} given accounts", self.0.len())
    }

    fn lends(&self) -> bool {
        true
    }

    fn make<'a>(&'a self, client: &'a Client, wish: &'a Wish) -> Making<'a> {
        Box::pin(async move {
            let Some(account) = self.0.get(wish.number) else {
                let what = format!("the file has {} members, and the check needs more", self.0.len());
                return Err(Ended::Unanswerable(what));
            };
            self.sign_in(client, account, wish.posture).await
        })
    }

    fn again<'a>(&'a self, client: &'a Client, member: &'a Actor) -> Making<'a> {
        Box::pin(async move {
            let by_password = |account: &&Account| {
                account.password.is_some() && account.email.as_deref() == Some(&member.identity)
            };
            let Some(account) = self.0.iter().find(by_password) else {
                let what = "a token of the file is one session; the check needs another of the same member";
                return Err(Ended::Unanswerable(what.to_owned()));
            };
            self.sign_in(client, account, member.posture).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_come_by_password_or_by_token() {
        let text =
            "[[member]]\nemail = \"a@example.com\"\npassword = \"p\"\n[[member]]\naccess_token = \"t\"\n";
        assert_eq!(Credentials::parse(text).unwrap().0.len(), 2);
    }

    #[test]
    fn a_file_that_can_not_work_is_refused_without_a_word_of_its_secrets() {
        for text in [
            "",
            "member = []",
            "[[member]]\nemail = \"a@example.com\"\n",
            "[[member]]\npassword = \"hunter2-hunter2\"\n",
            "[[member]]\npassword = \"hunter2-hunter2\" x\n",
            "[[member]]\npasswort = \"hunter2-hunter2\"\naccess_token = \"t\"\n",
        ] {
            let fault = Credentials::parse(text).err().map(|error| format!("{error:#} {error:?}"));
            let fault = fault.unwrap_or_else(|| panic!("{text} is taken"));
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    }
}
