//! A small closed-loop HTTP load generator: N keep-alive connections, each sending its next request when the last was answered.
//!
//! It reads one JSON job from standard input and prints one JSON result. It runs on one thread, so that on a small machine it takes
//! as little as possible from the server it measures, and it counts the server's own CPU time and memory from `/proc`.

#![allow(clippy::print_stdout, reason = "its result goes to standard output")]

mod connection;
mod process;

use std::{
    io::Read,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::{connection::Connection, process::Usage};

/// What to do.
#[derive(Deserialize)]
struct Job {
    /// The server.
    address: SocketAddr,
    /// Its process, for CPU time and memory.
    pid: u32,
    /// How long to send, in milliseconds.
    duration_ms: u64,
    /// The status that every answer must have.
    expect_status: u16,
    /// One client each.
    clients: Vec<Client>,
}

/// One connection's requests.
#[derive(Deserialize)]
struct Client {
    /// A whole HTTP/1.1 request. `{token}` stands for `token`, whose length must not change between answers; where there are choices,
    /// `{number}` stands for the number of the request, in ten digits.
    request: String,
    /// Replaces `{token}`.
    #[serde(default)]
    token: String,
    /// The member of the JSON answer that becomes the next `token`.
    #[serde(default)]
    next_token: Option<String>,
    /// `{choice}` stands for the next of these, over and over; all of one length.
    #[serde(default)]
    choices: Vec<String>,
    /// Whole requests, one after another and each once, in place of `request`.
    #[serde(default)]
    requests: Vec<String>,
}

/// What was seen.
#[derive(Serialize)]
struct Outcome {
    requests: usize,
    seconds: f64,
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// The server's user and system time per request, in microseconds.
    cpu_us_per_request: f64,
    /// The server's resident memory at the end, in KiB.
    memory_kib: u64,
    /// The tokens that the clients hold at the end, for the next round.
    tokens: Vec<String>,
}

fn main() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let job: Job = serde_json::from_str(&text).context("the job on standard input is no valid JSON")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = tokio::task::LocalSet::new().block_on(&runtime, run(job))?;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

async fn run(job: Job) -> Result<Outcome> {
    if job.clients.is_empty() {
        bail!("there is no client");
    }
    let mut connections = Vec::with_capacity(job.clients.len());
    for client in job.clients {
        connections.push((Connection::open(job.address).await?, client));
    }
    let before = Usage::of(job.pid)?;
    let started = Instant::now();
    let end = started + Duration::from_millis(job.duration_ms);
    let expected = Rc::new(job.expect_status);
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|(connection, client)| {
            tokio::task::spawn_local(drive(connection, client, end, Rc::clone(&expected)))
        })
        .collect();
    let mut latencies = Vec::new();
    let mut tokens = Vec::new();
    for task in tasks {
        let (seen, token) = task.await??;
        latencies.extend(seen);
        tokens.push(token);
    }
    let seconds = started.elapsed().as_secs_f64();
    let after = Usage::of(job.pid)?;
    latencies.sort_unstable();
    let requests = latencies.len();
    let percentile = |share: f64| {
        let index = ((requests as f64 * share) as usize).min(requests.saturating_sub(1));
        latencies.get(index).map_or(0.0, |latency: &Duration| latency.as_secs_f64() * 1e3)
    };
    Ok(Outcome {
        requests,
        seconds,
        requests_per_second: requests as f64 / seconds,
        p50_ms: percentile(0.50),
        p99_ms: percentile(0.99),
        cpu_us_per_request: (after.cpu_seconds - before.cpu_seconds) * 1e6 / requests.max(1) as f64,
        memory_kib: after.memory_kib,
        tokens,
    })
}

/// The request of this number.
fn fill(client: &Client, number: u64) -> Result<String> {
    if !client.requests.is_empty() {
        let next = usize::try_from(number).ok().and_then(|place| client.requests.get(place));
        return next.cloned().context("a client ran out of requests");
    }
    let request = client.request.replace("{token}", &client.token);
    let count = client.choices.len().max(1) as u64;
    Ok(match usize::try_from(number % count).ok().and_then(|place| client.choices.get(place)) {
        Some(choice) => request.replace("{choice}", choice).replace("{number}", &format!("{number:010}")),
        None => request,
    })
}

async fn drive(
    mut connection: Connection,
    mut client: Client,
    end: Instant,
    expected: Rc<u16>,
) -> Result<(Vec<Duration>, String)> {
    let mut latencies = Vec::with_capacity(4096);
    let is_fixed = client.next_token.is_none() && client.choices.is_empty() && client.requests.is_empty();
    let fixed = is_fixed.then(|| client.request.replace("{token}", &client.token));
    let mut number = 0;
    loop {
        let begun = Instant::now();
        if begun >= end {
            return Ok((latencies, client.token));
        }
        let request = match &fixed {
            Some(fixed) => fixed.clone(),
            None => fill(&client, number)?,
        };
        number += 1;
        let answer = connection.exchange(request.as_bytes()).await?;
        latencies.push(begun.elapsed());
        if answer.status != *expected {
            bail!(
                "status {} in place of {expected}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
        if let Some(member) = &client.next_token {
            let body: serde_json::Value = serde_json::from_slice(&answer.body)?;
            client.token =
                body[member].as_str().with_context(|| format!("no {member} in the answer"))?.to_owned();
        }
    }
}
