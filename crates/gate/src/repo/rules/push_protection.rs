//! A secret that is stopped at the push needs no rotation.

use serde_json::Value;

use super::{FOLDER, NEEDED_SETTINGS, load};
use crate::{
    check::{Outcome, Priority, Reference},
    repo::{Hand, RepoCheck, Run, found},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "rules.push-protection",
    title: "Secret scanning with push protection is part of the repository's settings",
    promises: &["OPS-9"],
    priority: Priority::P1,
    references: &[Reference::Cwe(798), Reference::Asvs("13.3.1")],
    run: Run::Offline(run),
};

fn run(hand: &Hand) -> Outcome {
    let (files, mut findings) = load(&hand.repository);
    let settings = files.iter().find(|file| file.value.get("security_and_analysis").is_some());
    let Some(file) = settings else {
        findings.push(found(FOLDER, 0, "no file has `security_and_analysis` in it"));
        return hand.judge(findings, String::new);
    };
    for name in NEEDED_SETTINGS {
        let status =
            file.value.pointer(&format!("/security_and_analysis/{name}/status")).and_then(Value::as_str);
        if status != Some("enabled") {
            findings.push(found(&file.path, file.line_of(name), format!("`{name}` is not enabled")));
        }
    }
    hand.judge(findings, || format!("{} switches both on", file.path))
}
