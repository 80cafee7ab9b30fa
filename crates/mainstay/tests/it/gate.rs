//! `mainstay gate` against a real server: whom it makes for its attacks is gone afterwards, whatever happened meanwhile.

use std::process::{Output, Stdio};

use serde_json::Value;
use sqlx::{Connection, SqliteConnection};

use crate::harness::{Node, Scratch, TEST_AUTH, eventually, signal_process, stderr};

/// Exit codes of the gate: a launch may go ahead; the run did not come to its end.
const OPEN: i32 = 0;
const CUT_SHORT: i32 = 2;

fn scratch(test_mode: bool) -> Scratch {
    let mut scratch = Scratch::sqlite();
    if test_mode {
        scratch.set("TEST_MODE", "true");
        scratch.set("MAINSTAY_TEST_AUTH", TEST_AUTH);
    }
    scratch
}

fn url(node: &Node) -> String {
    format!("http://localhost:{}", node.port)
}

/// Runs the gate to its end on a thread of its own, so that this one can go on.
async fn gate(scratch: &Scratch, node: &Node, arguments: &[&str]) -> Output {
    let url = url(node);
    let mut command = scratch.command(&[&["gate", &url, "--json"], arguments].concat());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {}", stderr(output)))
}

async fn members(scratch: &Scratch) -> i64 {
    let url = format!("sqlite:{}?mode=ro", scratch.database_file().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query_scalar("SELECT COUNT(*) FROM members").fetch_one(&mut connection).await.unwrap()
}

fn verdict<'a>(report: &'a Value, id: &str) -> &'a str {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no {id}"));
    check["verdict"].as_str().unwrap()
}

#[tokio::test]
async fn gat_1_members_whose_session_or_account_a_check_ended_are_gone_in_the_end() {
    let scratch = scratch(true);
    let node = scratch.serve().await;
    let only =
        ["--only", "sessions.log-out", "--only", "sessions.deletion", "--only", "sessions.refresh-reuse"];
    let output = gate(&scratch, &node, &only).await;
    let report = report(&output);
    for id in ["sessions.log-out", "sessions.deletion", "sessions.refresh-reuse"] {
        assert_eq!(verdict(&report, id), "pass", "{report}");
    }
    assert_eq!(output.status.code(), Some(OPEN));
    assert_eq!(report["cleanup"]["members_made"], 3, "{report}");
    assert_eq!(report["cleanup"]["members_left"], Value::Array(Vec::new()), "{report}");
    assert_eq!(members(&scratch).await, 0);
}

#[tokio::test]
async fn gat_1_an_interrupt_ends_the_run_and_leaves_nobody_behind() {
    let scratch = scratch(true);
    let node = scratch.serve().await;
    // Some of these wait for seconds, so the run can't be over before the interrupt.
    let mut command =
        scratch.command(&["gate", &url(&node), "--json", "--only", "sessions", "--only", "identity"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the gate has made members", || async { members(&scratch).await > 0 }).await;
    signal_process(child.id(), "INT");
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let report = report(&output);
    assert_eq!(report["interrupted"], true);
    assert_eq!(output.status.code(), Some(CUT_SHORT));
    assert_eq!(verdict(&report, "sessions.thief-alternates"), "skip");
    assert_eq!(report["cleanup"]["members_left"], Value::Array(Vec::new()), "{report}");
    assert_eq!(members(&scratch).await, 0);
}

#[tokio::test]
async fn gat_1_members_are_made_by_mailed_codes_or_passkeys_where_there_is_no_test_sign_in() {
    let scratch = scratch(false);
    let node = scratch.serve().await;
    let mailbox = scratch.path().join("data/mail");
    std::fs::create_dir_all(&mailbox).unwrap();
    let mailbox = mailbox.to_str().unwrap();
    for (arguments, by) in [(&["--mailbox", mailbox][..], "e-mail codes"), (&[][..], "passkey")] {
        let only = ["--only", "sessions.log-out", "--only", "sessions.ended-elsewhere"];
        let output = gate(&scratch, &node, &[arguments, &only].concat()).await;
        let report = report(&output);
        assert!(report["members_by"].as_str().unwrap().contains(by), "{report}");
        assert_eq!(verdict(&report, "sessions.log-out"), "pass", "{report}");
        assert_eq!(verdict(&report, "sessions.ended-elsewhere"), "pass", "{report}");
        assert_eq!(report["cleanup"]["members_left"], Value::Array(Vec::new()), "{report}");
        assert_eq!(members(&scratch).await, 0);
    }
}

#[tokio::test]
async fn gat_1_accounts_of_a_file_are_signed_out_and_stay() {
    let scratch = scratch(true);
    let node = scratch.serve().await;
    let lent = node.sign_in("lent").await;
    let file = scratch.path().join("members.toml");
    let token = lent["access_token"].as_str().unwrap();
    std::fs::write(&file, format!("[[member]]\naccess_token = \"{token}\"\n")).unwrap();
    let mut command = scratch.command(&[
        "gate",
        &url(&node),
        "--json",
        "--members",
        file.to_str().unwrap(),
        "--only",
        "sessions.access-token-life",
        "--only",
        "sessions.deletion",
    ]);
    command.env_remove("MAINSTAY_TEST_AUTH");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let report = report(&output);
    assert_eq!(report["members_by"], "1 given accounts", "{report}");
    assert_eq!(verdict(&report, "sessions.deletion"), "skip", "{report}");
    assert_eq!(members(&scratch).await, 1);
    assert_eq!(node.me(token).await, reqwest::StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn gat_1_points_are_given_with_a_lent_key_and_without_one_the_wallet_is_unanswered() {
    let mut scratch = scratch(true);
    scratch.set("MAINSTAY_WALLET_TRANSFERS", "true");
    let node = scratch.serve().await;
    let only = ["--only", "wallet.one-key", "--only", "wallet.parallel-spends"];
    let output = gate(&scratch, &node, &only).await;
    let without = report(&output);
    assert_eq!(verdict(&without, "wallet.one-key"), "skip", "{without}");
    assert_ne!(output.status.code(), Some(OPEN), "what nobody looked at is no launch");

    let made = ["service-keys", "create", "gate", "--scope", "wallet:read", "--scope", "wallet:write"];
    let made = scratch.run(&made);
    let key = String::from_utf8(made.stdout).unwrap();
    scratch.set("MAINSTAY_GATE_SERVICE_KEY", key.trim());
    let output = gate(&scratch, &node, &only).await;
    let with = report(&output);
    for id in ["wallet.one-key", "wallet.parallel-spends"] {
        assert_eq!(verdict(&with, id), "pass", "{with}");
    }
    assert_eq!(output.status.code(), Some(OPEN));
    // Behind the prefix and its end; it may have an underscore of its own.
    let secret = key.trim().splitn(3, '_').nth(2).unwrap();
    assert!(secret.len() > 40, "no secret in a key");
    assert!(!with.to_string().contains(secret), "the report shows the lent key");
    assert_eq!(members(&scratch).await, 0);
}

#[tokio::test]
async fn gat_1_purchases_are_attacked_with_a_lent_source_and_operator_who_stay_as_they_were() {
    // Bytes in base64, without the prefix.
    let key = "Y2FuYXJ5LW9mLXRoZS10aWxsLTdmM2E5Yg==";
    let secret = format!("whsec_{key}");
    let mut scratch = scratch(true);
    scratch.set("MAINSTAY_WEBHOOK_TILL_KIND", "standard");
    scratch.set("MAINSTAY_WEBHOOK_TILL_SECRETS", &secret);
    scratch.set("MAINSTAY_WEBHOOK_SQUARE_KIND", "square");
    scratch.set("MAINSTAY_WEBHOOK_SQUARE_SECRETS", &secret);
    // Behind a proxy the address that Square knows is another than the one that is attacked.
    let square_url = "https://rewards.example.com/v1/webhooks/square";
    scratch.set("MAINSTAY_WEBHOOK_SQUARE_NOTIFICATION_URL", square_url);
    scratch.set("MAINSTAY_WEBHOOK_STRIPE_KIND", "stripe");
    scratch.set("MAINSTAY_WEBHOOK_STRIPE_SECRETS", &secret);
    let node = scratch.serve().await;
    let mailbox = scratch.path().join("data/mail");
    std::fs::create_dir_all(&mailbox).unwrap();
    let member = node.sign_in("operator").await["member"]["id"].as_str().unwrap().to_owned();
    let address = "operator@gate.example";
    prove(&scratch, address).await;
    assert!(scratch.run(&["members", "promote", &member]).status.success());
    let chosen =
        ["purchases.forged-events", "purchases.replay", "purchases.square-address", "purchases.stripe-mode"];
    let run = async |lent: &[(&str, &str)]| {
        let url = url(&node);
        let arguments = ["gate", &url, "--json", "--mailbox", mailbox.to_str().unwrap()];
        let only = chosen.iter().flat_map(|id| ["--only", *id]).collect::<Vec<_>>();
        let mut command = scratch.command(&[&arguments[..], &only].concat());
        command.env_remove("MAINSTAY_TEST_AUTH").envs(lent.iter().copied());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    };
    let source =
        [("MAINSTAY_GATE_WEBHOOK_SOURCE", "till"), ("MAINSTAY_GATE_WEBHOOK_SECRET", secret.as_str())];
    let operator = ("MAINSTAY_GATE_OPERATOR", address);
    let providers = [
        ("MAINSTAY_GATE_SQUARE_SOURCE", "square"),
        ("MAINSTAY_GATE_SQUARE_KEY", secret.as_str()),
        ("MAINSTAY_GATE_SQUARE_URL", square_url),
        ("MAINSTAY_GATE_STRIPE_SOURCE", "stripe"),
        ("MAINSTAY_GATE_STRIPE_SECRET", secret.as_str()),
    ];
    for (lent, verdicts) in [
        (&[][..], ["skip"; 4]),
        (&source, ["pass", "skip", "skip", "skip"]),
        (&[source[0], source[1], operator], ["pass", "pass", "skip", "skip"]),
        (&[&source[..], &[operator], &providers].concat(), ["pass"; 4]),
    ] {
        let output = run(lent).await;
        let report = report(&output);
        assert_eq!(chosen.map(|id| verdict(&report, id)), verdicts, "{report}");
        // What nobody lent of one provider's form is not applicable; what takes any source is unanswered.
        assert_eq!(output.status.code() == Some(OPEN), verdicts[..2] == ["pass", "pass"], "{report}");
        assert!(!report.to_string().contains(key), "the report shows the lent secret");
        assert_eq!(members(&scratch).await, 1, "the operator stays, and nobody else");
    }
}

/// Gives the only member a proven address.
async fn prove(scratch: &Scratch, address: &str) {
    let url = format!("sqlite:{}", scratch.database_file().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let update = "UPDATE members SET email = ?1, email_verified_at = created_at";
    sqlx::query(update).bind(address).execute(&mut connection).await.unwrap();
}
