//! Signing keys are rotated while members read and refresh: nobody is signed out, and verifiers know a key before it signs.

use std::time::Duration;

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;

use crate::{
    check::{Ended, Outcome, Priority, Reference, Running, ensure, passed},
    drill::{
        Drill, Engine,
        ground::Ground,
        judge::{rotation::Rotation, words},
        limits,
        load::Sessions,
        servers::{Node, Settings},
    },
};

pub(crate) static DRILL: Drill = Drill {
    id: "drill.key-rotation",
    title: "Signing keys are rotated under load: nobody is signed out, and every node shows a key before it signs",
    promises: &["SES-3", "OPS-3", "T-OP-15", "T-ID-23"],
    priority: Priority::P0,
    references: &[Reference::Asvs("13.3.4"), Reference::Cwe(324), Reference::Api(2)],
    engine: Engine::Postgres,
    needs_redis: true,
    run: |ground| -> Running { Box::pin(run(ground)) },
};

async fn run(ground: Ground) -> Outcome {
    let postgres = ground.postgres().await?;
    let redis = ground.redis().await?;
    let settings = ground
        .settings()
        .await?
        .with("DATABASE_URL", postgres.url("postgres", "postgres"))
        .with("REDIS_URL", redis.url())
        .with("MAINSTAY_NODES", "2");
    let nodes = vec![ground.ready_node("one", &settings).await?, ground.ready_node("two", &settings).await?];
    let members = ground.members(&nodes[0], "reader", limits::READERS).await?;
    let sessions = Sessions::start(&members, &nodes);

    let planned = rotate(&ground, &settings, &sessions, &nodes, &["keys", "rotate"]).await?;
    let shown = planned.verdict()?;
    let lead = planned.lead.unwrap_or_default();
    ground.step(format!("shown by both nodes after {}, signs after {}", words(shown), words(lead)));
    let at_once = rotate(&ground, &settings, &sessions, &nodes, &["keys", "rotate", "--immediately"]).await?;
    let hurried = at_once.verdict()?;
    ground.step(format!("a key that signs at once was shown by both nodes after {}", words(hurried)));
    let seen = sessions.finish().await?;
    let after = Rotation { answers: seen.answers, ..at_once };
    after.verdict()?;
    passed(format!(
        "{} answers, {} of them new tokens, and not one 401; a new key was shown by both nodes {} after it was made and {} before \
         it signs; one that signs at once was shown after {}",
        after.count(),
        seen.refreshes,
        words(shown),
        words(lead.saturating_sub(shown)),
        words(hurried)
    ))
}

/// Rotates while members are at work, and tells what was seen until enough of them have refreshed afterwards.
async fn rotate(
    ground: &Ground,
    settings: &Settings,
    sessions: &Sessions,
    nodes: &[Node],
    command: &[&str],
) -> Result<Rotation, Ended> {
    refreshed(sessions, limits::REFRESHES_EACH_SIDE).await?;
    ground.step(format!("mainstay {}", command.join(" ")));
    let began = Instant::now();
    let rotated = ground.command(command, settings).await?;
    let kid = rotated.get("kid").and_then(Value::as_str).unwrap_or_default().to_owned();
    ensure(!kid.is_empty(), || format!("the rotation names no key: {rotated}"))?;
    let key = |node: &Node| (node.name.clone(), kid.clone());
    sessions
        .wait(limits::KEY_SHOWN_MAX, |seen| nodes.iter().all(|node| seen.shown.contains_key(&key(node))))
        .await;
    refreshed(sessions, limits::REFRESHES_EACH_SIDE).await?;
    let lead = lead(ground, settings, &kid).await?;
    if lead.is_zero() {
        let has_signed = sessions.wait(limits::KEY_SHOWN_MAX, |seen| seen.signed.contains_key(&kid)).await;
        ensure(has_signed, || "a key that was to sign at once signs nothing".to_owned())?;
        refreshed(sessions, limits::REFRESHES_EACH_SIDE).await?;
    }
    let seen = sessions.seen();
    let shown = |node: &Node| {
        let at = seen.shown.get(&key(node)).map(|at| at.saturating_duration_since(began));
        (node.name.clone(), at)
    };
    Ok(Rotation {
        shown: nodes.iter().map(shown).collect(),
        signed_early: seen.signed.get(&kid).copied().unwrap_or_default(),
        lead: (!lead.is_zero()).then_some(lead),
        answers: seen.answers,
    })
}

async fn refreshed(sessions: &Sessions, more: usize) -> Result<(), Ended> {
    let goal = sessions.seen().refreshes + more;
    let is_enough = sessions.wait(limits::LOAD_MAX, |seen| seen.refreshes >= goal).await;
    let seen = sessions.seen();
    ensure(is_enough, || format!("members can't refresh: {:?}", seen.answers))
}

/// From a key's making to its first signature, as the program lists it.
async fn lead(ground: &Ground, settings: &Settings, kid: &str) -> Result<Duration, Ended> {
    let keys = ground.command(&["keys", "list"], settings).await?;
    let all = keys.as_array().cloned().unwrap_or_default();
    let key = all.iter().find(|key| key.get("kid").and_then(Value::as_str) == Some(kid));
    let time = |name: &str| {
        let text = key?.get(name)?.as_str()?;
        OffsetDateTime::parse(text, &Rfc3339).ok()
    };
    match (time("created_at"), time("activates_at")) {
        (Some(made), Some(signs)) => Ok(Duration::try_from(signs - made).unwrap_or_default()),
        _ => Err(Ended::error(format!("the list of keys has no times of {kid}"))),
    }
}
