//! The rules between and beyond single values: what `staging` and `prod` refuse (CFG-3), and what can never work.

use std::{fs, net::IpAddr, path::Path, time::Duration};

use mainstay_providers::Roots;
use mainstay_services::limits;
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::{
    Config, Raw,
    typed::{SecretKey, parse_key},
};

/// Shortest test-mode header value.
const TEST_AUTH_CHARS_MIN: usize = 16;
/// Shortest metrics token.
const METRICS_TOKEN_CHARS_MIN: usize = 32;
/// A trail that is shorter helps nobody who finds an intruder late.
const AUDIT_KEPT_DAYS_MIN: u32 = 30;
const DAY_SECONDS: u64 = 24 * 3600;
/// A century.
const DAYS_MAX: u32 = 36_500;
/// Random 32 bytes have about 30 different values; this few mean a typed or repeated key.
const KEY_DISTINCT_BYTES_MIN: usize = 16;
/// Modules that `MAINSTAY_MODULES_OFF` may name.
pub(crate) const MODULES: [&str; 6] = ["passkey", "email_code", "tenants", "notes", "wallet", "purchases"];
/// Classes of routes that `MAINSTAY_RATE_LIMITS` may name.
const RATE_CLASSES: [&str; 5] = ["auth", "read", "write", "public", "webhook"];
/// Words that only stand in examples and tutorials.
const WELL_KNOWN: [&str; 12] = [
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "password",
    "example",
    "your-",
    "your_",
    "placeholder",
    "insecure",
    "dev-only",
    "todo",
];

pub(super) fn encryption_key(raw: &mut Raw, name: &'static str, text: &str) -> Option<SecretKey> {
    let Some(key) = parse_key(text) else {
        raw.wrong(name, "must be 32 bytes as url-safe base64 (44 characters)");
        return None;
    };
    let mut seen = key.0;
    seen.sort_unstable();
    let distinct = seen.windows(2).filter(|pair| pair[0] != pair[1]).count() + 1;
    if distinct < KEY_DISTINCT_BYTES_MIN || key.0.iter().all(u8::is_ascii_graphic) {
        raw.wrong(name, "is a well-known or typed value, not 32 random bytes");
        return None;
    }
    Some(key)
}

pub(super) fn test_mode(raw: &mut Raw, strict: bool, on: bool, header: Option<&str>) {
    if !on {
        return;
    }
    if strict {
        raw.fault("TEST_MODE", "must not be on in staging and prod: it signs anybody in", "TEST_MODE=false");
    }
    match header {
        None => raw.wrong("MAINSTAY_TEST_AUTH", "must be set when TEST_MODE is on"),
        Some(text) if text.chars().count() < TEST_AUTH_CHARS_MIN => {
            raw.wrong("MAINSTAY_TEST_AUTH", format!("must have at least {TEST_AUTH_CHARS_MIN} characters"));
        }
        Some(_) => {}
    }
}

pub(super) fn smtp_url(raw: &mut Raw, text: &str) {
    let fine = Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "smtp" | "smtps") && url.host_str().is_some_and(|host| !host.is_empty())
    });
    if !fine {
        raw.wrong("MAINSTAY_SMTP_URL", "must be an smtp:// or smtps:// URL with a host");
    }
}

pub(super) fn roots(raw: &mut Raw) -> Option<Roots> {
    const NAME: &str = "MAINSTAY_CA_FILE";
    let path = raw.text(NAME)?;
    let Ok(pem) = fs::read(&path) else {
        raw.wrong(NAME, "must be a file that can be read");
        return None;
    };
    match Roots::from_pem(&pem) {
        Ok(roots) => Some(roots),
        Err(fault) => {
            raw.wrong(NAME, fault.reason);
            None
        }
    }
}

pub(super) fn audit_kept(raw: &mut Raw) -> Option<Duration> {
    let days = days(raw, "MAINSTAY_AUDIT_KEPT_DAYS", AUDIT_KEPT_DAYS_MIN)?;
    Some(Duration::from_secs(u64::from(days) * DAY_SECONDS))
}

pub(super) fn webhook_bodies_kept(raw: &mut Raw) -> Duration {
    let days = days(raw, "MAINSTAY_WEBHOOK_BODIES_DAYS", limits::WEBHOOK_BODIES_DAYS_MIN);
    days.map_or(limits::WEBHOOK_BODIES_KEPT, |days| Duration::from_secs(u64::from(days) * DAY_SECONDS))
}

pub(super) fn points_valid_days(raw: &mut Raw) -> Option<u32> {
    days(raw, "MAINSTAY_WALLET_POINTS_VALID_DAYS", 1)
}

fn days(raw: &mut Raw, name: &'static str, least: u32) -> Option<u32> {
    let days = raw.text(name)?.parse().ok().filter(|days| (least..=DAYS_MAX).contains(days));
    if days.is_none() {
        raw.wrong(name, format!("must be a number of days from {least} to {DAYS_MAX}"));
    }
    days
}

pub(super) fn apple_key(raw: &mut Raw, pem: &str) {
    if !pem.contains("-----BEGIN PRIVATE KEY-----") || !pem.contains("-----END PRIVATE KEY-----") {
        raw.wrong("APPLE_PRIVATE_KEY", "must be a PKCS #8 PEM (BEGIN PRIVATE KEY)");
    }
}

/// `class=per address/per member`, comma-separated; requests a minute, from 1.
pub(super) fn rate_limits(raw: &mut Raw) -> Vec<(String, u32, u32)> {
    const NAME: &str = "MAINSTAY_RATE_LIMITS";
    let parse = |item: &str| {
        let (class, quotas) = item.split_once('=')?;
        let (address, account) = quotas.split_once('/')?;
        let (address, account) = (address.trim().parse().ok()?, account.trim().parse().ok()?);
        let known = RATE_CLASSES.contains(&class.trim()) && address > 0 && account > 0;
        known.then(|| (class.trim().to_owned(), address, account))
    };
    let items = raw.list(NAME);
    let parsed: Vec<_> = items.iter().filter_map(|item| parse(item)).collect();
    if parsed.len() != items.len() {
        raw.wrong(NAME, format!("must be class=address/member with classes {}", RATE_CLASSES.join(", ")));
    }
    parsed
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A provider's URL: https, or a stand-in on this machine in dev.
pub(super) fn provider_url(raw: &mut Raw, name: &'static str) -> Option<Url> {
    let text = raw.text(name)?;
    let dev = matches!(raw.text("MAINSTAY_ENV").as_deref(), None | Some("dev"));
    match Url::parse(&text) {
        Ok(url) if url.scheme() == "https" || (dev && url.scheme() == "http" && is_loopback(&url)) => {
            Some(url)
        }
        _ => {
            raw.wrong(name, "must be an https URL (plain http only on loopback in dev)");
            None
        }
    }
}

/// An exact origin: scheme, host and port, nothing else.
pub(super) fn origin(raw: &mut Raw, name: &'static str, text: &str, strict: bool) -> Option<Url> {
    if text == "*" || text.contains('*') {
        raw.wrong(name, "must not have a wildcard: origins are exact");
        return None;
    }
    if text.eq_ignore_ascii_case("null") {
        raw.wrong(name, "must not be null: any sandboxed page has that origin");
        return None;
    }
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text);
    let Some(url) = url else {
        raw.wrong(
            name,
            "must be exact origins: scheme, lower-case host and port, no path and no final slash",
        );
        return None;
    };
    if strict && url.scheme() != "https" {
        raw.wrong(name, "must be https in staging and prod");
        return None;
    }
    Some(url)
}

/// What only shows when everything is known.
pub(super) fn whole(raw: &mut Raw, config: &Config, acknowledged: bool) {
    let strict = config.environment.is_strict();
    if strict {
        if raw.with_source("TOKEN_ENCRYPTION_KEY").is_none() {
            raw.wrong("TOKEN_ENCRYPTION_KEY", "must be set in staging and prod");
        }
        if config.allowed_origins.is_empty() {
            raw.wrong("ALLOWED_ORIGINS", "must be set in staging and prod");
        }
        if config.insecure_cookies {
            raw.wrong("MAINSTAY_INSECURE_COOKIES", "must be false in staging and prod");
        }
        if config.webhooks_private_targets {
            raw.fault(
                "MAINSTAY_WEBHOOKS_PRIVATE_TARGETS",
                "must not be on in staging and prod: whoever names a target could reach what is inside",
                "false",
            );
        }
        for (on, name) in [
            (config.password_sign_in, "MAINSTAY_PASSWORD_SIGN_IN"),
            (config.social_login, "MAINSTAY_SOCIAL_LOGIN"),
        ] {
            if on && !acknowledged {
                raw.fault(
                    name,
                    "is a legacy sign-in and on without its acknowledgement",
                    "MAINSTAY_LEGACY_SIGN_IN_ACKNOWLEDGED=true, or switch it off",
                );
            }
        }
        let filter = config.log.to_ascii_lowercase();
        if filter.contains("debug") || filter.contains("trace") {
            raw.fault("MAINSTAY_LOG", "must not log at debug or trace in staging and prod", "info");
        }
        well_known_secrets(raw);
    }
    if tracing_subscriber::EnvFilter::try_new(&config.log).is_err() {
        raw.wrong("MAINSTAY_LOG", "must be a log filter");
    }
    for text in &config.allowed_origins {
        origin(raw, "ALLOWED_ORIGINS", text, strict);
    }
    for text in &config.api_bases {
        origin(raw, "MAINSTAY_API_BASES", text, strict);
    }
    if config.nodes == 0 {
        raw.wrong("MAINSTAY_NODES", "must be at least 1");
    }
    if config.nodes > 1 && config.redis_url.is_none() {
        raw.fault(
            "REDIS_URL",
            "must be set when MAINSTAY_NODES is more than 1: limits and log-outs are shared through it",
            "redis://host:6379",
        );
    }
    if config.nodes > 1 && !is_postgres(config) {
        raw.fault(
            "DATABASE_URL",
            "must be PostgreSQL when MAINSTAY_NODES is more than 1",
            "postgres://user@host/name",
        );
    }
    urls(raw, config);
    bounds(raw, config);
    for text in &config.trusted_proxies {
        if !is_network(text) {
            raw.wrong("MAINSTAY_TRUSTED_PROXIES", format!("has {text:?}, which is no address or network"));
        }
    }
    for module in &config.modules_off {
        if !MODULES.contains(&module.as_str()) {
            raw.fault("MAINSTAY_MODULES_OFF", format!("there is no module {module:?}"), MODULES.join(", "));
        }
    }
    let host = config.public_url.host_str().unwrap_or_default();
    if host != config.rp_id && !host.ends_with(&format!(".{}", config.rp_id)) {
        raw.fault(
            "MAINSTAY_RP_ID",
            "must be the public URL's host or a parent domain of it",
            host.to_owned(),
        );
    }
    if let Some(folder) = &config.serve_frontend_dir
        && !Path::new(folder).join("index.html").is_file()
    {
        raw.wrong("SERVE_FRONTEND_DIR", "must be a folder with an index.html");
    }
    let sender = &config.mail_from;
    if !sender.contains('@') || sender.chars().any(char::is_control) {
        raw.wrong("MAINSTAY_MAIL_FROM", "must be an e-mail address, alone or as Name <address>");
    }
}

fn is_postgres(config: &Config) -> bool {
    config.database_url.as_ref().is_some_and(|url| url.expose_secret().starts_with("postgres"))
}

fn urls(raw: &mut Raw, config: &Config) {
    if let Some(url) = &config.database_url {
        let text = url.expose_secret();
        let fine = text.strip_prefix("sqlite:").is_some_and(|path| !path.is_empty())
            || Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql"));
        if !fine {
            raw.fault(
                "DATABASE_URL",
                "must be a postgres:// URL or sqlite:<path>",
                "postgres://user:password@host:5432/name",
            );
        }
    }
    if let Some(url) = &config.redis_url
        && !Url::parse(url.expose_secret()).is_ok_and(|url| {
            matches!(url.scheme(), "redis" | "rediss") && url.host_str().is_some_and(|host| !host.is_empty())
        })
    {
        raw.fault("REDIS_URL", "must be a redis:// or rediss:// URL", "rediss://:password@host:6379/0");
    }
}

fn bounds(raw: &mut Raw, config: &Config) {
    if config.http_workers.is_some_and(|workers| !(1..=256).contains(&workers)) {
        raw.wrong("MAINSTAY_HTTP_WORKERS", "must be a whole number from 1 to 256");
    }
    if !(2..=500).contains(&config.database_connections_max) {
        raw.wrong("MAINSTAY_DATABASE_CONNECTIONS_MAX", "must be a whole number from 2 to 500");
    }
    if !(1..=600).contains(&config.shutdown.as_secs()) {
        raw.wrong("MAINSTAY_SHUTDOWN_SECONDS", "must be from 1 to 600");
    }
    if config.metrics_listen == Some(config.listen) && config.listen.port() != 0 {
        raw.fault("MAINSTAY_METRICS_LISTEN", "must differ from MAINSTAY_LISTEN", "127.0.0.1:9464");
    }
    if let Some(token) = &config.metrics_token
        && token.expose_secret().chars().count() < METRICS_TOKEN_CHARS_MIN
    {
        raw.wrong(
            "MAINSTAY_METRICS_TOKEN",
            format!("must have at least {METRICS_TOKEN_CHARS_MIN} characters"),
        );
    }
}

/// Secrets that were copied from an example. The encryption keys are checked where they are parsed.
fn well_known_secrets(raw: &mut Raw) {
    for variable in super::registry::VARIABLES.iter().filter(|variable| variable.secret) {
        // URLs carry the password among other things; only bare secrets are compared.
        if matches!(
            variable.name,
            "APPLE_PRIVATE_KEY" | "TOKEN_ENCRYPTION_KEY" | "MAINSTAY_TOKEN_ENCRYPTION_KEYS_EARLIER"
        ) {
            continue;
        }
        let Some((value, _)) = raw.with_source(variable.name) else { continue };
        let value = Url::parse(value).ok().filter(|_| variable.name.ends_with("_URL")).map_or_else(
            || Some(value.to_ascii_lowercase()),
            |url| url.password().map(str::to_ascii_lowercase),
        );
        let Some(value) = value else { continue };
        if is_well_known(&value) {
            raw.wrong(variable.name, "looks like a value from an example");
        }
    }
}

/// Whether a secret, in lower case, has a word in it that only stands in examples.
pub(super) fn is_well_known(value: &str) -> bool {
    WELL_KNOWN.iter().any(|word| value.contains(word))
}

/// An address, or an address with a prefix length.
fn is_network(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let max = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= max))
}
