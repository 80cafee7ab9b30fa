//! Eight instances start at once on an empty database, and the one that migrates is killed in the middle.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    check::{Ended, Outcome, Priority, Reference, Running, ensure, passed},
    drill::{
        Drill, Engine,
        ground::Ground,
        judge::{
            migrations::{Applied, judge},
            words,
        },
        limits,
        servers::{Node, Postgres, Settings},
        wait::Wait,
    },
};

pub(crate) static POSTGRES: Drill = Drill {
    id: "drill.migrations.postgres",
    title: "Eight servers start at once and the one that migrates is killed: each migration is applied once, all get ready",
    promises: &["OPS-1", "T-OP-10"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(362)],
    engine: Engine::Postgres,
    needs_redis: false,
    run: |ground| -> Running { Box::pin(servers(Arc::new(ground))) },
};

pub(crate) static SQLITE: Drill = Drill {
    id: "drill.migrations.sqlite",
    title: "Eight processes migrate one file at once and one is killed: the schema is whole",
    promises: &["OPS-1", "T-OP-10"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(362)],
    engine: Engine::Sqlite,
    needs_redis: false,
    run: |ground| -> Running { Box::pin(commands(ground)) },
};

/// Stops whoever migrates in the middle of a migration, whatever that does: at the first table that is made after two versions
/// are committed, it waits for a lock that the drill holds.
const HOLD: &str = "CREATE FUNCTION drill_hold() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
                    IF (SELECT count(*) >= 2 FROM _sqlx_migrations) THEN PERFORM pg_advisory_xact_lock(4711); END IF; END $$; \
                    CREATE EVENT TRIGGER drill_hold ON ddl_command_end WHEN TAG IN ('CREATE TABLE') \
                    EXECUTE FUNCTION drill_hold()";
const UNHOLD: &str = "DROP EVENT TRIGGER drill_hold; DROP FUNCTION drill_hold()";
const HELD: &str = "SELECT usename FROM pg_locks JOIN pg_stat_activity USING (pid) \
                    WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted";
const LOCK_HELD: &str =
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted";
const RELEASE: &str = "SELECT pg_terminate_backend(pid) FROM pg_locks \
                       WHERE locktype = 'advisory' AND objid = 4711 AND granted";
const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";

async fn servers(ground: Arc<Ground>) -> Outcome {
    let postgres = ground.postgres().await?;
    let settings = ground.settings().await?.with("MAINSTAY_DATABASE_CONNECTIONS_MAX", "4");
    // What the schema looks like when nobody disturbs.
    postgres.sql("postgres", "CREATE DATABASE undisturbed").await?;
    let undisturbed = settings.clone().with("DATABASE_URL", postgres.url("postgres", "undisturbed"));
    ground.command(&["migrate"], &undisturbed).await?;

    // Each under a name of its own, so that the database can tell who waits.
    let roles = (0..limits::FLEET).map(|number| format!("server{number}")).collect::<Vec<_>>();
    for role in &roles {
        postgres.sql("postgres", &format!("CREATE ROLE {role} SUPERUSER LOGIN")).await?;
    }
    postgres.sql("postgres", "CREATE DATABASE fleet").await?;
    postgres.sql("fleet", HOLD).await?;
    let holding = postgres.session("fleet", "SELECT pg_advisory_lock(4711)")?;
    wait_for(&postgres, LOCK_HELD, |answer| answer == "1").await?;

    ground.step(format!("starts {} servers at once on an empty database", limits::FLEET));
    let start = |role: &String| {
        ground.node(role, &settings.clone().with("DATABASE_URL", postgres.url(role, "fleet")))
    };
    let mut nodes = roles.iter().map(start).collect::<Result<Vec<_>, _>>()?;
    let leader = wait_for(&postgres, HELD, |answer| !answer.is_empty()).await?;
    let number = roles.iter().position(|role| *role == leader);
    let number = number.ok_or_else(|| Ended::error(format!("{leader} is none of the servers")))?;
    let before = versions(&postgres.sql("fleet", APPLIED).await?);
    ground.step(format!("kills {leader} in the middle of a migration, with {before:?} applied"));
    nodes[number].kill().await?;
    // Its session goes on waiting, as one does whose client died; it finds that out when it wants to answer.
    postgres.sql("fleet", RELEASE).await?;
    drop(holding);

    let mut survivors = nodes;
    let mut killed = survivors.remove(number);
    let took = ready(&ground, &mut survivors).await?;
    ground.step(format!(
        "{} others are ready {} after the kill; starts {leader} again",
        survivors.len(),
        words(took)
    ));
    killed.start_again()?;
    killed.ready(limits::RESTART_MAX).await?;

    let mut applied = survivors.iter().flat_map(migrated).collect::<Vec<_>>();
    // Servers take turns; what was there before and no survivor claims is the killed one's.
    let unclaimed = before.iter().filter(|version| !applied.iter().any(|one| one.version == **version));
    let killed_ones =
        unclaimed.map(|version| Applied { by: leader.clone(), version: *version }).collect::<Vec<_>>();
    applied.extend(killed_ones);
    let known =
        known(&ground, &settings.clone().with("DATABASE_URL", postgres.url("postgres", "fleet"))).await?;
    judge(&known, &applied)?;
    postgres.sql("fleet", UNHOLD).await?;
    let (whole, found) = (postgres.schema("undisturbed").await?, postgres.schema("fleet").await?);
    ensure(whole == found, || difference(&whole, &found))?;
    passed(format!(
        "{} versions applied once each by {} servers, {leader} killed after {} of them; all ready {} later; the schema is that \
         of an undisturbed migration",
        known.len(),
        limits::FLEET,
        before.len(),
        words(took)
    ))
}

async fn ready(ground: &Ground, nodes: &mut [Node]) -> Result<Duration, Ended> {
    let wait = Wait::new(limits::FLEET_READY_MAX);
    for node in nodes {
        let left = limits::FLEET_READY_MAX.saturating_sub(wait.elapsed());
        node.ready(left).await?;
        ground.step(format!("{} is ready", node.name));
    }
    Ok(wait.elapsed())
}

/// Which versions a server says that it applied.
fn migrated(node: &Node) -> Vec<Applied> {
    let lines =
        node.log().into_iter().filter(|line| line.get("event").is_some_and(|event| event == "migrated"));
    let texts = lines.filter_map(|line| line.get("versions").and_then(Value::as_str).map(str::to_owned));
    texts
        .flat_map(|text| versions(&text.replace(['[', ']', ','], " ")))
        .map(|version| Applied { by: node.name.clone(), version })
        .collect()
}

fn versions(text: &str) -> Vec<i64> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// The versions that the program knows, all of them applied.
async fn known(ground: &Ground, settings: &Settings) -> Result<Vec<i64>, Ended> {
    let status = ground.command(&["migrate", "status"], settings).await?;
    ensure(status.get("current") == Some(&Value::Bool(true)), || {
        format!("the schema is not current: {status}")
    })?;
    let rows = status.get("migrations").and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(rows.iter().filter_map(|row| row.get("version").and_then(Value::as_i64)).collect())
}

async fn wait_for(postgres: &Postgres, sql: &str, is_it: impl Fn(&str) -> bool) -> Result<String, Ended> {
    let mut wait = Wait::new(limits::FLEET_READY_MAX);
    loop {
        let answer = postgres.sql("fleet", sql).await?;
        if is_it(&answer) {
            return Ok(answer);
        }
        if !wait.again().await {
            return Err(Ended::error(format!("no server came to the middle of a migration: {sql}")));
        }
    }
}

fn difference(whole: &str, found: &str) -> String {
    let mut lines = whole.lines().zip(found.lines()).filter(|(left, right)| left != right);
    let (left, right) = lines.next().unwrap_or(("", "one is longer"));
    format!("the schema differs from that of an undisturbed migration: {left:?} became {right:?}")
}

async fn commands(ground: Ground) -> Outcome {
    let settings = ground.settings().await?;
    let file = ground.folder().join("data").join("mainstay.db");
    ground.step(format!("starts {} processes that migrate one file", limits::FLEET));
    let started = (0..limits::FLEET).map(|_| ground.started_command(&["migrate"], &settings));
    let mut processes = started.collect::<Result<Vec<_>, _>>()?;
    let mut wait = Wait::new(limits::FLEET_READY_MAX);
    while !file.exists() && wait.again().await {}
    // Any moment must do; this one is early.
    let mut killed = processes.remove(0);
    let is_killed = killed.kill().await.is_ok();
    ground.step(if is_killed { "killed one of them" } else { "one had ended before it could be killed" });
    for process in &mut processes {
        let status = process.ended(limits::FLEET_READY_MAX).await?;
        ensure(status.success(), || format!("a process that migrated ended with {status}"))?;
    }
    let known = known(&ground, &settings).await?;
    let again = ground.command(&["migrate"], &settings).await?;
    ensure(again.pointer("/applied/0").is_none(), || format!("a further run applied {again}"))?;
    let mut node = ground.ready_node("one", &settings).await?;
    ensure(node.is_running(), || "the server does not run on it".to_owned())?;
    passed(format!(
        "{} versions applied to one file by {} processes at once{}; a server is ready on it",
        known.len(),
        limits::FLEET,
        if is_killed { ", one of them killed" } else { "" }
    ))
}
