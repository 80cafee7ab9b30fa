//! Finds secrets in a text: a keyword first (one pass for all of them), then the pattern of its rule around it, then whether it is
//! random enough, and no placeholder.

use std::{collections::BTreeSet, sync::LazyLock};

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{Regex, RegexBuilder};

use super::rules::{PLACEHOLDERS, RULES, Rule};
use crate::limits;

/// Memory that one compiled pattern may take.
const PATTERN_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The rules, compiled.
pub(super) struct Scanner {
    keywords: AhoCorasick,
    /// The rule of each keyword.
    rule_of: Vec<usize>,
    patterns: Vec<Regex>,
}

/// Compiling takes a while, so it is done once.
static SCANNER: LazyLock<anyhow::Result<Scanner>> = LazyLock::new(Scanner::new);

/// One find.
pub(super) struct Hit {
    pub(super) rule: &'static Rule,
    /// From one.
    pub(super) line: usize,
    pub(super) secret: String,
}

impl Scanner {
    /// # Errors
    /// When a rule can't be compiled.
    pub(super) fn get() -> Result<&'static Self, String> {
        SCANNER.as_ref().map_err(|error| format!("{error:#}"))
    }

    fn new() -> anyhow::Result<Self> {
        let mut rule_of = Vec::new();
        let mut words = Vec::new();
        for (index, rule) in RULES.iter().enumerate() {
            for word in rule.keywords {
                rule_of.push(index);
                words.push(*word);
            }
        }
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(words)?;
        let compile = |rule: &Rule| {
            RegexBuilder::new(rule.pattern).unicode(false).size_limit(PATTERN_BYTES_MAX).build()
        };
        let patterns = RULES.iter().map(compile).collect::<Result<_, _>>()?;
        Ok(Self { keywords, rule_of, patterns })
    }

    /// Every secret in a text, each once.
    pub(super) fn scan(&self, bytes: &[u8]) -> impl Iterator<Item = Hit> {
        let mut hits = Vec::new();
        let mut seen = BTreeSet::new();
        for keyword in self.keywords.find_overlapping_iter(bytes) {
            let index = self.rule_of[keyword.pattern().as_usize()];
            let start = keyword.start().saturating_sub(limits::SECRET_BYTES_BEFORE);
            let end = keyword.end().saturating_add(limits::SECRET_BYTES_AFTER).min(bytes.len());
            for captures in self.patterns[index].captures_iter(&bytes[start..end]) {
                let Some(found) = captures.get(1).or_else(|| captures.get(0)) else { continue };
                if !seen.insert((index, start + found.start())) {
                    continue;
                }
                let secret = String::from_utf8_lossy(found.as_bytes()).into_owned();
                let whole = String::from_utf8_lossy(&captures[0]).into_owned();
                if is_secret(&RULES[index], &secret, &whole) {
                    let line =
                        1 + bytes[..start + found.start()].iter().filter(|byte| **byte == b'\n').count();
                    hits.push(Hit { rule: &RULES[index], line, secret });
                }
            }
        }
        // The general rule stands back where another knows what it is.
        let named =
            hits.iter().filter(|hit| !hit.rule.is_general).map(|hit| hit.line).collect::<BTreeSet<_>>();
        hits.into_iter().filter(move |hit| !hit.rule.is_general || !named.contains(&hit.line))
    }
}

fn is_secret(rule: &Rule, secret: &str, whole: &str) -> bool {
    if entropy(secret) < rule.entropy_min {
        return false;
    }
    if rule.is_general
        && !(secret.bytes().any(|b| b.is_ascii_digit()) && secret.bytes().any(|b| b.is_ascii_alphabetic()))
    {
        return false;
    }
    let lower = whole.to_ascii_lowercase();
    !PLACEHOLDERS.iter().any(|word| lower.contains(word))
}

/// Bits per character (Shannon): about 3.5 to 4 for random hexadecimal digits, 5 and more for base64, 3 and less for words.
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let share = |count: u32| f64::from(count) / length;
    counts.iter().filter(|count| **count > 0).map(|count| -share(*count) * share(*count).log2()).sum()
}
