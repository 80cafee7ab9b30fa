//! Commands, their output and their exit codes.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::harness::{Scratch, TEST_AUTH, access_token, stderr};

fn with_test_mode(mut scratch: Scratch) -> Scratch {
    scratch.set("TEST_MODE", "true");
    scratch.set("MAINSTAY_TEST_AUTH", TEST_AUTH);
    scratch
}

#[test]
fn t_op_08_a_bad_configuration_ends_with_78_and_names_every_fault() {
    let mut scratch = Scratch::sqlite();
    scratch.set("MAINSTAY_ENV", "prod");
    scratch.set("ALLOWED_ORIGINS", "*,null");
    scratch.set("TOKEN_ENCRYPTION_KEY", "too-short-canary");
    scratch.set("TEST_MODE", "true");
    scratch.set("MAINSTAY_LISTN", "127.0.0.1:1");
    for arguments in [&["serve"][..], &["config", "check"], &["migrate"]] {
        let output = scratch.run(arguments);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {}", stderr(&output));
        let report = stderr(&output);
        for variable in
            ["ALLOWED_ORIGINS", "TOKEN_ENCRYPTION_KEY", "TEST_MODE", "MAINSTAY_LISTN", "MAINSTAY_PUBLIC_URL"]
        {
            assert!(report.contains(variable), "{variable} is missing in {report}");
        }
        assert!(!report.contains("too-short-canary"), "{report}");
    }
    assert!(!scratch.path().join("data").exists(), "something was started");
}

/// One binary is all that a deployment copies: it needs the C library and the compiler's, which every distribution has.
#[cfg(target_os = "linux")]
#[test]
fn the_binary_needs_no_library_beside_it() {
    let output = std::process::Command::new("ldd").arg(env!("CARGO_BIN_EXE_mainstay")).output().unwrap();
    let needed = String::from_utf8(output.stdout).unwrap();
    let names = needed.lines().filter_map(|line| line.split_whitespace().next());
    let names = names.filter_map(|path| path.rsplit('/').next()).collect::<Vec<_>>();
    assert!(names.contains(&"libc.so.6"), "{needed}");
    for name in names {
        let is_common =
            ["linux-vdso", "ld-linux", "libc.", "libm.", "libgcc_s."].iter().any(|n| name.starts_with(n));
        assert!(is_common, "{name} is needed, too: {needed}");
    }
}

/// The binary that is tested here is the one that is deployed: without the feature of the gate's self-test.
#[test]
fn a_normal_build_leaves_no_guard_out() {
    let mut scratch = Scratch::sqlite();
    assert!(scratch.run(&["config", "check"]).status.success());
    assert_eq!(scratch.run(&["sabotage"]).status.code(), Some(2), "there is no such command");
    scratch.set("MAINSTAY_SABOTAGE", "cors");
    for arguments in [&["serve"][..], &["config", "check"]] {
        let output = scratch.run(arguments);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}: {}", stderr(&output));
        let report = stderr(&output);
        assert!(report.contains("MAINSTAY_SABOTAGE\n    there is no such setting"), "{report}");
    }
    assert!(!scratch.path().join("data").exists(), "something was started");
}

#[test]
fn cfg_6_check_and_show_do_not_start_anything() {
    let mut scratch = Scratch::sqlite();
    scratch.set("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0");
    std::fs::write(scratch.path().join("mainstay.toml"), "product_name = \"From the file\"\n").unwrap();
    assert_eq!(scratch.json(&["config", "check"]), json!({ "valid": true, "faults": [] }));
    let shown = scratch.json(&["config", "show"]);
    let find =
        |name: &str| shown.as_array().unwrap().iter().find(|item| item["name"] == name).unwrap().clone();
    assert_eq!(find("MAINSTAY_PRODUCT_NAME")["source"], "file");
    assert_eq!(find("REDIS_URL")["value"], "(secret)");
    assert!(!shown.to_string().contains("hunter2"));
    assert!(!scratch.path().join("data").exists());
}

#[test]
fn an_unusable_provider_key_is_a_configuration_fault() {
    let mut scratch = Scratch::sqlite();
    for (name, value) in [
        ("APPLE_CLIENT_ID", "com.example.web"),
        ("APPLE_TEAM_ID", "ABCDE12345"),
        ("APPLE_KEY_ID", "FGHIJ67890"),
        ("APPLE_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\\nbm90IGEga2V5\\n-----END PRIVATE KEY-----"),
    ] {
        scratch.set(name, value);
    }
    let output = scratch.run(&["serve"]);
    assert_eq!(output.status.code(), Some(78), "{}", stderr(&output));
    assert!(stderr(&output).contains("APPLE_PRIVATE_KEY"), "{}", stderr(&output));
}

#[test]
fn keys_are_listed_and_rotated() {
    let scratch = Scratch::sqlite();
    assert!(scratch.run(&["migrate"]).status.success());
    let before = scratch.json(&["keys", "list"]);
    assert_eq!(before.as_array().unwrap().len(), 1);
    assert_eq!(before[0]["state"], "signing");
    let rotated = scratch.json(&["keys", "rotate"]);
    let after = scratch.json(&["keys", "list"]);
    let state = |kid: &Value| {
        after.as_array().unwrap().iter().find(|key| key["kid"] == *kid).unwrap()["state"].clone()
    };
    assert_eq!(state(&rotated["kid"]), "shown");
    assert_eq!(state(&before[0]["kid"]), "signing");
    let now = scratch.json(&["keys", "rotate", "--immediately"]);
    let after = scratch.json(&["keys", "list"]);
    let signing: Vec<_> = after.as_array().unwrap().iter().filter(|key| key["state"] == "signing").collect();
    assert_eq!(signing.len(), 1);
    assert_eq!(signing[0]["kid"], now["kid"]);
}

#[test]
fn a_command_where_no_database_is_says_what_to_do_and_makes_none() {
    let scratch = Scratch::sqlite();
    for command in [["keys", "list"], ["wallet", "verify"]] {
        let output = scratch.run(&command);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("mainstay migrate"), "{}", stderr(&output));
    }
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_promoted_member_is_an_operator_after_signing_in_again() {
    let scratch = with_test_mode(Scratch::sqlite());
    let node = scratch.serve().await;
    let signed_in = node.sign_in("ada").await;
    let token = access_token(&signed_in);
    assert_eq!(
        node.get("/v1/operator/audit").bearer_auth(token).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );

    let id = signed_in["member"]["id"].as_str().unwrap();
    assert_eq!(scratch.json(&["members", "promote", id])["role"], "operator");
    // The server learns of it within the second for which it may trust its memory.
    crate::harness::eventually("the old role's token is refused", || async {
        node.me(token).await == StatusCode::UNAUTHORIZED
    })
    .await;
    let again = node.sign_in("ada").await;
    let answer = node.get("/v1/operator/audit").bearer_auth(access_token(&again)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let trail: Value = answer.json().await.unwrap();
    assert!(trail.to_string().contains("role_changed"), "{trail}");

    let unknown = scratch.run(&["members", "promote", "nobody@example.com"]);
    assert_eq!(unknown.status.code(), Some(1));
}

#[tokio::test]
async fn idn_10_a_service_key_opens_its_scope_until_it_is_revoked() {
    let scratch = with_test_mode(Scratch::sqlite());
    let node = scratch.serve().await;
    let member = node.sign_in("ada").await["member"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/service/members/{member}");
    let status = |key: String| {
        let request = node.get(&path).bearer_auth(key);
        async { request.send().await.unwrap().status() }
    };
    let made = scratch.json(&["service-keys", "create", "billing job", "--scope", "members:read"]);
    let key = made["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with(made["prefix"].as_str().unwrap()));
    assert_eq!(status(key.clone()).await, StatusCode::OK);
    let other = scratch.json(&["service-keys", "create", "auditor", "--scope", "audit:read"]);
    assert_eq!(status(other["key"].as_str().unwrap().to_owned()).await, StatusCode::FORBIDDEN);

    let list = scratch.run(&["service-keys", "list"]);
    assert!(!String::from_utf8_lossy(&list.stdout).contains(&key), "the list shows the key");
    scratch.json(&["service-keys", "revoke", made["id"].as_str().unwrap()]);
    assert_eq!(status(key).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn t_op_12_an_edited_audit_row_is_found() {
    let scratch = with_test_mode(Scratch::sqlite());
    let mut node = scratch.serve().await;
    for name in ["ada", "grace", "edsger"] {
        node.sign_in(name).await;
    }
    assert!(node.stop().await.success());
    let intact = scratch.json(&["audit", "verify"]);
    assert_eq!(intact["intact"], true);
    assert!(intact["events"].as_i64().unwrap() >= 3);

    let mut file = SqliteConnection::connect(scratch.database_file().to_str().unwrap()).await.unwrap();
    let edit = "UPDATE audit_events SET actor = 'member:somebody-else' WHERE sequence = 2";
    let refused = sqlx::raw_sql(edit).execute(&mut file).await.expect_err("the trigger lets it through");
    assert!(refused.to_string().contains("append-only"), "{refused}");
    sqlx::raw_sql("DROP TRIGGER audit_events_append_only").execute(&mut file).await.unwrap();
    sqlx::raw_sql(edit).execute(&mut file).await.unwrap();
    file.close().await.unwrap();

    let output = scratch.run(&["audit", "verify", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["first_bad_sequence"], 2);
}
