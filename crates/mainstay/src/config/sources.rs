//! The sources of purchase webhooks: any number of them, each by its own table in the file or its own variables.

use std::{collections::BTreeMap, time::Duration};

use mainstay_services::{
    settings::Environment,
    webhooks::{Encoding, ReplayWindow, Scheme, Source as WebhookSource},
};
use secrecy::SecretString;
use url::Url;

use super::{
    check,
    read::{NOT_PLAIN, Raw, Source, file_text},
    registry::{SOURCE_PREFIX, VARIABLES, variable},
    render::Shown,
};

const PREFIX: &str = "MAINSTAY_WEBHOOK_";
/// A source's name, in characters.
const NAME_CHARS_MAX: usize = 40;
/// Bounds of the tolerance, in seconds: shorter than a sender's own retry helps nobody, longer would be no replay window.
const TOLERANCE_SECONDS: std::ops::RangeInclusive<u64> = 10..=300;
const KINDS: &str = "must be square, stripe, standard, generic or, in dev, shared_secret";

/// The values of all sources as text.
#[derive(Default)]
pub(super) struct RawSources(BTreeMap<String, Values>);

/// One source's values by their key in upper case.
type Values = BTreeMap<&'static str, (String, Source)>;

/// What can be said of a source, in upper case.
fn keys() -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().filter_map(|variable| variable.name.strip_prefix(SOURCE_PREFIX))
}

/// Splits a variable's name into source and key. Of two keys that fit, the longer one is meant.
fn split(name: &str) -> Option<(String, &'static str)> {
    let rest = name.strip_prefix(PREFIX)?;
    let fits = |key: &&'static str| {
        rest.strip_suffix(*key).is_some_and(|source| source.len() > 1 && source.ends_with('_'))
    };
    let key = keys().filter(fits).max_by_key(|key| key.len())?;
    let source = &rest[..rest.len() - key.len() - 1];
    Some((source.to_ascii_lowercase().replace('_', "-"), key))
}

fn env_name(source: &str, key: &str) -> String {
    format!("{PREFIX}{}_{key}", source.to_ascii_uppercase().replace('-', "_"))
}

/// Lower-case letters, digits and hyphens, so that a name is the same in a path, a variable and the file.
fn is_name(text: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text.chars().all(is_fine)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl RawSources {
    /// Whether a variable of the environment is about a source.
    pub(super) fn takes(&self, name: &str) -> bool {
        split(name).is_some()
    }

    /// Takes a variable of the environment; it wins over the file.
    pub(super) fn take_variable(&mut self, name: &str, value: &str) {
        if let Some((source, key)) = split(name) {
            let value = (value.trim().to_owned(), Source::Environment);
            self.0.entry(source).or_default().insert(key, value);
        }
    }

    /// What is in force.
    pub(super) fn shown(&self) -> impl Iterator<Item = Shown> {
        self.0.iter().flat_map(|(name, values)| {
            values.iter().map(move |(key, (value, source))| Shown {
                name: env_name(name, key),
                value: if *key == "SECRETS" { "(secret)".to_owned() } else { value.clone() },
                source: source.to_string(),
            })
        })
    }
}

impl Raw {
    /// Takes the table `webhooks` of the file.
    pub(super) fn take_sources(&mut self, value: &toml::Value) {
        const GOOD: &str = "[webhooks.sources.square-main]";
        let Some(table) = value.as_table() else { return self.fault("webhooks", "must be a table", GOOD) };
        for key in table.keys().filter(|key| *key != "sources") {
            self.unknown(&format!("webhooks.{key}"), std::iter::once("webhooks.sources".to_owned()));
        }
        let Some(sources) = table.get("sources") else { return };
        let Some(sources) = sources.as_table() else {
            return self.fault("webhooks.sources", "must be a table of tables", GOOD);
        };
        for (name, values) in sources {
            let place = format!("webhooks.sources.{name}");
            if !is_name(name) {
                let problem =
                    format!("must be named by up to {NAME_CHARS_MAX} lower-case letters, digits and hyphens");
                self.fault(&place, problem, "square-main");
                continue;
            }
            let Some(values) = values.as_table() else {
                self.fault(&place, "must be a table", GOOD);
                continue;
            };
            self.take_source(name, values);
        }
    }

    fn take_source(&mut self, name: &str, values: &toml::Table) {
        let mut taken = Values::new();
        for (key, value) in values {
            let place = format!("webhooks.sources.{name}.{key}");
            let Some(known) = keys().find(|known| known.to_ascii_lowercase() == *key) else {
                let known =
                    keys().map(|known| format!("webhooks.sources.{name}.{}", known.to_ascii_lowercase()));
                self.unknown(&place, known);
                continue;
            };
            match file_text(value) {
                Some(text) if text.trim().is_empty() => {}
                Some(text) => {
                    taken.insert(known, (text.trim().to_owned(), Source::File));
                }
                None => self.fault(&place, NOT_PLAIN, example(known)),
            }
        }
        self.sources.0.insert(name.to_owned(), taken);
    }
}

fn example(key: &str) -> &'static str {
    variable(&format!("{SOURCE_PREFIX}{key}")).map_or("", |variable| variable.example)
}

/// Turns the values of every source into types, and refuses what can't work or is unsafe.
pub(super) fn read(raw: &mut Raw, environment: Environment) -> Vec<WebhookSource> {
    for variable in VARIABLES.iter().filter(|variable| variable.name.starts_with(SOURCE_PREFIX)) {
        raw.note_read(variable.name);
    }
    let all = std::mem::take(&mut raw.sources);
    let sources = all
        .0
        .iter()
        .filter_map(|(name, values)| {
            Reader { raw: &mut *raw, name, values, asked: Vec::new(), environment }.source()
        })
        .collect();
    raw.sources = all;
    sources
}

/// One source on its way into types.
struct Reader<'a> {
    raw: &'a mut Raw,
    name: &'a str,
    values: &'a Values,
    asked: Vec<&'static str>,
    environment: Environment,
}

impl Reader<'_> {
    fn wrong(&mut self, key: &str, problem: impl Into<String>) {
        self.raw.fault(&env_name(self.name, key), problem, example(key));
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        self.asked.push(key);
        self.values.get(key).map(|(text, _)| text.clone())
    }

    fn required(&mut self, key: &'static str, kind: &str) -> String {
        let text = self.text(key);
        if text.is_none() {
            self.wrong(key, format!("must be set for a source of kind {kind}"));
        }
        text.unwrap_or_default()
    }

    fn flag(&mut self, key: &'static str, default: bool) -> bool {
        match self.text(key).as_deref() {
            None => default,
            Some("true" | "1" | "yes" | "on") => true,
            Some("false" | "0" | "no" | "off") => false,
            Some(_) => {
                self.wrong(key, "must be true or false");
                default
            }
        }
    }

    fn header(&mut self, key: &'static str, kind: &str) -> String {
        let text = self.required(key, kind).to_ascii_lowercase();
        self.check_header(key, &text);
        text
    }

    fn check_header(&mut self, key: &'static str, text: &str) {
        if !text.is_empty() && !text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            self.wrong(key, "must be the name of a header");
        }
    }

    fn source(mut self) -> Option<WebhookSource> {
        if !is_name(self.name) {
            self.wrong("KIND", "must belong to a source named by letters, digits and single underscores");
            return None;
        }
        let kind = self.text("KIND").unwrap_or_default();
        let scheme = self.scheme(&kind)?;
        let is_enabled = self.flag("ENABLED", true);
        let (window, tolerance) = self.replay(scheme.signs_time());
        let mut source = WebhookSource::new(self.name.to_owned(), scheme).replay(window, tolerance);
        if !is_enabled {
            source = source.disabled();
        }
        let source = self.secrets(source, is_enabled);
        let foreign: Vec<_> = self.values.keys().filter(|key| !self.asked.contains(key)).copied().collect();
        for key in foreign {
            self.wrong(key, format!("means nothing for a source of kind {kind}"));
        }
        source
    }

    fn scheme(&mut self, kind: &str) -> Option<Scheme> {
        Some(match kind {
            "square" => Scheme::Square { notification_url: self.notification_url() },
            "stripe" => {
                Scheme::Stripe { livemode: self.flag("LIVEMODE", self.environment == Environment::Prod) }
            }
            "standard" => Scheme::Standard,
            "generic" => {
                let header = self.header("HEADER", kind);
                let encoding = match self.text("ENCODING").as_deref() {
                    None | Some("hex") => Encoding::Hex,
                    Some("base64") => Encoding::Base64,
                    Some(_) => {
                        self.wrong("ENCODING", "must be hex or base64");
                        Encoding::Hex
                    }
                };
                let timestamp_header = self.text("TIMESTAMP_HEADER").map(|text| text.to_ascii_lowercase());
                if let Some(name) = &timestamp_header {
                    self.check_header("TIMESTAMP_HEADER", name);
                }
                Scheme::Generic { header, encoding, timestamp_header }
            }
            "shared_secret" => {
                if self.environment.is_strict() {
                    self.wrong("KIND", "must not be shared_secret in staging and prod: nothing is signed");
                }
                Scheme::SharedSecret { header: self.header("HEADER", kind) }
            }
            _ => {
                self.wrong("KIND", KINDS);
                return None;
            }
        })
    }

    /// Kept as it was written: Square signs the text, not what it means.
    fn notification_url(&mut self) -> String {
        let text = self.required("NOTIFICATION_URL", "square");
        let is_fine = Url::parse(&text).is_ok_and(|url| {
            let is_plain_allowed = !self.environment.is_strict() && url.scheme() == "http";
            (url.scheme() == "https" || is_plain_allowed) && url.host_str().is_some()
        });
        if !text.is_empty() && !is_fine {
            self.wrong("NOTIFICATION_URL", "must be an https URL (plain http only in dev)");
        }
        text
    }

    fn replay(&mut self, signs_time: bool) -> (ReplayWindow, Duration) {
        let window = match self.text("REPLAY_WINDOW").as_deref() {
            // Whoever signs a time is held to it anyway.
            Some("strict") => ReplayWindow::Strict,
            Some("default") if signs_time => ReplayWindow::Strict,
            None | Some("default") => ReplayWindow::Default,
            Some(_) => {
                self.wrong("REPLAY_WINDOW", "must be default or strict");
                ReplayWindow::Strict
            }
        };
        let longest = *TOLERANCE_SECONDS.end();
        let seconds = self.text("TOLERANCE_SECONDS").map(|text| text.parse::<u64>());
        let seconds = match seconds {
            None => longest,
            Some(Ok(seconds)) if TOLERANCE_SECONDS.contains(&seconds) => seconds,
            Some(_) => {
                self.wrong("TOLERANCE_SECONDS", "must be a number of seconds from 10 to 300");
                longest
            }
        };
        (window, Duration::from_secs(seconds))
    }

    /// Adds the secrets; none of them is ever repeated in a fault.
    fn secrets(&mut self, mut source: WebhookSource, is_enabled: bool) -> Option<WebhookSource> {
        let strict = self.environment.is_strict();
        let text = self.text("SECRETS").unwrap_or_default();
        let secrets: Vec<_> = text.split(',').map(str::trim).filter(|secret| !secret.is_empty()).collect();
        if secrets.is_empty() && strict && is_enabled {
            self.wrong("SECRETS", "must be set in staging and prod, or the source be switched off");
        }
        for secret in secrets {
            if strict && check::is_well_known(&secret.to_ascii_lowercase()) {
                self.wrong("SECRETS", "looks like a value from an example");
            }
            source = match source.secret(&SecretString::from(secret)) {
                Ok(source) => source,
                Err(fault) => {
                    self.wrong("SECRETS", fault.to_string());
                    return None;
                }
            };
        }
        Some(source)
    }
}
