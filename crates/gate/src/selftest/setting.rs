//! What the servers of the self-test are told: as little as lets most checks apply.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use url::Url;
use uuid::Uuid;

use super::{server::Settings, stand_in::StandIn};
use crate::{
    check::{Check, Need},
    webhook,
};

/// The secret of the servers' test sign-in; they live for one check, on the loopback.
pub(super) const TEST_AUTH: &str = "for-the-self-test-alone";

/// What the service key opens that is lent to the gate.
pub(super) const LENT_SCOPES: &[&str] = &["wallet:read", "wallet:write"];

/// The source of purchase webhooks that is lent to the gate.
pub(super) const LENT_SOURCE: &str = "till";
/// Where its secret stands.
pub(super) const LENT_SOURCE_SECRET: &str = "MAINSTAY_WEBHOOK_TILL_SECRETS";

/// The Square source that is lent, and where its key stands.
pub(super) const LENT_SQUARE: (&str, &str) = ("square", "MAINSTAY_WEBHOOK_SQUARE_SECRETS");
/// The Stripe source that is lent, and where its secret stands.
pub(super) const LENT_STRIPE: (&str, &str) = ("stripe", "MAINSTAY_WEBHOOK_STRIPE_SECRETS");

/// The environment in which a check is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Where guards can be left out and members be made.
    Dev,
    /// For what `dev` is not held to.
    Staging,
}

impl Stage {
    /// Where a check applies.
    pub(super) fn of(check: &Check) -> Self {
        if check.needs.contains(&Need::Strict) { Self::Staging } else { Self::Dev }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
        }
    }
}

/// The settings of a right server, whose members come to `public`.
pub(super) fn right(stage: Stage, public: &Url, stand_in: &StandIn) -> Settings {
    let mut settings = Settings::new();
    let mut set = |name: &str, value: &str| {
        settings.insert(name.to_owned(), value.to_owned());
    };
    set("MAINSTAY_ENV", stage.as_str());
    set("MAINSTAY_METRICS_LISTEN", "off");
    set("MAINSTAY_DATA_DIR", "data");
    set("MAINSTAY_HTTP_WORKERS", "2");
    match stage {
        Stage::Dev => {
            set("MAINSTAY_PUBLIC_URL", &origin(public));
            set("TEST_MODE", "true");
            set("MAINSTAY_TEST_AUTH", TEST_AUTH);
            // Apple stays off: that something is off must be told too.
            set("MAINSTAY_WALLET_TRANSFERS", "true");
            set("MAINSTAY_WEBHOOK_TILL_KIND", "standard");
            set(LENT_SOURCE_SECRET, &webhook::Source::fresh_secret());
            set("MAINSTAY_WEBHOOK_SQUARE_KIND", "square");
            set(LENT_SQUARE.1, &webhook::Source::fresh_secret());
            let notified = format!("{}{}", origin(public), webhook::path_of(LENT_SQUARE.0));
            set("MAINSTAY_WEBHOOK_SQUARE_NOTIFICATION_URL", &notified);
            set("MAINSTAY_WEBHOOK_STRIPE_KIND", "stripe");
            set("MAINSTAY_WEBHOOK_STRIPE_LIVEMODE", "true");
            set(LENT_STRIPE.1, &webhook::Source::fresh_secret());
            set("MAINSTAY_PASSWORD_SIGN_IN", "true");
            set("MAINSTAY_SOCIAL_LOGIN", "true");
            set("GOOGLE_CLIENT_ID", "self-test.apps.example.com");
            set("GOOGLE_CLIENT_SECRET", "of-the-self-test");
            set("MAINSTAY_GOOGLE_ISSUER", &origin(stand_in.base()));
            for (name, path) in [("AUTHORIZE", "authorize"), ("TOKEN", "token"), ("JWKS", "jwks")] {
                set(&format!("MAINSTAY_GOOGLE_{name}_URL"), &format!("{}{path}", stand_in.base()));
            }
        }
        Stage::Staging => {
            // Its certificate would be a proxy's; what is checked here does not hang on it.
            let public = origin(public).replacen("http:", "https:", 1);
            set("MAINSTAY_PUBLIC_URL", &public);
            set("ALLOWED_ORIGINS", &public);
            let key = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
            set("TOKEN_ENCRYPTION_KEY", &URL_SAFE.encode(key));
        }
    }
    settings
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
