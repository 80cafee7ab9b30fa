//! Code without a licence may be used by nobody; a manifest that names another licence than the files is a trap.

use std::collections::BTreeSet;

use crate::{
    check::{Outcome, Priority, Reference},
    repo::{Hand, RepoCheck, Repository, Run, found, repository::split},
};

pub(super) static CHECK: RepoCheck = RepoCheck {
    id: "policy.licence",
    title: "The licence lies at the root and is the one that the manifests name",
    promises: &["OPS-9"],
    priority: Priority::P2,
    references: &[Reference::Scorecard("License")],
    run: Run::Offline(run),
};

/// SPDX ids and words that only that licence's text has.
const KNOWN: &[(&str, &str)] = &[
    ("MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("Apache-2.0", "apache license"),
    ("MPL-2.0", "mozilla public license version 2.0"),
    ("AGPL-3.0", "gnu affero general public license"),
    ("LGPL-3.0", "gnu lesser general public license"),
    ("GPL-3.0", "gnu general public license"),
    ("BSD-3-Clause", "redistribution and use in source and binary forms"),
    ("ISC", "permission to use, copy, modify, and/or distribute this software"),
    ("Unlicense", "this is free and unencumbered software"),
];

fn run(hand: &Hand) -> Outcome {
    let files = hand.repository.in_folder("").filter(|path| is_licence(path)).collect::<Vec<_>>();
    if files.is_empty() {
        return hand.judge(vec![found("LICENSE", 0, "there is no licence at the root")], String::new);
    }
    let texts = files.iter().filter_map(|path| hand.repository.text(path)).collect::<Vec<_>>();
    let texts = texts.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase());
    let texts = texts.collect::<Vec<_>>();
    let mut findings = Vec::new();
    if texts.iter().all(String::is_empty) {
        findings.push(found(files[0], 0, "it is empty"));
    }
    for (path, id) in named(&hand.repository) {
        let Some((_, words)) = KNOWN.iter().find(|(known, _)| id.starts_with(known)) else { continue };
        if !texts.iter().any(|text| text.contains(words)) {
            findings.push(found(&path, 0, format!("names {id}, whose text is not at the root")));
        }
    }
    hand.judge(findings, || format!("{} at the root", files.join(", ")))
}

fn is_licence(path: &str) -> bool {
    let name = split(path).1.to_ascii_uppercase();
    ["LICENSE", "LICENCE", "COPYING", "UNLICENSE"].iter().any(|start| name.starts_with(start))
}

/// Licences that the manifests at the root name, each with its manifest.
fn named(repository: &Repository) -> BTreeSet<(String, String)> {
    let cargo = repository.text("Cargo.toml").and_then(|text| text.parse::<toml::Table>().ok());
    let of_cargo = cargo.as_ref().and_then(|manifest| {
        let package = manifest.get("package").or_else(|| manifest.get("workspace")?.get("package"))?;
        Some(("Cargo.toml", package.get("license")?.as_str()?.to_owned()))
    });
    let npm = repository
        .text("package.json")
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let of_npm = npm
        .as_ref()
        .and_then(|manifest| Some(("package.json", manifest.get("license")?.as_str()?.to_owned())));
    let expressions = [of_cargo, of_npm].into_iter().flatten();
    expressions
        .flat_map(|(path, expression)| {
            let words = expression
                .split([' ', '(', ')', '/'])
                .filter(|word| !matches!(*word, "" | "OR" | "AND" | "WITH"));
            words.map(|id| (path.to_owned(), id.to_owned())).collect::<Vec<_>>()
        })
        .collect()
}
