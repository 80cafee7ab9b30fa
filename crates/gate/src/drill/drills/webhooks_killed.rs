//! A node is killed with `SIGKILL` in the middle of ten thousand purchase events: each is kept once and paid once, however often
//! its sender had to deliver it.

use serde_json::{Value, json};

use super::wallet_killed::verify;
use crate::{
    check::{Ended, Outcome, Priority, Reference, Running, ensure, passed},
    drill::{
        Drill, Engine,
        ground::Ground,
        judge::{
            webhooks::{tally, wrong_balances},
            words,
        },
        limits,
        load::{CURRENCY, Senders, credits, inbox},
        servers::{Node, Settings},
    },
    members::Actor,
    webhook::Source,
};

pub(crate) static POSTGRES: Drill = Drill {
    id: "drill.webhooks-killed.postgres",
    title: "One of two nodes is killed in the middle of 10000 purchase events: each is kept once and paid once",
    promises: &["WHK-3", "WHK-4", "T-PU-01"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(703), Reference::Cwe(837)],
    engine: Engine::Postgres,
    needs_redis: true,
    run: |ground| -> Running { Box::pin(two_nodes(ground)) },
};

pub(crate) static SQLITE: Drill = Drill {
    id: "drill.webhooks-killed.sqlite",
    title: "A single node is killed in the middle of 10000 purchase events and started again on its file: each is kept once and paid once",
    promises: &["WHK-3", "WHK-4", "T-PU-01"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(703), Reference::Cwe(837)],
    engine: Engine::Sqlite,
    needs_redis: false,
    run: |ground| -> Running { Box::pin(single_node(ground)) },
};

/// What the source is called.
const SOURCE: &str = "till";

async fn two_nodes(ground: Ground) -> Outcome {
    let postgres = ground.postgres().await?;
    let redis = ground.redis().await?;
    let source = source()?;
    let settings = with_source(ground.settings().await?, &source)
        .with("DATABASE_URL", postgres.url("postgres", "postgres"))
        .with("REDIS_URL", redis.url())
        .with("MAINSTAY_NODES", "2");
    let mut nodes = [ground.ready_node("one", &settings).await?, ground.ready_node("two", &settings).await?];
    kill_the_first(&ground, &settings, &source, &mut nodes).await
}

async fn single_node(ground: Ground) -> Outcome {
    let source = source()?;
    let settings = with_source(ground.settings().await?, &source);
    let mut nodes = [ground.ready_node("one", &settings).await?];
    kill_the_first(&ground, &settings, &source, &mut nodes).await
}

fn source() -> Result<Source, Ended> {
    Source::new(SOURCE, &Source::fresh_secret()).map_err(|error| Ended::error(error.to_string()))
}

fn with_source(settings: Settings, source: &Source) -> Settings {
    settings
        .with("MAINSTAY_WEBHOOK_TILL_KIND", "standard")
        .with("MAINSTAY_WEBHOOK_TILL_SECRETS", &source.secret)
}

async fn kill_the_first(
    ground: &Ground,
    settings: &Settings,
    source: &Source,
    nodes: &mut [Node],
) -> Outcome {
    let operator = ground.operator(&nodes[0]).await?;
    let rule = json!({ "name": "A point each", "currency": CURRENCY, "points": 1, "per_amount": 1 });
    operator.post("/v1/operator/purchase-rules").json(&rule).expect(201).await?;
    let members = ground.members(&nodes[0], "buyer", limits::BUYERS).await?;
    let codes = codes(&members).await?;
    let clients = nodes.iter().map(|node| node.client.clone()).collect::<Vec<_>>();
    ground.step(format!("delivers {} events, {} at a time", limits::DELIVERIES, limits::DELIVERIES_AT_ONCE));
    let senders = Senders::start(source, &codes, &clients);
    let before = senders.acknowledged(limits::DELIVERIES / 2, limits::DELIVERIES_MAX).await?;
    nodes[0].kill().await?;
    ground.step(format!("killed node one (SIGKILL) when {before} were acknowledged"));
    nodes[0].start_again()?;
    let took = nodes[0].ready(limits::RESTART_MAX).await?;
    ground.step(format!("node one is ready again after {}", words(took)));
    senders.acknowledged(limits::DELIVERIES, limits::DELIVERIES_MAX).await?;
    let deliveries = senders.finish().await?;
    ground.step("all are acknowledged; reads inbox and statements");
    // At the node that was killed: what it knew was nowhere but in the database.
    let kept = inbox(&operator.at(&clients[0]), SOURCE).await?;
    let (credits, balances) = credits(&members, &clients[0]).await?;
    let tally = tally(&deliveries, &kept, &credits);
    tally.verdict()?;
    let wrong = wrong_balances(&deliveries, &balances);
    ensure(wrong.is_empty(), || format!("balances do not follow from the events: {}", wrong.join(", ")))?;
    ground.step("mainstay wallet verify");
    let verified = verify(ground, settings).await?;
    passed(format!("{}; {verified}", tally.words()))
}

/// What each member shows at the till.
async fn codes(members: &[Actor]) -> Result<Vec<String>, Ended> {
    let mut codes = Vec::with_capacity(members.len());
    for member in members {
        let made = member.post("/v1/me/purchase-links").json(&Value::Object(serde_json::Map::new()));
        codes.push(made.expect(201).await?.text_at("/code")?);
    }
    Ok(codes)
}
