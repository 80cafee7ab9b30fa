//! Migrations run by real processes: racing, killed, behind a pooler, from a newer version, by sqlx.

use std::path::Path;

use serde_json::json;
use sqlx::{Connection, PgConnection, Row, migrate::Migrator};

use crate::harness::{Node, Scratch, eventually, stderr};

async fn applied(connection: &mut PgConnection) -> Vec<i64> {
    let rows = sqlx::query("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
        .fetch_all(connection)
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn t_op_10_eight_servers_start_at_once_on_an_empty_database() {
    let mut scratch = Scratch::postgres().await;
    scratch.set("MAINSTAY_DATABASE_CONNECTIONS_MAX", "4");
    let nodes: Vec<Node> = (0..8).map(|_| scratch.start(&[])).collect();
    for node in &nodes {
        node.ready().await;
    }
    let status = scratch.json(&["migrate", "status"]);
    assert_eq!(status["current"], true);
    let migrated = nodes.iter().filter(|node| node.log().contains("migrated")).count();
    assert!(migrated >= 1, "nobody says that it migrated");
    let versions = applied(&mut scratch.connection().await).await;
    assert_eq!(versions.len(), status["migrations"].as_array().unwrap().len());
    let keys = scratch.json(&["keys", "list"]);
    assert_eq!(keys.as_array().unwrap().len(), 1, "racing servers made more than one signing key");
}

#[tokio::test]
async fn t_op_10_eight_processes_migrate_one_file() {
    let scratch = Scratch::sqlite();
    let children: Vec<_> = (0..8).map(|_| scratch.command(&["migrate", "--json"]).spawn().unwrap()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    assert_eq!(scratch.json(&["migrate", "status"])["current"], true);
    assert_eq!(scratch.json(&["migrate"]), json!({ "applied": [] }));
}

#[tokio::test]
async fn t_op_10_the_leader_is_killed_in_the_middle_of_a_migration() {
    let mut scratch = Scratch::postgres().await;
    scratch.set("MAINSTAY_DATABASE_CONNECTIONS_MAX", "4");
    assert!(scratch.run(&["migrate"]).status.success());
    let mut connection = scratch.connection().await;
    let all = applied(&mut connection).await;
    // Takes the last migration back, and holds a lock that stops whoever applies it again in its middle.
    sqlx::raw_sql("DROP TABLE notes; DELETE FROM _sqlx_migrations WHERE version = 6")
        .execute(&mut connection)
        .await
        .unwrap();
    let mut blocking = connection.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE members IN ACCESS EXCLUSIVE MODE").execute(&mut *blocking).await.unwrap();

    let mut leader = scratch.start(&[]);
    let observer = scratch.connection().await;
    let observer = tokio::sync::Mutex::new(observer);
    eventually("the leader waits in its migration", || async {
        let waiting = sqlx::query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
             AND wait_event = 'relation'",
        );
        waiting.fetch_one(&mut *observer.lock().await).await.unwrap().get::<i64, _>(0) > 0
    })
    .await;
    let others: Vec<Node> = (0..7).map(|_| scratch.start(&[])).collect();
    leader.child.kill().unwrap();
    leader.child.wait().unwrap();
    blocking.rollback().await.unwrap();
    for node in &others {
        node.ready().await;
    }
    assert_eq!(applied(&mut *observer.lock().await).await, all);
}

#[tokio::test]
async fn a_schema_from_a_newer_version_is_refused() {
    let scratch = Scratch::postgres().await;
    assert!(scratch.run(&["migrate"]).status.success());
    sqlx::raw_sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', true, '\\x00', 1)",
    )
    .execute(&mut scratch.connection().await)
    .await
    .unwrap();
    for arguments in [&["serve"][..], &["migrate"]] {
        let output = scratch.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains("9999"), "{}", stderr(&output));
    }
    let status = scratch.run(&["migrate", "status"]);
    assert_eq!(status.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&status.stdout).contains("unknown to this version"));
}

/// What `sqlx migrate run --source …` does is done by its library here; afterwards nothing is left for us to do.
#[tokio::test]
async fn ops_1_sqlx_can_run_the_migrations() {
    let scratch = Scratch::postgres().await;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store-postgres/migrations");
    Migrator::new(source).await.unwrap().run(&mut scratch.connection().await).await.unwrap();
    assert_eq!(scratch.json(&["migrate"]), json!({ "applied": [] }));
    assert_eq!(scratch.json(&["migrate", "status"])["current"], true);
}
