//! Secrets in the history: what was ever committed is public to whoever may read the repository, deleted or not.

mod allowlist;
mod history;
mod place;
mod rules;
mod scan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::{allowlist::Allowlist, history::Object, scan::Scanner};
use crate::{
    check::{Ended, Outcome, Priority, Reference},
    limits, redact,
    repo::{Hand, RepoCheck, Run, found},
};

pub(super) const CHECKS: &[&RepoCheck] = &[&CHECK];

static CHECK: RepoCheck = RepoCheck {
    id: "secrets.history",
    title: "No secret was ever committed, on any branch or tag",
    promises: &["OPS-9"],
    priority: Priority::P0,
    references: &[Reference::Asvs("13.3.1"), Reference::Cwe(798), Reference::Cwe(540)],
    run: Run::Offline(run),
};

/// A secret that was found, and where.
struct Suspect {
    object: String,
    line: usize,
    /// Which rule found it, in words.
    what: &'static str,
    rule: &'static str,
    /// Never leaves this module but for its last characters.
    secret: String,
}

fn run(hand: &Hand) -> Outcome {
    let repository = &hand.repository;
    if repository.commit.is_empty() {
        return Err(Ended::NotApplicable("nothing was committed yet".to_owned()));
    }
    if repository.is_shallow {
        return Err(Ended::Unanswerable(
            "the history is cut off; fetch it whole (`fetch-depth: 0`)".to_owned(),
        ));
    }
    let (allowlist, mut findings) = Allowlist::of(repository);
    let scanner = Scanner::get().map_err(|error| Ended::error(format!("a rule can't be read: {error}")))?;
    let mut suspects = Vec::new();
    let counts = history::each(&repository.root, |object: &Object<'_>| {
        if object.number.is_multiple_of(limits::SECRET_OBJECTS_PER_WORD) {
            hand.progress.say(&format!("history {} of {}", object.number, object.of));
        }
        suspects.extend(scanner.scan(object.bytes).map(|hit| Suspect {
            object: object.id.to_owned(),
            line: hit.line,
            what: hit.rule.what,
            rule: hit.rule.id,
            secret: hit.secret,
        }));
    })
    .map_err(|error| Ended::error(format!("{error:#}")))?;
    // By reason, so that each exception shows how much it lets through.
    let mut allowed = BTreeMap::<String, usize>::new();
    let places = place::of(&repository.root, suspects.iter().map(|suspect| suspect.object.as_str()))
        .map_err(|error| Ended::error(format!("{error:#}")))?;
    for suspect in &suspects {
        let nowhere = vec![place::Place::of_message(&suspect.object)];
        for place in places.get(&suspect.object).unwrap_or(&nowhere) {
            if let Some(reason) = allowlist.reason(&place.path, &suspect.secret) {
                *allowed.entry(reason.to_owned()).or_default() += 1;
                continue;
            }
            let what = format!(
                "{} ({}, ends {}), since commit {}: revoke it; deleting it does not help",
                suspect.what,
                suspect.rule,
                redact::tail(&suspect.secret),
                place.commit.get(..12).unwrap_or(&place.commit),
            );
            findings.push(found(&place.path, suspect.line, what));
        }
    }
    for (reason, count) in &allowed {
        hand.recorder.note(format!("{count} allowed: {reason}"));
    }
    if counts.too_long > 0 {
        let mib = limits::SECRET_OBJECT_BYTES_MAX >> 20;
        hand.recorder.note(format!("{} objects over {mib} MiB were not searched", counts.too_long));
    }
    hand.judge(findings, || {
        let excepted = allowed.values().sum::<usize>();
        let mib = counts.bytes >> 20;
        format!(
            "{} objects ({mib} MiB) searched with {} rules; {excepted} allowed with a reason",
            counts.searched,
            rules::RULES.len()
        )
    })
}
