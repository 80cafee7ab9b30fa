//! The faults: each makes exactly one check fail, and says in the report what was found.

use super::{Fixture, Run, ids, run, wrong};

struct Fault {
    /// The check that has to fail.
    check: &'static str,
    /// What it has to say.
    says: &'static str,
    make: fn(&Fixture),
}

const CI: &str = ".github/workflows/ci.yml";
const MAIN: &str = ".github/rulesets/main.json";

const fn fault(check: &'static str, says: &'static str, make: fn(&Fixture)) -> Fault {
    Fault { check, says, make }
}

/// A workflow beside the one there is.
fn workflow(fixture: &Fixture, on: &str, steps: &str) {
    let head = "permissions: {}\njobs:\n  other:\n    runs-on: ubuntu-24.04\n    steps:\n";
    fixture.write(".github/workflows/other.yml", &format!("on: {on}\n{head}{steps}"));
}

/// Made up, and put together here so that no scanner takes this file for a leak.
fn secret() -> String {
    format!("ghp_{}", "a1B2c3D4e5F6g7H8i9".repeat(2))
}

const FAULTS: &[Fault] = &[
    fault("workflows.pinned-actions", "is a tag or a branch", |fixture| {
        fixture.replace(CI, "@11bd71901bbe5b1630ceea73d27597364c9af683", "@v4");
    }),
    fault("workflows.pinned-actions", "without its digest", |fixture| {
        fixture.write("action.yml", "runs:\n  using: composite\n  steps:\n    - uses: docker://alpine:3\n");
    }),
    fault("workflows.permissions", "contents: write", |fixture| {
        fixture.replace(CI, "contents: read", "contents: write");
    }),
    fault("workflows.permissions", "neither the workflow nor the job", |fixture| {
        fixture.replace(CI, "permissions:\n  contents: read\n", "");
    }),
    fault("workflows.permissions", "may write everything", |fixture| {
        fixture.replace(CI, "    name: build\n", "    name: build\n    permissions: write-all\n");
    }),
    fault("workflows.untrusted-checkout", "runs on `pull_request_target`", |fixture| {
        let commit = "a".repeat(40);
        let with = "persist-credentials: false\n          ref: ${{ github.event.pull_request.head.sha }}";
        let step = format!("      - uses: actions/checkout@{commit}\n        with:\n          {with}\n");
        workflow(fixture, "[pull_request_target]", &step);
    }),
    fault("workflows.untrusted-checkout", "runs on `issue_comment`", |fixture| {
        workflow(fixture, "issue_comment", "      - run: gh pr checkout 1 && make\n");
    }),
    fault("workflows.script-injection", "github.event.issue.title", |fixture| {
        workflow(fixture, "issues", "      - run: echo ${{ github.event.issue.title }}\n");
    }),
    fault("workflows.script-injection", "github.head_ref", |fixture| {
        let commit = "a".repeat(40);
        let script = "script: console.log('${{ github.head_ref }}')";
        let step =
            format!("      - uses: actions/github-script@{commit}\n        with:\n          {script}\n");
        workflow(fixture, "pull_request", &step);
    }),
    fault("workflows.checkout-token", "persist-credentials: false", |fixture| {
        fixture.replace(CI, "persist-credentials: false", "fetch-depth: 1");
    }),
    fault("rules.protected-branch", "no `non_fast_forward` rule", |fixture| {
        fixture.replace(MAIN, "{ \"type\": \"non_fast_forward\" },", "");
    }),
    fault("rules.protected-branch", "needs no review", |fixture| {
        fixture.replace(
            MAIN,
            "\"required_approving_review_count\": 1",
            "\"required_approving_review_count\": 0",
        );
    }),
    fault("rules.protected-branch", "may always pass the rules by", |fixture| {
        let actor = r#""bypass_actors": [{ "actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always" }]"#;
        fixture.replace(MAIN, "\"bypass_actors\": []", actor);
    }),
    fault("rules.required-checks", "no job is called that", |fixture| {
        fixture.replace(MAIN, "\"context\": \"build\"", "\"context\": \"bulid\"");
    }),
    fault("rules.required-checks", "does not run on every pull request", |fixture| {
        fixture.replace(CI, "  pull_request:\n", "  pull_request:\n    paths: [src]\n");
    }),
    fault("rules.required-checks", "does not run on every pull request", |fixture| {
        fixture.replace(CI, "  pull_request:\n", "  pull_request:\n    types: [opened]\n");
    }),
    fault("rules.required-checks", "no job is called that", |fixture| {
        fixture.replace(CI, "    name: build\n", "    name: ${{ matrix.name }}\n");
    }),
    fault("rules.required-checks", "no check is required", |fixture| {
        fixture.replace(MAIN, "[{ \"context\": \"build\" }]", "[]");
    }),
    fault("rules.signed-commits", "no `required_signatures` rule", |fixture| {
        fixture.replace(MAIN, "{ \"type\": \"required_signatures\" },", "");
    }),
    fault("rules.push-protection", "is not enabled", |fixture| {
        let (on, off) =
            ("push_protection\": { \"status\": \"enabled\"", "push_protection\": { \"status\": \"disabled\"");
        fixture.replace(".github/rulesets/security.json", on, off);
    }),
    fault("dependencies.lock-files", "has no lock file", |fixture| {
        fixture.write("tool/package.json", r#"{ "dependencies": { "x": "1" } }"#);
    }),
    fault("dependencies.lock-files", "is not of this web/package.json", |fixture| {
        fixture.replace("web/package.json", "^5.0.0", "^6.0.0");
    }),
    fault("dependencies.lock-files", "has no hash", |fixture| {
        fixture.replace("web/package-lock.json", ", \"integrity\": \"sha512-AA==\"", "");
    }),
    fault("dependencies.lock-files", "anyhow is missing", |fixture| {
        fixture.replace("Cargo.toml", "serde = \"1\"", "serde = \"1\"\nanyhow = \"1\"");
    }),
    fault("dependencies.lock-files", "no longer asks for", |fixture| {
        fixture.replace("Cargo.toml", "serde = \"1\"\n", "");
    }),
    fault("dependencies.lock-files", "has no checksum", |fixture| {
        fixture.replace("Cargo.lock", "checksum = \"00\"\n", "");
    }),
    fault("dependencies.lock-files", "has no go.sum", |fixture| {
        fixture.write("tool/go.mod", "module x\nrequire y v1.0.0\n");
    }),
    fault("dependencies.updates", "nothing watches npm in /web", |fixture| {
        fixture.replace(".github/dependabot.yml", "[/web]", "[/]");
    }),
    fault("dependencies.updates", "nothing watches docker in /", |fixture| {
        fixture.write("Dockerfile", "FROM scratch\n");
    }),
    fault("secrets.history", "a GitHub token", |fixture| {
        fixture.write("src/config.rs", &format!("const TOKEN: &str = \"{}\";\n", secret()));
    }),
    fault("secrets.history", "src/config.rs:1", |fixture| {
        fixture.write("src/config.rs", &format!("const TOKEN: &str = \"{}\";\n", secret()));
        fixture.commit("leak");
        fixture.remove("src/config.rs");
    }),
    fault("secrets.history", "a GitHub token", |fixture| {
        fixture.git(&["switch", "--quiet", "--create", "aside"]);
        fixture.write("notes", &secret());
        fixture.commit("leak on another branch");
        fixture.git(&["switch", "--quiet", "main"]);
    }),
    fault("secrets.history", "(message)", |fixture| fixture.commit(&format!("use {}", secret()))),
    fault("secrets.history", "src/config.rs", |fixture| {
        // The same content where it is allowed and where it is not.
        fixture
            .write(".gitleaks.toml", "[[allowlists]]\ndescription = \"made up\"\npaths = ['''^tests/''']\n");
        fixture.write("tests/config.rs", &secret());
        fixture.write("src/config.rs", &secret());
    }),
    fault("secrets.history", "has no reason", |fixture| {
        fixture.write(".gitleaks.toml", "[[allowlists]]\npaths = ['''^tests/''']\n");
    }),
    fault("policy.security", "there is none", |fixture| fixture.remove("SECURITY.md")),
    fault("policy.security", "does not say how", |fixture| fixture.write("SECURITY.md", "We are secure.\n")),
    fault("policy.licence", "there is no licence", |fixture| fixture.remove("LICENSE")),
    fault("policy.licence", "names Apache-2.0", |fixture| {
        fixture.replace("Cargo.toml", "license = \"MIT\"", "license = \"MIT OR Apache-2.0\"");
    }),
];

#[tokio::test]
async fn each_fault_fails_its_check_and_no_other() {
    for Fault { check, says, make } in FAULTS {
        let fixture = Fixture::clean();
        make(&fixture);
        fixture.commit("a fault");
        let wrong = wrong(&run(&fixture, None).await);
        assert_eq!(wrong.len(), 1, "{check} ({says}): {wrong:#?}");
        assert!(
            wrong[0].starts_with(&format!("{check}: fail: ")) && wrong[0].contains(says),
            "{says}: {wrong:#?}"
        );
        assert!(!wrong[0].contains(&secret()), "the report leaks what it found: {wrong:?}");
    }
}

#[test]
fn every_offline_check_has_a_fault() {
    for id in ids(|check| matches!(check.run, Run::Offline(_))) {
        assert!(FAULTS.iter().any(|fault| fault.check == id), "{id} can't be seen to fail");
    }
}

#[tokio::test]
async fn an_allowed_secret_passes_with_its_reason_in_the_evidence() {
    let fixture = Fixture::clean();
    fixture.write(
        ".gitleaks.toml",
        "[[allowlists]]\ndescription = \"made up by tests\"\npaths = ['''^tests/''']\n",
    );
    fixture.write("tests/config.rs", &secret());
    fixture.commit("allowed");
    let reports = run(&fixture, None).await;
    assert_eq!(wrong(&reports), [""; 0]);
    let report = reports.iter().find(|report| report.id == "secrets.history").unwrap();
    assert_eq!(report.evidence.notes, ["1 allowed: made up by tests"]);
}

#[tokio::test]
async fn a_history_that_is_cut_off_is_no_answer() {
    let (fixture, clone) = (Fixture::clean(), tempfile::tempdir().unwrap());
    fixture.commit("more");
    let from = format!("file://{}", fixture.root().display());
    fixture.git(&["clone", "--quiet", "--depth=1", &from, clone.path().to_str().unwrap()]);
    let repository = std::sync::Arc::new(super::Repository::open(clone.path()).unwrap());
    let progress = super::Progress::new(0, true);
    let token = tokio_util::sync::CancellationToken::new();
    let reports = super::super::run(&super::all(), &repository, None, &progress, &token).await;
    let report = reports.iter().find(|report| report.id == "secrets.history").unwrap();
    assert!(report.unanswerable && report.reason.contains("cut off"), "{}", report.reason);
}
