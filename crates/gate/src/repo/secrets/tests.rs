//! Every rule against what it must find and what it must leave alone. The made-up secrets are put together here, so that no scanner
//! takes this file for a leak.

use super::{
    allowlist::Allowlist,
    rules::RULES,
    scan::{Scanner, entropy},
};

/// Text that looks random and opens nothing; the same at every run.
fn noise(alphabet: &[u8], length: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    (0..length).map(|_| char::from(alphabet[next() % alphabet.len()])).collect()
}

const HEX: &[u8] = b"0123456789abcdef";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const WORD: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A text with a secret in it, for each rule.
fn leaks() -> Vec<(&'static str, String)> {
    let word = |length| noise(WORD, length);
    let hex = |length| noise(HEX, length);
    vec![
        ("private-key", format!("-----BEGIN {} KEY-----\n{}\n{}\n", "PRIVATE", word(64), word(64))),
        ("private-key", format!("\"-----BEGIN RSA {} KEY-----\\n{}\\n\"", "PRIVATE", word(64))),
        ("age-key", format!("AGE-SECRET-{}-1{}", "KEY", noise(UPPER, 58))),
        ("aws-access-key", format!("id = AKIA{}", noise(UPPER, 16))),
        ("aws-secret-key", format!("aws_secret_access_key = {}", word(40))),
        ("github-token", format!("ghp_{}", word(36))),
        ("github-fine-grained", format!("github_pat_{}_{}", word(22), word(59))),
        ("gitlab-token", format!("glpat-{}", word(20))),
        ("slack-token", format!("xoxb-{}", word(40))),
        ("slack-webhook", format!("https://hooks.slack.com/services/T{}/B{}/{}", word(9), word(9), word(24))),
        ("discord-webhook", format!("https://discord.com/api/webhooks/123456789012345678/{}", word(68))),
        ("stripe-key", format!("sk_live_{}", word(24))),
        ("webhook-secret", format!("whsec_{}", word(32))),
        ("square-token", format!("EAAA{}", word(60))),
        ("google-api-key", format!("AIza{}", word(35))),
        ("google-oauth-secret", format!("GOCSPX-{}", word(28))),
        ("anthropic-key", format!("sk-ant-api03-{}", word(93))),
        ("openai-key", format!("sk-{}T3BlbkFJ{}", word(20), word(20))),
        ("npm-token", format!("//registry/:_authToken=npm_{}", word(36))),
        ("pypi-token", format!("pypi-AgEIcHlwaS5vcmc{}", word(60))),
        ("crates-io-token", format!("cio{}", word(32))),
        ("rubygems-token", format!("rubygems_{}", hex(48))),
        ("docker-token", format!("dckr_pat_{}", word(27))),
        ("sendgrid-key", format!("SG.{}.{}", word(22), word(43))),
        ("mailgun-key", format!("MAILGUN_KEY=key-{}", hex(32))),
        ("mailchimp-key", format!("{}-us12", hex(32))),
        ("twilio-key", format!("TWILIO_AUTH: {}", hex(32))),
        ("telegram-token", format!("123456789:AA{}", word(33))),
        ("digitalocean-token", format!("dop_v1_{}", hex(64))),
        ("vault-token", format!("hvs.{}", word(90))),
        ("supabase-token", format!("sbp_{}", hex(40))),
        ("azure-storage-key", format!("AccountKey={}==;", word(86))),
        ("azure-client-secret", format!("abc8Q~{}", word(34))),
        ("sentry-token", format!("sntrys_{}", word(60))),
        ("jwt", format!("eyJ{}.eyJ{}.{}", word(30), word(40), word(43))),
        ("url-password", format!("postgres://app:{}@db.internal.net/x", word(20))),
        ("named-secret", format!("SESSION_SECRET={}", word(40))),
        ("named-secret", format!("{{\"client_secret\": \"{}\"}}", word(32))),
    ]
}

/// What looks like one and is none.
const HARMLESS: &[&str] = &[
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n",
    "a header like -----BEGIN PRIVATE KEY----- says so",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_your_token_here",
    "postgres://postgres:postgres@localhost:5432/app",
    "postgres://app:${PASSWORD}@db.internal.net/app",
    "https://user:password1@example.com/",
    "let token = self.random_token_of_the_session();",
    "TOKEN_ENCRYPTION_KEY=",
    "password: changeme-changeme-changeme-1",
    "refresh_token: Option<RefreshToken>,",
    "\"integrity\": \"sha512-2ohvc6FKQJHqFHbNsUvWsnvrYyzvBJ5VpYkZdbJIYmZ0Q1SvwFZpNTNlbdn7WcMxsw==\"",
    "secret = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
    "eyJhbGciOiJub25lIn0",
    "refresh_token: \"0123456789abcdefghij\"",
    "uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
];

fn found(text: &str) -> Vec<&'static str> {
    Scanner::get().unwrap().scan(text.as_bytes()).map(|hit| hit.rule.id).collect()
}

#[test]
fn every_rule_finds_what_it_is_for() {
    let leaks = leaks();
    for rule in RULES {
        assert!(leaks.iter().any(|(id, _)| *id == rule.id), "{} has no leak to find", rule.id);
        assert!(rule.keywords.iter().all(|word| !word.is_empty()), "{} has an empty keyword", rule.id);
    }
    for (rule, text) in &leaks {
        assert_eq!(found(text), [*rule], "{text}");
        let within = format!("first\nsecond {text}\n");
        let lines = Scanner::get().unwrap().scan(within.as_bytes()).map(|hit| hit.line).collect::<Vec<_>>();
        assert!(lines.iter().all(|line| (2..=3).contains(line)) && !lines.is_empty(), "{rule}: {lines:?}");
    }
}

#[test]
fn what_only_looks_like_a_secret_is_left_alone() {
    for text in HARMLESS {
        assert!(found(text).is_empty(), "{text}: {:?}", found(text));
    }
}

#[test]
fn a_secret_without_a_line_around_it_is_found_however_long_the_line() {
    let text = format!("{}ghp_{}{}", "x=1;".repeat(50_000), noise(WORD, 36), ";y=2".repeat(50_000));
    assert_eq!(found(&text), ["github-token"]);
}

#[test]
fn randomness_is_measured_in_bits_per_character() {
    assert!(entropy("aaaaaaaa") < 0.1);
    assert!((entropy("abcdefgh") - 3.0).abs() < 1e-9);
    assert!(entropy(&noise(HEX, 64)) > 3.3 && entropy(&noise(WORD, 64)) > 4.5);
}

#[test]
fn an_empty_list_allows_nothing() {
    assert_eq!(Allowlist::default().reason("tests/a.rs", "anything"), None);
}
