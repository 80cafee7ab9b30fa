//! Guessing gets slower with each failure, at an account and from an address, whether the account exists or not; nobody is locked out (SEC-5).

use std::time::Duration;

use serde_json::json;

use super::limits::{GUESSES_AT_ACCOUNT, GUESSES_FROM_ADDRESS};
use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::{Answer, Call, Client},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "edge.sign-in-backoff",
    title: "Failed sign-ins are slowed down without locking a member out",
    promises: &["SEC-5"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("6.3.1"),
        Reference::Asvs("6.3.8"),
        Reference::Cwe(307),
        Reference::Cwe(645),
        Reference::Cwe(204),
        Reference::Api(2),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Alone,
    control: Control::Guard("sign_in_backoff"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mut told = Vec::new();
    if probe.target.why_off("password").is_none() {
        told.push(at_account(&probe).await?);
    } else {
        probe.note("passwords are off, so guesses at an account are not tried");
    }
    let has_codes = probe.target.why_off("email_code").is_none();
    if has_codes && probe.world.sources.are_separate() {
        told.push(from_address(&probe).await?);
    } else if has_codes {
        probe.note("guesses from the one address that there is would slow down everybody behind it, so they are not tried");
    } else {
        probe.note("mailed codes are off, so guesses from an address are not tried");
    }
    if told.is_empty() {
        let why = "no passwords, and no codes that could be guessed at from an address of the gate's own";
        return Err(Ended::NotApplicable(why.to_owned()));
    }
    passed(told.join("; "))
}

/// Guesses at one account, each from another address.
async fn at_account(probe: &Probe) -> Result<String, Ended> {
    let nobody = |number: u32| format!("gate-{}-{number}@example.com", uuid::Uuid::new_v4().simple());
    let (account, other) = (nobody(1), nobody(2));
    let guess = |client: &Client, email: &str| {
        let body = json!({ "email": email, "password": "not this one" });
        client.post("/v1/auth/login").purpose("a guess").json(&body)
    };
    let mut slowed = None;
    let mut client = probe.another_client()?;
    for number in 1..=GUESSES_AT_ACCOUNT {
        let answer = heard(|| guess(&client, &account)).await?;
        if is_slowed(&answer)? {
            slowed = Some(number);
            break;
        }
        ensure(answer.status == 401 && answer.code() == "invalid_credentials", || {
            format!("guess {number} answered {} {}", answer.status, answer.said())
        })?;
        client = probe.another_client()?;
    }
    let Some(number) = slowed else {
        return Err(Ended::fail(format!("{GUESSES_AT_ACCOUNT} guesses at one account were all heard")));
    };
    let another = probe.another_client()?;
    let elsewhere = heard(|| guess(&another, &other)).await?;
    ensure(elsewhere.status == 401, || format!("another account answers {} too", elsewhere.status))?;
    still_open(&client).await?;
    Ok(format!("guess {number} at an account that nobody has was put off"))
}

/// Guesses at codes from one address.
async fn from_address(probe: &Probe) -> Result<String, Ended> {
    let client = probe.another_client()?;
    let guess = |client: &Client| {
        let body = json!({ "flow_id": uuid::Uuid::new_v4(), "code": "00000000" });
        client.post("/v1/auth/email/finish").purpose("a guess").json(&body)
    };
    for number in 1..=GUESSES_FROM_ADDRESS {
        let answer = heard(|| guess(&client)).await?;
        if !is_slowed(&answer)? {
            ensure(answer.status == 401, || {
                format!("guess {number} answered {} {}", answer.status, answer.said())
            })?;
            continue;
        }
        still_open(&client).await?;
        let another = probe.another_client()?;
        let elsewhere = heard(|| guess(&another)).await?;
        ensure(elsewhere.status == 401, || format!("another address is answered {} too", elsewhere.status))?;
        return Ok(format!("guess {number} from an address was put off"));
    }
    Err(Ended::fail(format!("{GUESSES_FROM_ADDRESS} guesses from one address were all heard")))
}

/// Sends a guess; where only the quota is full, again when it has filled.
async fn heard(guess: impl Fn() -> Call) -> Result<Answer, Ended> {
    loop {
        let answer = guess().send().await?;
        if answer.code() != "rate_limited" {
            return Ok(answer);
        }
        let wait = answer.header("retry-after").and_then(|text| text.parse().ok()).unwrap_or(1);
        tokio::time::sleep(Duration::from_secs(wait)).await;
    }
}

/// Whether a guess was put off, in the form that it should be.
fn is_slowed(answer: &Answer) -> Result<bool, Ended> {
    if answer.status != 429 {
        return Ok(false);
    }
    ensure(answer.code() == "sign_in_backoff", || format!("put off with the code {:?}", answer.code()))?;
    let wait = answer.header("retry-after").and_then(|text| text.parse::<u64>().ok());
    ensure(wait.is_some_and(|seconds| (1..=86_400).contains(&seconds)), || {
        format!("put off with Retry-After {:?}", answer.header("retry-after"))
    })?;
    Ok(true)
}

/// A stranger's failures keep nobody from a passkey, at the very address that is slowed down.
async fn still_open(client: &Client) -> Result<(), Ended> {
    let start =
        || client.post("/v1/auth/passkey/login/start").purpose("a passkey all the same").json(&json!({}));
    let answer = heard(start).await?;
    ensure(answer.status != 429 && answer.code() != "sign_in_backoff", || {
        format!("passkeys are slowed down too: {} {}", answer.status, answer.said())
    })
}
