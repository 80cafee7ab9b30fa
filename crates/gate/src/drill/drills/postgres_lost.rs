//! PostgreSQL is stopped, then black-holed, and comes back: telling 503s within a bound, and nothing acknowledged is lost.

use crate::{
    check::{Ended, Outcome, Priority, Reference, Running, ensure, passed},
    drill::{
        Drill, Engine,
        ground::Ground,
        judge::{
            outage::{Expect, Outage, Timing, judge},
            writes::tally,
        },
        limits,
        load::{Question, Samples, Tells, Writers, stored},
        servers::{Node, Postgres},
    },
    members::Actor,
};

pub(crate) static DRILL: Drill = Drill {
    id: "drill.postgres-lost",
    title: "Without PostgreSQL every answer is a 503 in time, the process lives on, recovers by itself, and loses nothing acknowledged",
    promises: &["CFG-5", "SEC-9", "OPS-5"],
    priority: Priority::P0,
    references: &[Reference::Asvs("16.5.2"), Reference::Asvs("16.5.3"), Reference::Cwe(755)],
    engine: Engine::Postgres,
    needs_redis: true,
    run: |ground| -> Running { Box::pin(run(ground)) },
};

async fn run(ground: Ground) -> Outcome {
    let mut postgres = ground.postgres().await?;
    let redis = ground.redis().await?;
    let settings = ground
        .settings()
        .await?
        .with("DATABASE_URL", postgres.url("postgres", "postgres"))
        .with("REDIS_URL", redis.url())
        .with("MAINSTAY_NODES", "2");
    let mut nodes =
        vec![ground.ready_node("one", &settings).await?, ground.ready_node("two", &settings).await?];
    let members = ground.members(&nodes[0], "postgres", 2).await?;
    let authors = ground.members(&nodes[0], "writer", limits::WRITERS).await?;
    let clients = nodes.iter().map(|node| node.client.clone()).collect::<Vec<_>>();
    let writers = Writers::start(&authors, &clients);
    writers.acknowledge(limits::WRITES_EACH_SIDE, limits::LOAD_MAX).await?;

    let stopped = outage(&ground, &mut postgres, &nodes, &members, Loss::Stopped).await?;
    ground.step(format!("stopped: {}", stopped.words()));
    writers.acknowledge(limits::WRITES_EACH_SIDE, limits::LOAD_MAX).await?;
    let silent = outage(&ground, &mut postgres, &nodes, &members, Loss::Silent).await?;
    ground.step(format!("black-holed: {}", silent.words()));
    writers.acknowledge(limits::WRITES_EACH_SIDE, limits::LOAD_MAX).await?;

    let history = writers.finish().await?;
    for node in &mut nodes {
        ensure(node.is_running(), || format!("{} did not live through it", node.name))?;
    }
    let tally = tally(&history.writes, &stored(&authors, &clients[1]).await?);
    ground.step(tally.words());
    tally.verdict()?;
    passed(format!("stopped: {}; black-holed: {}; {}", stopped.words(), silent.words(), tally.words()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// A fast shutdown: sessions are ended, nobody listens.
    Stopped,
    /// All its processes are frozen: connections stand and new ones are taken, and nothing answers.
    Silent,
}

async fn outage(
    ground: &Ground,
    postgres: &mut Postgres,
    nodes: &[Node],
    members: &[Actor],
    loss: Loss,
) -> Result<Timing, Ended> {
    let questions = nodes.iter().zip(members).flat_map(|(node, member)| questions(node, member)).collect();
    let mut samples = Samples::start(questions);
    ensure(samples.well_since(samples.now(), limits::LOAD_MAX).await, || {
        "not all was well at first".to_owned()
    })?;
    ground.step(match loss {
        Loss::Stopped => "stops PostgreSQL (fast shutdown)",
        Loss::Silent => "freezes PostgreSQL with all its sessions (SIGSTOP)",
    });
    // While it shuts down some answers are refused already; only afterwards must all be.
    let beginning = samples.now();
    match loss {
        Loss::Stopped => postgres.stop().await?,
        Loss::Silent => postgres.freeze()?,
    }
    let began = samples.now();
    // What was asked just before may hang for as long as the outage lasts.
    samples.ask_now();
    let enough = match loss {
        Loss::Stopped => limits::OUTAGE_SAMPLES,
        Loss::Silent => limits::FROZEN_SAMPLES,
    };
    samples.answered_since(began, enough, limits::OUTAGE_MAX).await;
    // An outage shorter than this could end before readiness tells of it.
    samples.last_until(began + limits::DETECTION_MAX).await;
    ground.step("brings PostgreSQL back");
    let ended = samples.now();
    match loss {
        Loss::Stopped => postgres.start_again().await?,
        Loss::Silent => postgres.thaw()?,
    }
    samples.well_since(ended, limits::RECOVERY_MAX).await;
    let well = samples.now();
    samples.answered_since(well, limits::OUTAGE_SAMPLES, limits::LOAD_MAX).await;
    let routes = samples.finish().await?;
    judge(&routes, &Outage { beginning, began, ended, recovery_max: limits::RECOVERY_MAX })
}

fn questions(node: &Node, member: &Actor) -> Vec<Question> {
    let (client, member) = (node.client.clone(), member.at(&node.client));
    let question = |what: &str, expect, tells, ask| Question {
        name: format!("{what} at node {}", node.name),
        expect,
        tells,
        ask,
    };
    let closed = Expect::Closed(limits::DATABASE_ANSWER_MAX);
    let (write, read) = (member.clone(), member);
    let (ready, health) = (client.clone(), client);
    vec![
        question(
            "POST /v1/notes",
            closed,
            Tells::Problem,
            Box::new(move || {
                write
                    .post("/v1/notes")
                    .json(&serde_json::json!({ "text": "while PostgreSQL comes and goes" }))
            }),
        ),
        question("GET /v1/notes", closed, Tells::Problem, Box::new(move || read.get("/v1/notes?limit=1"))),
        question(
            "GET /ready",
            Expect::Telling { within: limits::PROBE_ANSWER_MAX, detection: limits::DETECTION_MAX },
            Tells::Check("database"),
            Box::new(move || ready.get("/ready")),
        ),
        question(
            "GET /health",
            Expect::Open(limits::PROBE_ANSWER_MAX),
            Tells::Problem,
            Box::new(move || health.get("/health")),
        ),
    ]
}
