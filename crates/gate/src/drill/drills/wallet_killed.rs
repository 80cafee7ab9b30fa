//! A node is killed with `SIGKILL` in the middle of ten thousand postings: no half of one is left, and none happens twice.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    check::{Ended, Outcome, Priority, Reference, Running, ensure, passed},
    drill::{
        Drill, Engine,
        ground::Ground,
        judge::{
            postings::{tally, wrong_balances},
            words,
        },
        limits,
        load::{Posters, books, replay},
        servers::{Node, Settings},
    },
    members::Actor,
};

pub(crate) static POSTGRES: Drill = Drill {
    id: "drill.wallet-killed.postgres",
    title: "One of two nodes is killed in the middle of 10000 postings: each is there once, and the books are right",
    promises: &["WAL-3", "WAL-5", "T-WA-06"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(703), Reference::Cwe(837)],
    engine: Engine::Postgres,
    needs_redis: true,
    run: |ground| -> Running { Box::pin(two_nodes(ground)) },
};

pub(crate) static SQLITE: Drill = Drill {
    id: "drill.wallet-killed.sqlite",
    title: "A single node is killed in the middle of 10000 postings and started again on its file: each is there once, and the books are right",
    promises: &["WAL-3", "WAL-5", "T-WA-06"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(703), Reference::Cwe(837)],
    engine: Engine::Sqlite,
    needs_redis: false,
    run: |ground| -> Running { Box::pin(single_node(ground)) },
};

/// The reason of what members are given at the beginning.
const BEGINNING: &str = "what everybody begins with";

async fn two_nodes(ground: Ground) -> Outcome {
    let postgres = ground.postgres().await?;
    let redis = ground.redis().await?;
    let settings = ground
        .settings()
        .await?
        .with("DATABASE_URL", postgres.url("postgres", "postgres"))
        .with("REDIS_URL", redis.url())
        .with("MAINSTAY_NODES", "2")
        .with("MAINSTAY_WALLET_TRANSFERS", "true");
    let mut nodes = [ground.ready_node("one", &settings).await?, ground.ready_node("two", &settings).await?];
    kill_the_first(&ground, &settings, &mut nodes).await
}

async fn single_node(ground: Ground) -> Outcome {
    let settings = ground.settings().await?.with("MAINSTAY_WALLET_TRANSFERS", "true");
    let mut nodes = [ground.ready_node("one", &settings).await?];
    kill_the_first(&ground, &settings, &mut nodes).await
}

async fn kill_the_first(ground: &Ground, settings: &Settings, nodes: &mut [Node]) -> Outcome {
    let members = ground.members(&nodes[0], "poster", limits::POSTERS).await?;
    endow(ground, settings, &nodes[0], &members).await?;
    let clients = nodes.iter().map(|node| node.client.clone()).collect::<Vec<_>>();
    ground.step(format!("posts {} transfers, {} at a time", limits::POSTINGS, limits::POSTINGS_AT_ONCE));
    let posters = Posters::start(&members, &clients);
    let before = posters.acknowledged(limits::POSTINGS / 2, limits::POSTINGS_MAX).await?;
    nodes[0].kill().await?;
    ground.step(format!("killed node one (SIGKILL) when {before} were acknowledged"));
    nodes[0].start_again()?;
    let took = nodes[0].ready(limits::RESTART_MAX).await?;
    ground.step(format!("node one is ready again after {}", words(took)));
    posters.acknowledged(limits::POSTINGS, limits::POSTINGS_MAX).await?;
    let mut postings = posters.finish().await?;
    ground.step("all are acknowledged; sends each again under its key");
    // At the node that was killed: what it knew was nowhere but in the database.
    replay(&mut postings, &members, &clients[0]).await;
    ground.step("reads every statement");
    let (lines, balances) = books(&members, &clients[0]).await?;
    let tally = tally(&postings, &lines, BEGINNING);
    tally.verdict()?;
    let wrong = wrong_balances(&postings, limits::POINTS_AT_FIRST, &balances);
    ensure(wrong.is_empty(), || format!("balances do not follow from the postings: {}", wrong.join(", ")))?;
    ground.step("mainstay wallet verify");
    let verified = verify(ground, settings).await?;
    passed(format!("{}; {verified}", tally.words()))
}

/// Gives every member points, as a team's back end does.
async fn endow(ground: &Ground, settings: &Settings, node: &Node, members: &[Actor]) -> Result<(), Ended> {
    let made = ["service-keys", "create", "drill", "--scope", "wallet:write"];
    let made = ground.command(&made, settings).await?;
    let key = made.get("key").and_then(Value::as_str).unwrap_or_default();
    for member in members {
        let path = format!("/v1/service/members/{}/wallet/grants", member.member_id);
        let call = node.client.call(Method::POST, &path).header("authorization", format!("Bearer {key}"));
        let call = call.header("idempotency-key", &member.member_id);
        call.json(&json!({ "amount": limits::POINTS_AT_FIRST, "reason": BEGINNING })).expect(201).await?;
    }
    Ok(())
}

/// Recomputes the books; answers what was counted.
pub(super) async fn verify(ground: &Ground, settings: &Settings) -> Result<String, Ended> {
    let verified = ground.command(&["wallet", "verify"], settings).await.map_err(|ended| match ended {
        Ended::Error(why) if why.contains("books are wrong") => Ended::Fail(why),
        other => other,
    })?;
    ensure(verified.get("intact") == Some(&Value::Bool(true)), || {
        format!("the books are not intact: {verified}")
    })?;
    let count = |name: &str| verified.get(name).and_then(Value::as_i64).unwrap_or_default();
    Ok(format!("{} transfers between {} accounts verified", count("transfers"), count("accounts")))
}
