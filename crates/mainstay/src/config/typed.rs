//! The configuration in types: what the rest of the binary is made from.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE};
use mainstay_providers::Roots;
use mainstay_services::{settings::Environment, webhooks::Source as WebhookSource};
use secrecy::SecretString;
use url::Url;

use super::{
    check,
    read::{Fault, Raw},
    sources,
};

/// Format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Where mails go.
#[derive(Clone, Debug)]
pub(crate) enum MailSettings {
    /// To a server.
    Smtp(SecretString),
    /// To files in the data folder.
    Folder,
    /// Nowhere: the capability is off.
    Off,
}

/// Google sign-in.
#[derive(Clone, Debug)]
pub(crate) struct GoogleSettings {
    pub client_id: String,
    pub client_secret: SecretString,
    pub issuer: Option<String>,
    pub authorize_url: Option<Url>,
    pub token_url: Option<Url>,
    pub jwks_url: Option<Url>,
}

/// Sign in with Apple.
#[derive(Clone, Debug)]
pub(crate) struct AppleSettings {
    pub client_id: String,
    pub team_id: String,
    pub key_id: String,
    pub private_key: SecretString,
    pub issuer: Option<String>,
    pub authorize_url: Option<Url>,
    pub token_url: Option<Url>,
    pub jwks_url: Option<Url>,
    pub revoke_url: Option<Url>,
}

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub environment: Environment,
    pub public_url: Url,
    pub product_name: String,
    pub nodes: u32,
    pub modules_off: Vec<String>,
    pub listen: SocketAddr,
    pub metrics_listen: Option<SocketAddr>,
    pub metrics_token: Option<SecretString>,
    pub trusted_proxies: Vec<String>,
    pub allowed_origins: Vec<String>,
    pub api_bases: Vec<String>,
    pub http_workers: Option<usize>,
    /// By class: requests a minute per client address and per member.
    pub rate_limits: Vec<(String, u32, u32)>,
    pub shutdown: Duration,
    pub data_dir: PathBuf,
    pub database_url: Option<SecretString>,
    pub database_connections_max: u32,
    pub database_pooler: Option<bool>,
    pub migrate_on_start: bool,
    pub audit_kept: Option<Duration>,
    pub wallet_transfers: bool,
    pub points_valid_days: Option<u32>,
    pub redis_url: Option<SecretString>,
    /// Authorities of the deployment's own.
    pub roots: Option<Roots>,
    /// None only in dev, where it is made in the data folder.
    pub token_encryption_key: Option<SecretKey>,
    pub token_encryption_keys_earlier: Vec<SecretKey>,
    pub rp_id: String,
    pub rp_origins: Vec<Url>,
    pub google: Option<GoogleSettings>,
    pub apple: Option<AppleSettings>,
    pub password_sign_in: bool,
    pub social_login: bool,
    pub test_auth: Option<SecretString>,
    pub mail: MailSettings,
    pub mail_from: String,
    /// Events may go to this machine and its neighbours.
    pub webhooks_private_targets: bool,
    pub webhook_bodies_kept: Duration,
    pub webhook_sources: Vec<WebhookSource>,
    pub serve_frontend_dir: Option<PathBuf>,
    pub log: String,
    pub log_format: LogFormat,
    pub insecure_cookies: bool,
    /// Guards to leave out.
    #[cfg(feature = "sabotage")]
    pub sabotage: Vec<mainstay_services::sabotage::Guard>,
}

/// 32 bytes that do not print.
#[derive(Clone)]
pub(crate) struct SecretKey(pub [u8; 32]);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// Reads an encryption key: 44 characters of url-safe base64.
pub(crate) fn parse_key(text: &str) -> Option<SecretKey> {
    if text.len() != 44 {
        return None;
    }
    Some(SecretKey(URL_SAFE.decode(text).ok()?.try_into().ok()?))
}

impl Config {
    /// Turns raw values into types and checks the whole.
    ///
    /// # Errors
    /// Every fault at once.
    pub(crate) fn from_raw(raw: &mut Raw) -> Result<Self, Vec<Fault>> {
        let environment = match raw.text("MAINSTAY_ENV").as_deref() {
            None | Some("dev") => Environment::Dev,
            Some("staging") => Environment::Staging,
            Some("prod") => Environment::Prod,
            Some(_) => {
                raw.wrong("MAINSTAY_ENV", "must be dev, staging or prod");
                Environment::Prod
            }
        };
        let strict = environment.is_strict();
        raw.text("MAINSTAY_CONFIG");
        let listen = raw.parsed(
            "MAINSTAY_LISTEN",
            "must be an IP address and a port",
            SocketAddr::from(([127, 0, 0, 1], 8080)),
        );
        let metrics_listen = match raw.text("MAINSTAY_METRICS_LISTEN").as_deref() {
            Some("off") => None,
            _ => Some(raw.parsed(
                "MAINSTAY_METRICS_LISTEN",
                "must be an IP address and a port, or off",
                SocketAddr::from(([127, 0, 0, 1], 9464)),
            )),
        };
        let public_url = public_url(raw, strict, listen.port());
        let host = public_url.host_str().unwrap_or("localhost").to_owned();
        let own_origin = public_url.origin().ascii_serialization();

        let mut allowed_origins = raw.list("ALLOWED_ORIGINS");
        if allowed_origins.is_empty() && !strict {
            allowed_origins.push(own_origin.clone());
        }
        let mut api_bases = raw.list("MAINSTAY_API_BASES");
        if api_bases.is_empty() {
            api_bases.push(own_origin);
        }
        let token_encryption_key = raw
            .text("TOKEN_ENCRYPTION_KEY")
            .and_then(|text| check::encryption_key(raw, "TOKEN_ENCRYPTION_KEY", &text));
        let token_encryption_keys_earlier = raw
            .list("MAINSTAY_TOKEN_ENCRYPTION_KEYS_EARLIER")
            .iter()
            .filter_map(|text| check::encryption_key(raw, "MAINSTAY_TOKEN_ENCRYPTION_KEYS_EARLIER", text))
            .collect();
        let test_mode = raw.flag("TEST_MODE", false);
        let test_auth = raw.text("MAINSTAY_TEST_AUTH");
        check::test_mode(raw, strict, test_mode, test_auth.as_deref());
        let mail = match raw.text("MAINSTAY_SMTP_URL") {
            Some(url) => {
                check::smtp_url(raw, &url);
                MailSettings::Smtp(url.into())
            }
            None if strict => MailSettings::Off,
            None => MailSettings::Folder,
        };
        let insecure_default = !strict && public_url.scheme() == "http";
        let config = Self {
            environment,
            product_name: raw.text("MAINSTAY_PRODUCT_NAME").unwrap_or_else(|| "Mainstay".to_owned()),
            nodes: raw.parsed("MAINSTAY_NODES", "must be a whole number from 1", 1),
            modules_off: raw.list("MAINSTAY_MODULES_OFF"),
            listen,
            metrics_listen,
            metrics_token: raw.text("MAINSTAY_METRICS_TOKEN").map(Into::into),
            trusted_proxies: raw.list("MAINSTAY_TRUSTED_PROXIES"),
            allowed_origins,
            api_bases,
            http_workers: raw
                .text("MAINSTAY_HTTP_WORKERS")
                .is_some()
                .then(|| raw.parsed("MAINSTAY_HTTP_WORKERS", "must be a whole number from 1 to 256", 1)),
            rate_limits: check::rate_limits(raw),
            shutdown: Duration::from_secs(raw.parsed(
                "MAINSTAY_SHUTDOWN_SECONDS",
                "must be a number of seconds",
                20,
            )),
            data_dir: raw.text("MAINSTAY_DATA_DIR").unwrap_or_else(|| "./data".to_owned()).into(),
            database_url: raw.text("DATABASE_URL").map(Into::into),
            database_connections_max: raw.parsed(
                "MAINSTAY_DATABASE_CONNECTIONS_MAX",
                "must be a whole number from 2 to 500",
                20,
            ),
            database_pooler: match raw.text("MAINSTAY_DATABASE_POOLER").as_deref() {
                None | Some("auto") => None,
                Some("transaction") => Some(true),
                Some("none") => Some(false),
                Some(_) => {
                    raw.wrong("MAINSTAY_DATABASE_POOLER", "must be auto, transaction or none");
                    None
                }
            },
            migrate_on_start: raw.flag("MAINSTAY_MIGRATE_ON_START", true),
            audit_kept: check::audit_kept(raw),
            wallet_transfers: raw.flag("MAINSTAY_WALLET_TRANSFERS", false),
            points_valid_days: check::points_valid_days(raw),
            redis_url: raw.text("REDIS_URL").map(Into::into),
            roots: check::roots(raw),
            token_encryption_key,
            token_encryption_keys_earlier,
            rp_id: raw.text("MAINSTAY_RP_ID").unwrap_or_else(|| host.clone()),
            rp_origins: raw
                .list("MAINSTAY_RP_ORIGINS")
                .iter()
                .filter_map(|text| check::origin(raw, "MAINSTAY_RP_ORIGINS", text, strict))
                .collect(),
            google: google(raw),
            apple: apple(raw),
            password_sign_in: raw.flag("MAINSTAY_PASSWORD_SIGN_IN", false),
            social_login: raw.flag("MAINSTAY_SOCIAL_LOGIN", false),
            test_auth: if test_mode { test_auth.map(Into::into) } else { None },
            mail,
            mail_from: raw.text("MAINSTAY_MAIL_FROM").unwrap_or_else(|| format!("no-reply@{host}")),
            webhooks_private_targets: raw.flag("MAINSTAY_WEBHOOKS_PRIVATE_TARGETS", false),
            webhook_bodies_kept: check::webhook_bodies_kept(raw),
            webhook_sources: sources::read(raw, environment),
            serve_frontend_dir: raw.text("SERVE_FRONTEND_DIR").map(Into::into),
            log: raw.text("MAINSTAY_LOG").unwrap_or_else(|| "info,actix_server=warn".to_owned()),
            log_format: match raw.text("MAINSTAY_LOG_FORMAT").as_deref() {
                Some("text") => LogFormat::Text,
                Some("json") => LogFormat::Json,
                Some(_) => {
                    raw.wrong("MAINSTAY_LOG_FORMAT", "must be text or json");
                    LogFormat::Json
                }
                None if strict => LogFormat::Json,
                None => LogFormat::Text,
            },
            insecure_cookies: raw.flag("MAINSTAY_INSECURE_COOKIES", insecure_default),
            #[cfg(feature = "sabotage")]
            sabotage: super::sabotage::read(raw, environment),
            public_url,
        };
        let acknowledged = raw.flag("MAINSTAY_LEGACY_SIGN_IN_ACKNOWLEDGED", false);
        check::whole(raw, &config, acknowledged);
        if raw.faults().is_empty() { Ok(config) } else { Err(raw.faults().to_vec()) }
    }
}

fn public_url(raw: &mut Raw, strict: bool, port: u16) -> Url {
    let fallback =
        Url::parse(&format!("http://localhost:{port}")).or_else(|_| Url::parse("http://localhost"));
    let given = raw.text("MAINSTAY_PUBLIC_URL");
    match given.as_deref().map(Url::parse) {
        None if strict => raw.wrong("MAINSTAY_PUBLIC_URL", "must be set in staging and prod"),
        None => {}
        Some(Ok(url)) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => {
            if strict && url.scheme() != "https" {
                raw.wrong("MAINSTAY_PUBLIC_URL", "must be https in staging and prod");
            }
            if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || url.username() != ""
            {
                raw.wrong("MAINSTAY_PUBLIC_URL", "must be scheme, host and port only");
            }
            return url;
        }
        Some(_) => raw.wrong("MAINSTAY_PUBLIC_URL", "must be an http or https URL"),
    }
    // The constant parses; a fault was noted above where it matters.
    fallback.unwrap_or_else(|_| unreachable!("a constant URL"))
}

fn google(raw: &mut Raw) -> Option<GoogleSettings> {
    let (client_id, client_secret) = (raw.text("GOOGLE_CLIENT_ID"), raw.text("GOOGLE_CLIENT_SECRET"));
    let issuer = raw.text("MAINSTAY_GOOGLE_ISSUER");
    let authorize_url = check::provider_url(raw, "MAINSTAY_GOOGLE_AUTHORIZE_URL");
    let token_url = check::provider_url(raw, "MAINSTAY_GOOGLE_TOKEN_URL");
    let jwks_url = check::provider_url(raw, "MAINSTAY_GOOGLE_JWKS_URL");
    match (client_id, client_secret) {
        (None, None) => None,
        (Some(client_id), Some(client_secret)) => Some(GoogleSettings {
            client_id,
            client_secret: client_secret.into(),
            issuer,
            authorize_url,
            token_url,
            jwks_url,
        }),
        (None, Some(_)) => {
            raw.wrong("GOOGLE_CLIENT_ID", "must be set together with GOOGLE_CLIENT_SECRET");
            None
        }
        (Some(_), None) => {
            raw.wrong("GOOGLE_CLIENT_SECRET", "must be set together with GOOGLE_CLIENT_ID");
            None
        }
    }
}

fn apple(raw: &mut Raw) -> Option<AppleSettings> {
    const NAMES: [&str; 4] = ["APPLE_CLIENT_ID", "APPLE_TEAM_ID", "APPLE_KEY_ID", "APPLE_PRIVATE_KEY"];
    let values = NAMES.map(|name| raw.text(name));
    let issuer = raw.text("MAINSTAY_APPLE_ISSUER");
    let authorize_url = check::provider_url(raw, "MAINSTAY_APPLE_AUTHORIZE_URL");
    let token_url = check::provider_url(raw, "MAINSTAY_APPLE_TOKEN_URL");
    let jwks_url = check::provider_url(raw, "MAINSTAY_APPLE_JWKS_URL");
    let revoke_url = check::provider_url(raw, "MAINSTAY_APPLE_REVOKE_URL");
    if values.iter().all(Option::is_none) {
        return None;
    }
    for (name, value) in NAMES.iter().zip(&values) {
        if value.is_none() {
            raw.wrong(name, "must be set together with the other APPLE_ variables");
        }
    }
    let [Some(client_id), Some(team_id), Some(key_id), Some(private_key)] = values else { return None };
    let private_key = private_key.replace("\\n", "\n");
    check::apple_key(raw, &private_key);
    Some(AppleSettings {
        client_id,
        team_id,
        key_id,
        private_key: private_key.into(),
        issuer,
        authorize_url,
        token_url,
        jwks_url,
        revoke_url,
    })
}
