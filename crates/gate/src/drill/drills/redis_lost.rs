//! Redis is stopped, then black-holed, and comes back: closed classes are closed at once, reads go on, and all recovers by itself.

use crate::{
    check::{Ended, Outcome, Priority, Reference, Running, ensure, passed},
    drill::{
        Drill, Engine,
        ground::Ground,
        judge::outage::{Expect, Outage, Timing, judge},
        limits,
        load::{Question, Samples, Tells},
        servers::{Node, Redis},
        wait::Wait,
    },
    members::Actor,
};

pub(crate) static DRILL: Drill = Drill {
    id: "drill.redis-lost",
    title: "Without Redis, signing in and writing are closed within two seconds, reading goes on, and all recovers by itself",
    promises: &["SEC-4", "T-OP-03", "CFG-5"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("16.5.2"),
        Reference::Asvs("16.5.3"),
        Reference::Cwe(636),
        Reference::Api(4),
    ],
    engine: Engine::Postgres,
    needs_redis: true,
    run: |ground| -> Running { Box::pin(run(ground)) },
};

/// Above what the samples ask for, and so low that a bucket is still filling when its key is looked for.
const RATE_LIMITS: &str = "auth=2400/2400,read=6000/6000,write=2400/2400,public=2400/2400";

async fn run(ground: Ground) -> Outcome {
    let postgres = ground.postgres().await?;
    let mut redis = ground.redis().await?;
    let dev = ground
        .settings()
        .await?
        .with("DATABASE_URL", postgres.url("postgres", "postgres"))
        .with("REDIS_URL", redis.url())
        .with("MAINSTAY_NODES", "2");
    // Only dev lets tests sign in; the sessions are good at every node of the database.
    let entrance = ground.ready_node("entrance", &dev).await?;
    let members = ground.members(&entrance, "redis", 2).await?;
    drop(entrance);
    // Only outside dev are the classes closed.
    let strict = dev
        .with("MAINSTAY_ENV", "staging")
        .with("MAINSTAY_RATE_LIMITS", RATE_LIMITS)
        .without("TEST_MODE")
        .without("MAINSTAY_TEST_AUTH");
    let mut nodes = vec![ground.ready_node("one", &strict).await?, ground.ready_node("two", &strict).await?];

    let (stopped, _) = outage(&ground, &mut redis, &nodes, &members, Loss::Stopped).await?;
    ground.step(format!("stopped: {}", stopped.words()));
    let (silent, keys) = outage(&ground, &mut redis, &nodes, &members, Loss::Silent).await?;
    ground.step(format!("black-holed: {}", silent.words()));

    for node in &mut nodes {
        ensure(node.is_running(), || format!("{} did not live through it", node.name))?;
    }
    passed(format!(
        "stopped: {}; black-holed: {}; up to {keys} keys in Redis at a time, each with an expiry",
        stopped.words(),
        silent.words()
    ))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// Killed: nobody listens.
    Stopped,
    /// Frozen: connections stand and new ones are taken, and nothing answers.
    Silent,
}

async fn outage(
    ground: &Ground,
    redis: &mut Redis,
    nodes: &[Node],
    members: &[Actor],
    loss: Loss,
) -> Result<(Timing, usize), Ended> {
    let questions = nodes.iter().zip(members).flat_map(|(node, member)| questions(node, member)).collect();
    let samples = Samples::start(questions);
    ensure(samples.well_since(samples.now(), limits::LOAD_MAX).await, || {
        "not all was well at first".to_owned()
    })?;
    ground.step(match loss {
        Loss::Stopped => "kills Redis",
        Loss::Silent => "freezes Redis (SIGSTOP)",
    });
    let beginning = samples.now();
    match loss {
        Loss::Stopped => redis.stop().await?,
        Loss::Silent => redis.freeze()?,
    }
    let began = samples.now();
    samples.answered_since(began, limits::OUTAGE_SAMPLES, limits::OUTAGE_MAX).await;
    // An outage shorter than this could end before readiness tells of it.
    samples.last_until(began + limits::DETECTION_MAX).await;
    ground.step("brings Redis back");
    let ended = samples.now();
    match loss {
        Loss::Stopped => redis.start_again().await?,
        Loss::Silent => redis.thaw()?,
    }
    samples.well_since(ended, limits::RECOVERY_MAX).await;
    let well = samples.now();
    samples.answered_since(well, limits::OUTAGE_SAMPLES, limits::LOAD_MAX).await;
    let keys = keys(redis).await?;
    let routes = samples.finish().await?;
    let outage = Outage { beginning, began, ended, recovery_max: limits::RECOVERY_MAX };
    Ok((judge(&routes, &outage)?, keys))
}

/// Looks at the keys for a while; answers how many there were at most, each with an expiry.
async fn keys(redis: &Redis) -> Result<usize, Ended> {
    let mut most = 0;
    let mut wait = Wait::new(limits::LOAD_MAX);
    for _ in 0..limits::KEY_LOOKS {
        let (count, everlasting) = redis.keys().await?;
        ensure(everlasting.is_empty(), || format!("keys without an expiry: {}", everlasting.join(", ")))?;
        most = most.max(count);
        wait.again().await;
    }
    ensure(most > 0, || "nothing is counted in Redis".to_owned())?;
    Ok(most)
}

fn questions(node: &Node, member: &Actor) -> Vec<Question> {
    let (client, member) = (node.client.clone(), member.at(&node.client));
    let question = |what: &str, expect, tells, ask| Question {
        name: format!("{what} at node {}", node.name),
        expect,
        tells,
        ask,
    };
    let closed = Expect::Closed(limits::CLOSED_ANSWER_MAX);
    let (start, write, read, me) = (client.clone(), member.clone(), member.clone(), member);
    let (ready, health) = (client.clone(), client);
    vec![
        question(
            "POST /v1/auth/passkey/login/start",
            closed,
            Tells::Problem,
            Box::new(move || start.post("/v1/auth/passkey/login/start").json(&serde_json::json!({}))),
        ),
        question(
            "POST /v1/notes",
            closed,
            Tells::Problem,
            Box::new(move || {
                write.post("/v1/notes").json(&serde_json::json!({ "text": "while Redis comes and goes" }))
            }),
        ),
        question(
            "GET /v1/notes",
            Expect::Open(limits::READ_ANSWER_MAX),
            Tells::Problem,
            Box::new(move || read.get("/v1/notes?limit=1")),
        ),
        question(
            "GET /v1/auth/me",
            Expect::Open(limits::READ_ANSWER_MAX),
            Tells::Problem,
            Box::new(move || me.get("/v1/auth/me")),
        ),
        question(
            "GET /ready",
            Expect::Telling { within: limits::PROBE_ANSWER_MAX, detection: limits::DETECTION_MAX },
            Tells::Check("redis"),
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
