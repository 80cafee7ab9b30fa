//! A small repository in a temporary folder.

use std::{fs, path::Path, process::Command};

const COMMIT: &str = "11bd71901bbe5b1630ceea73d27597364c9af683";

const WORKFLOW: &str = "\
name: ci
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  build:
    name: build
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@COMMIT # v4
        with:
          persist-credentials: false
      - run: echo \"${{ github.event.pull_request.number }}\"
      - run: echo \"$TITLE\"
        env:
          TITLE: ${{ github.event.pull_request.title }}
";

const RULES: &str = r#"{
  "name": "main",
  "target": "branch",
  "enforcement": "active",
  "conditions": { "ref_name": { "include": ["~DEFAULT_BRANCH"], "exclude": [] } },
  "bypass_actors": [],
  "rules": [
    { "type": "deletion" },
    { "type": "non_fast_forward" },
    { "type": "required_signatures" },
    { "type": "pull_request", "parameters": { "required_approving_review_count": 1 } },
    { "type": "required_status_checks", "parameters": { "required_status_checks": [{ "context": "build" }] } }
  ]
}
"#;

const SECURITY: &str = r#"{ "security_and_analysis": {
  "secret_scanning": { "status": "enabled" },
  "secret_scanning_push_protection": { "status": "enabled" }
} }
"#;

const DEPENDABOT: &str = "\
version: 2
updates:
  - package-ecosystem: cargo
    directory: /
    schedule: { interval: weekly }
  - package-ecosystem: npm
    directories: [/web]
    schedule: { interval: weekly }
  - package-ecosystem: github-actions
    directory: /
    schedule: { interval: weekly }
";

const CARGO: &str =
    "[package]\nname = \"app\"\nversion = \"1.0.0\"\nlicense = \"MIT\"\n\n[dependencies]\nserde = \"1\"\n";
const CARGO_LOCK: &str = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"1.0.0\"\ndependencies = [\n \"serde\",\n]\n\n[[package]]\n\
    name = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"00\"\n";
const NPM: &str = r#"{ "name": "web", "dependencies": { "svelte": "^5.0.0" } }"#;
const NPM_LOCK: &str = r#"{ "name": "web", "lockfileVersion": 3, "packages": {
  "": { "name": "web", "dependencies": { "svelte": "^5.0.0" } },
  "node_modules/svelte": { "version": "5.0.0", "resolved": "https://registry.npmjs.org/svelte/-/svelte-5.0.0.tgz", "integrity": "sha512-AA==" }
} }"#;
const MIT: &str = "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\nof this software.\n";

/// The repository.
pub(super) struct Fixture(tempfile::TempDir);

impl Fixture {
    /// One in which all is well.
    pub(super) fn clean() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fixture.git(&["init", "--quiet", "--initial-branch=main"]);
        let workflow = WORKFLOW.replace("COMMIT", COMMIT);
        for (path, text) in [
            (".github/workflows/ci.yml", workflow.as_str()),
            (".github/rulesets/main.json", RULES),
            (".github/rulesets/security.json", SECURITY),
            (".github/dependabot.yml", DEPENDABOT),
            ("Cargo.toml", CARGO),
            ("Cargo.lock", CARGO_LOCK),
            ("web/package.json", NPM),
            ("web/package-lock.json", NPM_LOCK),
            ("LICENSE", MIT),
            ("SECURITY.md", "Report in private to security@example.org.\n"),
            ("src/main.rs", "fn main() {}\n"),
        ] {
            fixture.write(path, text);
        }
        fixture.commit("begin");
        fixture
    }

    pub(super) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let file = self.root().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    pub(super) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}");
        self.write(path, &text.replace(from, to));
    }

    pub(super) fn remove(&self, path: &str) {
        fs::remove_file(self.root().join(path)).unwrap();
    }

    pub(super) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    pub(super) fn git(&self, arguments: &[&str]) {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.root())
            .args([
                "-c",
                "user.name=Nobody",
                "-c",
                "user.email=nobody@example.org",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
