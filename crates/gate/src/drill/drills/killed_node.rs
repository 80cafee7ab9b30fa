//! A node is killed with `SIGKILL` under write load: every acknowledged write is there once afterwards.

use crate::{
    check::{Outcome, Priority, Reference, Running, ensure, passed},
    drill::{
        Drill, Engine,
        ground::Ground,
        judge::{words, writes::tally},
        limits,
        load::{Writers, stored},
    },
};

pub(crate) static POSTGRES: Drill = Drill {
    id: "drill.killed-node.postgres",
    title: "One of two nodes is killed under load, then the other: clients go on at once, and every acknowledged write is there once",
    promises: &["OPS-5"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(703)],
    engine: Engine::Postgres,
    needs_redis: true,
    run: |ground| -> Running { Box::pin(two_nodes(ground)) },
};

pub(crate) static SQLITE: Drill = Drill {
    id: "drill.killed-node.sqlite",
    title: "A single node is killed under load and started again on its file: every acknowledged write is there once",
    promises: &["OPS-5"],
    priority: Priority::P0,
    references: &[Reference::Asvs("2.3.3"), Reference::Cwe(703)],
    engine: Engine::Sqlite,
    needs_redis: false,
    run: |ground| -> Running { Box::pin(single_node(ground)) },
};

async fn two_nodes(ground: Ground) -> Outcome {
    let postgres = ground.postgres().await?;
    let redis = ground.redis().await?;
    let settings = ground
        .settings()
        .await?
        .with("DATABASE_URL", postgres.url("postgres", "postgres"))
        .with("REDIS_URL", redis.url())
        .with("MAINSTAY_NODES", "2");
    let mut nodes = [ground.ready_node("one", &settings).await?, ground.ready_node("two", &settings).await?];
    let members = ground.members(&nodes[0], "writer", limits::WRITERS).await?;
    let clients = nodes.iter().map(|node| node.client.clone()).collect::<Vec<_>>();
    let writers = Writers::start(&members, &clients);
    for node in &mut nodes {
        writers.acknowledge(limits::WRITES_EACH_SIDE, limits::LOAD_MAX).await?;
        ground.step(format!("kills node {} (SIGKILL)", node.name));
        node.kill().await?;
        writers.acknowledge(limits::WRITES_EACH_SIDE, limits::LOAD_MAX).await?;
        node.start_again()?;
        let took = node.ready(limits::RESTART_MAX).await?;
        ground.step(format!("node {} is ready again after {}", node.name, words(took)));
    }
    let history = writers.finish().await?;
    let tally = tally(&history.writes, &stored(&members, &clients[0]).await?);
    ground.step(tally.words());
    tally.verdict()?;
    let slowest = history.slowest_failover;
    ensure(slowest <= limits::FAILOVER_MAX, || {
        format!("a client took {} to get its write through at the other node", words(slowest))
    })?;
    passed(format!(
        "{}; {} writes failed at a killed node and went through at the other, the slowest after {}",
        tally.words(),
        history.failed_over,
        words(slowest)
    ))
}

async fn single_node(ground: Ground) -> Outcome {
    let settings = ground.settings().await?;
    let mut node = ground.ready_node("one", &settings).await?;
    let members = ground.members(&node, "writer", limits::WRITERS).await?;
    let clients = [node.client.clone()];
    let writers = Writers::start(&members, &clients);
    let mut slowest = std::time::Duration::ZERO;
    for _ in 0..2 {
        writers.acknowledge(limits::WRITES_EACH_SIDE, limits::LOAD_MAX).await?;
        ground.step("kills the node (SIGKILL)");
        node.kill().await?;
        node.start_again()?;
        let took = node.ready(limits::RESTART_MAX).await?;
        slowest = slowest.max(took);
        ground.step(format!("it is ready again on the same file after {}", words(took)));
    }
    writers.acknowledge(limits::WRITES_EACH_SIDE, limits::LOAD_MAX).await?;
    let history = writers.finish().await?;
    let tally = tally(&history.writes, &stored(&members, &clients[0]).await?);
    ground.step(tally.words());
    tally.verdict()?;
    passed(format!("killed twice; {}; ready again within {}", tally.words(), words(slowest)))
}
