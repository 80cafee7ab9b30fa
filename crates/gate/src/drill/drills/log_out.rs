//! A member signs out at one node: within a second the session is over at the other, with Redis, without it, and with a Redis
//! that does not answer.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    check::{Ended, Outcome, Priority, Reference, Running, passed},
    drill::{
        Drill, Engine,
        ground::Ground,
        judge::{
            log_out::{Use, judge},
            words,
        },
        limits,
        servers::Node,
    },
    members::Actor,
};

pub(crate) static DRILL: Drill = Drill {
    id: "drill.log-out",
    title: "A log-out at one node holds at the other within a second, with Redis and without",
    promises: &["SES-5", "T-ID-21"],
    priority: Priority::P0,
    references: &[Reference::Asvs("7.4.1"), Reference::Cwe(613), Reference::Api(2)],
    engine: Engine::Postgres,
    needs_redis: true,
    run: |ground| -> Running { Box::pin(run(ground)) },
};

async fn run(ground: Ground) -> Outcome {
    let postgres = ground.postgres().await?;
    let mut redis = ground.redis().await?;
    let settings = ground
        .settings()
        .await?
        .with("DATABASE_URL", postgres.url("postgres", "postgres"))
        .with("REDIS_URL", redis.url())
        .with("MAINSTAY_NODES", "2");
    let nodes = [ground.ready_node("one", &settings).await?, ground.ready_node("two", &settings).await?];
    let with = log_outs(&ground, &nodes, "with Redis", "with").await?;
    redis.freeze()?;
    let silent = log_outs(&ground, &nodes, "with a frozen Redis", "silent").await?;
    redis.thaw()?;
    redis.stop().await?;
    let without = log_outs(&ground, &nodes, "without Redis", "without").await?;
    passed(format!(
        "{} log-outs each: the other node's last yes came {} after the log-out with Redis, {} with a frozen one, {} without",
        limits::LOG_OUTS,
        words(with),
        words(silent),
        words(without)
    ))
}

/// Signs members in and out, and answers how long a session was taken for live at most.
async fn log_outs(ground: &Ground, nodes: &[Node; 2], how: &str, name: &str) -> Result<Duration, Ended> {
    ground.step(format!("signs {} members out, {how}", limits::LOG_OUTS));
    let members = ground.members(&nodes[0], name, limits::LOG_OUTS).await?;
    // Back and forth, so that each node hears of the other's.
    let alive = members.iter().enumerate().map(|(number, member)| {
        let (here, there) = (&nodes[number % 2], &nodes[(number + 1) % 2]);
        log_out(member.at(&here.client), member.at(&there.client))
    });
    let mut longest = Duration::ZERO;
    for alive in futures::future::join_all(alive).await {
        longest = longest.max(alive.map_err(|ended| prefixed(how, ended))?);
    }
    ground.step(format!("the last yes came {} after a log-out", words(longest)));
    Ok(longest)
}

async fn log_out(here: Actor, there: Actor) -> Result<Duration, Ended> {
    // The other node knows the session, and may keep what it knows for a while.
    there.get("/v1/auth/me").expect(200).await?;
    here.post("/v1/auth/logout").expect(204).await?;
    let over = Instant::now();
    let mut uses = Vec::new();
    // Half as long again: what is dead has to stay dead.
    while over.elapsed() < limits::LOG_OUT_MAX * 3 / 2 {
        let asked = over.elapsed();
        let status = there.get("/v1/auth/me").only_counted().send().await?.status;
        uses.push(Use { asked, status });
        sleep(limits::POLL).await;
    }
    judge(&uses, limits::LOG_OUT_MAX)
}

fn prefixed(how: &str, ended: Ended) -> Ended {
    match ended {
        Ended::Fail(what) => Ended::Fail(format!("{how}: {what}")),
        Ended::Error(what) => Ended::Error(format!("{how}: {what}")),
        other => other,
    }
}
