//! The rules of configuration, without a process around them.

use std::collections::BTreeSet;

use mainstay_services::webhooks::{Encoding, Scheme};

use super::{Config, Fault, Raw, registry::VARIABLES, render};

/// A configuration that production takes. The key was drawn at random for this test.
const PROD: [(&str, &str); 4] = [
    ("MAINSTAY_ENV", "prod"),
    ("MAINSTAY_PUBLIC_URL", "https://app.example.com"),
    ("ALLOWED_ORIGINS", "https://app.example.com"),
    ("TOKEN_ENCRYPTION_KEY", "hPZ0yWlq4mO2nE7cJ5r_bV9sT1uX-aKdGfI3wQzL6o8="),
];

fn read(pairs: &[(&str, &str)], file: &str) -> Result<Config, Vec<Fault>> {
    Config::from_raw(&mut raw(pairs, file))
}

fn raw(pairs: &[(&str, &str)], file: &str) -> Raw {
    Raw::from_parts(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), file)
}

fn prod_with(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut pairs: Vec<_> = PROD
        .iter()
        .copied()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name))
        .collect();
    pairs.extend(changes);
    pairs
}

#[test]
fn cfg_1_dev_needs_nothing_and_prod_takes_its_four_values() {
    let dev = read(&[], "").expect("dev without configuration");
    assert_eq!(dev.public_url.as_str(), "http://localhost:8080/");
    assert!(dev.insecure_cookies);
    let prod = read(&PROD, "").expect("a minimal production");
    assert!(!prod.insecure_cookies);
    assert!(!prod.password_sign_in && !prod.social_login && prod.test_auth.is_none());
}

#[test]
fn what_webhooks_said_is_kept_for_the_days_that_are_set() {
    let days = |pairs: &[(&str, &str)]| {
        let config = read(pairs, "").expect("a number of days");
        crate::wiring::settings(&config).webhook_bodies_kept.as_secs() / (24 * 3600)
    };
    assert_eq!((days(&[]), days(&[("MAINSTAY_WEBHOOK_BODIES_DAYS", "3")])), (90, 3));
}

#[test]
fn ses_4_cookies_are_secure_wherever_the_public_address_is() {
    let by_tls = read(&[("MAINSTAY_PUBLIC_URL", "https://dev.example.com")], "").expect("dev");
    assert!(!by_tls.insecure_cookies);
    let plain = read(&[("MAINSTAY_PUBLIC_URL", "http://dev.example.com")], "").expect("dev");
    assert!(plain.insecure_cookies);
}

/// T-OP-08: each of these alone stops production, naming the variable and without showing the value.
#[test]
fn t_op_08_what_production_refuses() {
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("ALLOWED_ORIGINS", "*")], "ALLOWED_ORIGINS"),
        (&[("ALLOWED_ORIGINS", "https://*.example.com")], "ALLOWED_ORIGINS"),
        (&[("ALLOWED_ORIGINS", "null")], "ALLOWED_ORIGINS"),
        (&[("ALLOWED_ORIGINS", "")], "ALLOWED_ORIGINS"),
        (&[("ALLOWED_ORIGINS", "http://app.example.com")], "ALLOWED_ORIGINS"),
        (&[("ALLOWED_ORIGINS", "https://app.example.com/")], "ALLOWED_ORIGINS"),
        (&[("ALLOWED_ORIGINS", "https://app.example.com,https://APP.example.com")], "ALLOWED_ORIGINS"),
        (&[("TEST_MODE", "true"), ("MAINSTAY_TEST_AUTH", "sixteen-chars-at-least")], "TEST_MODE"),
        (&[("MAINSTAY_LOG", "debug")], "MAINSTAY_LOG"),
        (&[("MAINSTAY_LOG", "info,sqlx=trace")], "MAINSTAY_LOG"),
        (&[("TOKEN_ENCRYPTION_KEY", "")], "TOKEN_ENCRYPTION_KEY"),
        (&[("TOKEN_ENCRYPTION_KEY", "c2hvcnQ=")], "TOKEN_ENCRYPTION_KEY"),
        (&[("TOKEN_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")], "TOKEN_ENCRYPTION_KEY"),
        (&[("TOKEN_ENCRYPTION_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")], "TOKEN_ENCRYPTION_KEY"),
        (&[("TOKEN_ENCRYPTION_KEY", "hPZ0yWlq4mO2nE7cJ5r/bV9sT1uX+aKdGfI3wQzL6o8=")], "TOKEN_ENCRYPTION_KEY"),
        (&[("MAINSTAY_INSECURE_COOKIES", "true")], "MAINSTAY_INSECURE_COOKIES"),
        (&[("MAINSTAY_WEBHOOKS_PRIVATE_TARGETS", "true")], "MAINSTAY_WEBHOOKS_PRIVATE_TARGETS"),
        (&[("MAINSTAY_PASSWORD_SIGN_IN", "true")], "MAINSTAY_PASSWORD_SIGN_IN"),
        (&[("MAINSTAY_SOCIAL_LOGIN", "true")], "MAINSTAY_SOCIAL_LOGIN"),
        (&[("MAINSTAY_NODES", "2")], "REDIS_URL"),
        (&[("MAINSTAY_NODES", "0")], "MAINSTAY_NODES"),
        (&[("MAINSTAY_NODES", "many")], "MAINSTAY_NODES"),
        (&[("MAINSTAY_PUBLIC_URL", "")], "MAINSTAY_PUBLIC_URL"),
        (&[("MAINSTAY_PUBLIC_URL", "http://app.example.com")], "MAINSTAY_PUBLIC_URL"),
        (&[("MAINSTAY_PUBLIC_URL", "https://app.example.com/path")], "MAINSTAY_PUBLIC_URL"),
        (&[("MAINSTAY_PUBLIC_URL", "app.example.com")], "MAINSTAY_PUBLIC_URL"),
        (&[("MAINSTAY_RP_ID", "example.org")], "MAINSTAY_RP_ID"),
        (&[("MAINSTAY_TRUSTED_PROXIES", "10.0.0.0/33")], "MAINSTAY_TRUSTED_PROXIES"),
        (&[("MAINSTAY_TRUSTED_PROXIES", "everyone")], "MAINSTAY_TRUSTED_PROXIES"),
        (&[("MAINSTAY_LISTEN", "8080")], "MAINSTAY_LISTEN"),
        (&[("MAINSTAY_METRICS_LISTEN", "127.0.0.1:8080")], "MAINSTAY_METRICS_LISTEN"),
        (&[("MAINSTAY_METRICS_TOKEN", "short")], "MAINSTAY_METRICS_TOKEN"),
        (&[("MAINSTAY_MODULES_OFF", "wallets")], "MAINSTAY_MODULES_OFF"),
        (&[("DATABASE_URL", "mysql://user:hunter2@host/db")], "DATABASE_URL"),
        (&[("DATABASE_URL", "postgres://app:changeme@host/db")], "DATABASE_URL"),
        (&[("REDIS_URL", "http://host")], "REDIS_URL"),
        (&[("GOOGLE_CLIENT_ID", "id")], "GOOGLE_CLIENT_SECRET"),
        (
            &[("GOOGLE_CLIENT_ID", "id"), ("GOOGLE_CLIENT_SECRET", "your-client-secret")],
            "GOOGLE_CLIENT_SECRET",
        ),
        (&[("GOOGLE_CLIENT_SECRET", "s3cr3t-value")], "GOOGLE_CLIENT_ID"),
        (&[("APPLE_CLIENT_ID", "com.example.web")], "APPLE_TEAM_ID"),
        (&[("MAINSTAY_GOOGLE_TOKEN_URL", "http://127.0.0.1:9/token")], "MAINSTAY_GOOGLE_TOKEN_URL"),
        (&[("MAINSTAY_SMTP_URL", "mail.example.com:25")], "MAINSTAY_SMTP_URL"),
        (&[("MAINSTAY_AUDIT_KEPT_DAYS", "29")], "MAINSTAY_AUDIT_KEPT_DAYS"),
        (&[("MAINSTAY_AUDIT_KEPT_DAYS", "for ever")], "MAINSTAY_AUDIT_KEPT_DAYS"),
        (&[("MAINSTAY_WEBHOOK_BODIES_DAYS", "2")], "MAINSTAY_WEBHOOK_BODIES_DAYS"),
        (&[("MAINSTAY_WEBHOOK_BODIES_DAYS", "for ever")], "MAINSTAY_WEBHOOK_BODIES_DAYS"),
        (&[("MAINSTAY_WALLET_POINTS_VALID_DAYS", "0")], "MAINSTAY_WALLET_POINTS_VALID_DAYS"),
        (&[("MAINSTAY_WALLET_TRANSFERS", "maybe")], "MAINSTAY_WALLET_TRANSFERS"),
        (&[("MAINSTAY_CA_FILE", "/nowhere/at/all")], "MAINSTAY_CA_FILE"),
        (&[("MAINSTAY_CA_FILE", "Cargo.toml")], "MAINSTAY_CA_FILE"),
        (&[("SERVE_FRONTEND_DIR", "/nowhere/at/all")], "SERVE_FRONTEND_DIR"),
        (&[("MAINSTAY_SHUTDOWN_SECONDS", "-1")], "MAINSTAY_SHUTDOWN_SECONDS"),
        (&[("MAINSTAY_RATE_LIMITS", "auth=0/1")], "MAINSTAY_RATE_LIMITS"),
        (&[("MAINSTAY_RATE_LIMITS", "money=5/5")], "MAINSTAY_RATE_LIMITS"),
        (&[("MAINSTAY_WEBHOOK_SHOP_KIND", "paypal")], "MAINSTAY_WEBHOOK_SHOP_KIND"),
        (&[("MAINSTAY_WEBHOOK_SHOP_KIND", "stripe")], "MAINSTAY_WEBHOOK_SHOP_SECRETS"),
        (&[("MAINSTAY_WEBHOOK_SHOP_SECRETS", "whsec_Zx81kQpL0vTr")], "MAINSTAY_WEBHOOK_SHOP_KIND"),
        (
            &[
                ("MAINSTAY_WEBHOOK_SHOP_KIND", "stripe"),
                ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "sk_live_Zx81kQpL0vTrWq"),
            ],
            "MAINSTAY_WEBHOOK_SHOP_SECRETS",
        ),
        (
            &[
                ("MAINSTAY_WEBHOOK_SHOP_KIND", "stripe"),
                ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "whsec_your_secret_here"),
            ],
            "MAINSTAY_WEBHOOK_SHOP_SECRETS",
        ),
        (
            &[
                ("MAINSTAY_WEBHOOK_SHOP_KIND", "standard"),
                ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "whsec_c2hvcnQ="),
            ],
            "MAINSTAY_WEBHOOK_SHOP_SECRETS",
        ),
        (
            &[
                ("MAINSTAY_WEBHOOK_SHOP_KIND", "square"),
                ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "Zx81kQpL0vTrWq5m"),
            ],
            "MAINSTAY_WEBHOOK_SHOP_NOTIFICATION_URL",
        ),
        (
            &[
                ("MAINSTAY_WEBHOOK_SHOP_KIND", "square"),
                ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "Zx81kQpL0vTrWq5m"),
                ("MAINSTAY_WEBHOOK_SHOP_NOTIFICATION_URL", "http://app.example.com/v1/webhooks/shop"),
            ],
            "MAINSTAY_WEBHOOK_SHOP_NOTIFICATION_URL",
        ),
        (
            &[
                ("MAINSTAY_WEBHOOK_SHOP_KIND", "shared_secret"),
                ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "Zx81kQpL0vTrWq5m"),
                ("MAINSTAY_WEBHOOK_SHOP_HEADER", "x-shop"),
            ],
            "MAINSTAY_WEBHOOK_SHOP_KIND",
        ),
        (
            &[
                ("MAINSTAY_WEBHOOK_SHOP_KIND", "stripe"),
                ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "whsec_Zx81kQpL0vTr"),
                ("MAINSTAY_WEBHOOK_SHOP_HEADER", "x-shop"),
            ],
            "MAINSTAY_WEBHOOK_SHOP_HEADER",
        ),
        (
            &[
                ("MAINSTAY_WEBHOOK_SHOP_KIND", "generic"),
                ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "Zx81kQpL0vTrWq5m"),
            ],
            "MAINSTAY_WEBHOOK_SHOP_HEADER",
        ),
        (
            &[
                ("MAINSTAY_WEBHOOK_SHOP_KIND", "stripe"),
                ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "whsec_Zx81kQpL0vTr"),
                ("MAINSTAY_WEBHOOK_SHOP_TOLERANCE_SECONDS", "301"),
            ],
            "MAINSTAY_WEBHOOK_SHOP_TOLERANCE_SECONDS",
        ),
        (&[("MAINSTAY_WEBHOOK_SHOP_KIN", "stripe")], "MAINSTAY_WEBHOOK_SHOP_KIN"),
        (&[("MAINSTAY_LISTN", "127.0.0.1:1")], "MAINSTAY_LISTN"),
    ];
    for (changes, variable) in table {
        let faults = read(&prod_with(changes), "").expect_err(&format!("{changes:?} was taken"));
        assert!(faults.iter().any(|fault| fault.variable == *variable), "{changes:?}: {faults:?}");
        let report = render::report(&faults);
        for (name, value) in *changes {
            let secret = VARIABLES.iter().any(|variable| variable.name == *name && variable.secret);
            assert!(!secret || value.is_empty() || !report.contains(value), "{name} was shown in {report}");
        }
    }
}

#[test]
fn cfg_2_all_faults_come_at_once() {
    let faults = read(
        &[
            ("MAINSTAY_ENV", "staging"),
            ("MAINSTAY_LISTEN", "x"),
            ("ALLOWED_ORIGINS", "null"),
            ("TEST_MODE", "perhaps"),
        ],
        "",
    )
    .expect_err("many faults");
    let named: BTreeSet<_> = faults.iter().map(|fault| fault.variable.as_str()).collect();
    for variable in
        ["MAINSTAY_LISTEN", "MAINSTAY_PUBLIC_URL", "TOKEN_ENCRYPTION_KEY", "ALLOWED_ORIGINS", "TEST_MODE"]
    {
        assert!(named.contains(variable), "{variable} is missing in {named:?}");
    }
}

#[test]
fn legacy_sign_in_starts_when_it_is_acknowledged() {
    let acknowledged =
        prod_with(&[("MAINSTAY_PASSWORD_SIGN_IN", "true"), ("MAINSTAY_LEGACY_SIGN_IN_ACKNOWLEDGED", "true")]);
    assert!(read(&acknowledged, "").expect("acknowledged").password_sign_in);
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = "listen = \"127.0.0.1:1111\"\nproduct_name = \"From the file\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n";
    let config = read(&[("MAINSTAY_LISTEN", "127.0.0.1:2222")], file).expect("valid");
    assert_eq!(config.listen.port(), 2222);
    assert_eq!(config.product_name, "From the file");
    assert_eq!(config.trusted_proxies, ["10.0.0.0/8", "::1"]);
}

#[test]
fn a_mistyped_name_is_found_and_the_right_one_suggested() {
    let faults = read(&[], "listn = \"127.0.0.1:1\"").expect_err("unknown key");
    assert_eq!(faults[0].variable, "listn");
    assert!(faults[0].good.contains("listen"), "{faults:?}");
    let faults = read(&[], "database_url = \"postgres://u:hunter2@h/d").expect_err("no TOML");
    assert!(!render::report(&faults).contains("hunter2"));
}

#[test]
fn cfg_4_what_is_read_is_listed_and_what_is_listed_is_read() {
    let mut raw = raw(&[], "");
    Config::from_raw(&mut raw).expect("dev");
    let listed: BTreeSet<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    assert_eq!(raw.names_read(), &listed);
    assert_eq!(listed.len(), VARIABLES.len(), "a variable is listed twice");
}

/// CFG-4: nobody gets an insecure production by copying the example.
#[test]
fn cfg_4_the_example_is_harmless() {
    for line in render::env_example().lines() {
        assert!(line.is_empty() || line.starts_with('#'), "{line:?} would take effect when copied");
    }
    for variable in VARIABLES {
        assert!(
            render::env_example().contains(&format!("\n#{}=", variable.name)),
            "{} is missing in the example",
            variable.name
        );
    }
}

#[test]
fn secrets_are_not_shown() {
    let raw = raw(&[("DATABASE_URL", "postgres://u:hunter2@h/d"), ("MAINSTAY_ENV", "dev")], "");
    let shown = serde_json::to_string(&render::effective(&raw)).expect("serialises");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("\"environment\""), "{shown}");
}

#[test]
fn whk_1_sources_come_from_the_environment_and_the_file() {
    let file = "[webhooks.sources.square-main]\nkind = \"square\"\nnotification_url = \"https://app.example.com/v1/webhooks/square-main\"\n\
                [webhooks.sources.tills]\nkind = \"generic\"\nheader = \"X-Signature\"\nsecrets = [\"Zx81kQpL0vTrWq5m\", \"Ab81kQpL0vTrWq5m\"]\n";
    let pairs = prod_with(&[
        ("MAINSTAY_WEBHOOK_SQUARE_MAIN_SECRETS", "canary-Zx81kQpL0vTrWq5m"),
        ("MAINSTAY_WEBHOOK_SHOP_KIND", "stripe"),
        ("MAINSTAY_WEBHOOK_SHOP_SECRETS", "whsec_Zx81kQpL0vTr"),
    ]);
    let config = read(&pairs, file).expect("valid");
    let told: Vec<_> = config
        .webhook_sources
        .iter()
        .map(|source| (source.name(), source.scheme().clone(), source.closed()))
        .collect();
    let header = "x-signature".to_owned();
    let notification_url = "https://app.example.com/v1/webhooks/square-main".to_owned();
    assert_eq!(
        told,
        [
            ("shop", Scheme::Stripe { livemode: true }, None),
            ("square-main", Scheme::Square { notification_url }, None),
            ("tills", Scheme::Generic { header, encoding: Encoding::Hex, timestamp_header: None }, None),
        ]
    );
    let shown = serde_json::to_string(&render::effective(&raw(&pairs, file))).expect("serialises");
    assert!(!shown.contains("canary") && shown.contains("MAINSTAY_WEBHOOK_SQUARE_MAIN_SECRETS"), "{shown}");
}

#[test]
fn whk_1_in_dev_a_source_may_lack_its_secret_and_stays_closed() {
    let file = "[webhooks.sources.shop]\nkind = \"stripe\"\n[webhooks.sources.off]\nkind = \"standard\"\nenabled = false\n";
    let config = read(&[], file).expect("valid");
    assert!(config.webhook_sources.iter().all(|source| source.closed().is_some()));
    // Elsewhere only one that is switched off may.
    let faults = read(&PROD, file).expect_err("no secret");
    let named: Vec<_> = faults.iter().map(|fault| fault.variable.as_str()).collect();
    assert_eq!(named, ["MAINSTAY_WEBHOOK_SHOP_SECRETS"]);
}

#[test]
fn whk_1_a_mistyped_source_is_explained() {
    for (file, variable) in [
        ("[webhooks.sources.shop]\nkinds = \"stripe\"", "webhooks.sources.shop.kinds"),
        ("[webhooks.sources.Shop]\nkind = \"stripe\"", "webhooks.sources.Shop"),
        ("[webhooks]\nsources = 1", "webhooks.sources"),
        ("[webhooks]\nsource = {}", "webhooks.source"),
        ("webhooks = 1", "webhooks"),
        ("[webhooks.sources]\nshop = 1", "webhooks.sources.shop"),
    ] {
        let faults = read(&[], file).expect_err(file);
        assert!(faults.iter().any(|fault| fault.variable == variable), "{file}: {faults:?}");
    }
}
