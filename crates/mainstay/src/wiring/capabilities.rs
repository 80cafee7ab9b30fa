//! Which capabilities the configuration makes, and why the others are off.

use std::borrow::Cow;

use mainstay_services::{Capabilities, Capability, capability::State};

use crate::config::{Config, MailSettings};

pub(super) fn of(config: &Config) -> Capabilities {
    let mut capabilities = Capabilities::default();
    let off = |reason: &'static str| State::Off(Cow::Borrowed(reason));
    let when = |on: bool, reason: &'static str| if on { State::On } else { off(reason) };
    let module = |name: &str| {
        let on = !config.modules_off.iter().any(|module| module == name);
        when(on, "The operator switched this module off.")
    };
    capabilities.set(Capability::Passkey, module("passkey"));
    capabilities.set(Capability::Tenants, module("tenants"));
    capabilities.set(Capability::Notes, module("notes"));
    let wallet = module("wallet");
    let transfers = match (&wallet, config.wallet_transfers) {
        (State::Off(_), _) => off("The wallet is off."),
        (State::On, false) => off("Members can't send points to one another here."),
        (State::On, true) => State::On,
    };
    capabilities.set(Capability::Wallet, wallet);
    capabilities.set(Capability::WalletTransfers, transfers);
    let has_source = config.webhook_sources.iter().any(|source| source.closed().is_none());
    let purchases = match (module("purchases"), config.webhook_sources.is_empty()) {
        (State::On, _) if !capabilities.is_on(Capability::Wallet) => off("The wallet is off."),
        (State::On, true) => off("No webhook source is configured."),
        (State::On, false) => when(has_source, "No webhook source is switched on and has a signature key."),
        (state, _) => state,
    };
    capabilities.set(Capability::Purchases, purchases);
    let email = match (module("email_code"), &config.mail) {
        (State::On, MailSettings::Off) => off("No mail server is configured."),
        (state, _) => state,
    };
    // A password sign-up is finished by a mailed code.
    let password = match (&email, config.password_sign_in) {
        (_, false) => off("Passwords are off; members sign in without one."),
        (State::Off(_), true) => off("Passwords need the e-mail code, which is off."),
        (State::On, true) => State::On,
    };
    capabilities.set(Capability::EmailCode, email);
    capabilities.set(Capability::Password, password);
    capabilities
        .set(Capability::GoogleOauth, when(config.google.is_some(), "Google sign-in is not configured."));
    capabilities
        .set(Capability::AppleOauth, when(config.apple.is_some(), "Sign in with Apple is not configured."));
    capabilities.set(
        Capability::SocialLogin,
        match (config.social_login, config.google.is_some() || config.apple.is_some()) {
            (false, _) => off("The legacy sign-in is off."),
            (true, false) => off("No identity provider is configured."),
            (true, true) => State::On,
        },
    );
    capabilities.set(Capability::TestLogin, when(config.test_auth.is_some(), "Test mode is off."));
    capabilities
}
