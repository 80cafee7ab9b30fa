//! A node is told to stop (`SIGTERM`) under load: what it has accepted is answered whole, and the process ends in time.

use futures::{StreamExt as _, stream};
use tokio::{net::TcpStream, time::Instant};

use crate::{
    check::{Ended, Outcome, Priority, Reference, Running, ensure, passed},
    drill::{
        Drill, Engine,
        ground::Ground,
        judge::{
            stop::{Finish, Stop, judge},
            words,
            writes::{Attempt, Write, tally},
        },
        limits,
        load::{HalfSent, Writers, stored},
        servers::{Postgres, Settings},
        wait::Wait,
    },
};

pub(crate) static POSTGRES: Drill = Drill {
    id: "drill.graceful-stop.postgres",
    title: "A node that is told to stop under load answers what it has accepted, and ends within its deadline",
    promises: &["OPS-5"],
    priority: Priority::P1,
    references: &[Reference::Asvs("16.5.3"), Reference::Cwe(404)],
    engine: Engine::Postgres,
    needs_redis: false,
    run: |ground| -> Running { Box::pin(on_postgres(ground)) },
};

pub(crate) static SQLITE: Drill = Drill {
    id: "drill.graceful-stop.sqlite",
    title: "A node that is told to stop under load answers what it has accepted, and ends within its deadline",
    promises: &["OPS-5"],
    priority: Priority::P1,
    references: &[Reference::Asvs("16.5.3"), Reference::Cwe(404)],
    engine: Engine::Sqlite,
    needs_redis: false,
    run: |ground| -> Running { Box::pin(on_sqlite(ground)) },
};

async fn on_postgres(ground: Ground) -> Outcome {
    let postgres: Postgres = ground.postgres().await?;
    let settings = ground.settings().await?.with("DATABASE_URL", postgres.url("postgres", "postgres"));
    drill(&ground, settings).await
}

async fn on_sqlite(ground: Ground) -> Outcome {
    let settings = ground.settings().await?;
    drill(&ground, settings).await
}

async fn drill(ground: &Ground, settings: Settings) -> Outcome {
    let mut node = ground.ready_node("one", &settings).await?;
    let mut members = ground.members(&node, "writer", limits::WRITERS).await?;
    let slow = ground.members(&node, "slow", 1).await?;
    let writers = Writers::start(&members, &[node.client.clone()]);
    writers.acknowledge(limits::WRITES_EACH_SIDE, limits::LOAD_MAX).await?;
    ground.step(format!("half sends {} requests", limits::HALF_SENT));
    let mut half_sent = Vec::new();
    for number in 0..limits::HALF_SENT {
        half_sent.push(HalfSent::begin(&slow[0], node.port(), &format!("half-sent {number}")).await?);
    }
    ground.step("tells the node to stop (SIGTERM)");
    let began = Instant::now();
    node.terminate()?;
    refuses(node.port()).await?;
    ground.step("it takes no new connections; sends the other halves");
    let texts = half_sent.iter().map(|half| half.text.clone()).collect::<Vec<_>>();
    let accepted =
        stream::iter(half_sent).map(HalfSent::finish).buffered(limits::HALF_SENT).collect::<Vec<_>>().await;
    let answered = began.elapsed();
    let status = node.ended(limits::SHUTDOWN_MAX * 2).await?;
    let took = began.elapsed();
    let mut history = writers.finish().await?;
    ground.step(format!("ended with {status} after {}; starts it again", words(took)));
    node.start_again()?;
    node.ready(limits::RESTART_MAX).await?;
    for (text, finish) in texts.into_iter().zip(&accepted) {
        if let Finish::Whole(_, id) = finish {
            history.writes.push(Write { text, attempts: vec![Attempt::Acknowledged(id.clone())] });
        }
    }
    members.extend(slow);
    let tally = tally(&history.writes, &stored(&members, &node.client).await?);
    ground.step(tally.words());
    let unanswered_there = tally.unanswered_there;
    let stop = Stop { accepted, unanswered_there, took, is_clean: status.success() };
    judge(&stop, limits::SHUTDOWN_MAX)?;
    tally.verdict()?;
    passed(format!(
        "{} half-sent requests were answered whole {} after the signal, the process ended after {} of at most {}; {}",
        stop.accepted.len(),
        words(answered),
        words(stop.took),
        words(limits::SHUTDOWN_MAX),
        tally.words()
    ))
}

/// Waits until nobody listens at a port any more.
async fn refuses(port: u16) -> Result<(), Ended> {
    let mut wait = Wait::new(limits::SHUTDOWN_MAX);
    while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        ensure(wait.again().await, || "a node that stops goes on taking connections".to_owned())?;
    }
    Ok(())
}
