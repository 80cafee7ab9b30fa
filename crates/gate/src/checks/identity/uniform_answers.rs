//! Whoever asks for a code learns nothing about who has an account: status, shape, headers and time are alike.

use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    client::{Answer, Client, Device},
    code_flow,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.uniform-answers",
    title: "Known and unknown addresses get the same answer in the same time",
    promises: &["SEC-9", "T-ID-13"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.3.8"), Reference::Cwe(204), Reference::Cwe(208), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Mailbox, Need::Capability("email_code")],
    effect: Effect::Safe,
    phase: Phase::Alone,
    control: Control::Guard("uniform_answers"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// Clients that ask, each at an address of its own where that is possible.
const CLIENTS: usize = 3;
/// Questions of one client about each address: within the mails that one asker may cause to one mailbox.
const ROUNDS: usize = 7;
/// Medians that differ by less are alike, whatever the samples say.
const DIFFERENCE_MIN: Duration = Duration::from_millis(25);
/// The share of pairs in which one kind is slower, from which on somebody could tell them apart.
const SEPARATION: f64 = 0.95;

async fn run(probe: Probe) -> Outcome {
    let mailbox = probe.mailbox()?;
    let name = || probe.world.members.name().map(|name| mailbox.address(&name));
    let (known, unknown) = (name()?, name()?);
    let member = probe.member().await?;
    code_flow::change_address(&member, &*mailbox, &known).await?;

    let (mut known_times, mut unknown_times) = (Vec::new(), Vec::new());
    for _ in 0..CLIENTS {
        let client = probe.another_client()?;
        for round in 0..ROUNDS {
            // In turns, so that neither kind is always the first.
            let order = if round % 2 == 0 { [true, false] } else { [false, true] };
            let mut answers = Vec::new();
            for is_known in order {
                let address = if is_known { &known } else { &unknown };
                let answer = ask(&client, address, is_known).await?;
                if round > 0 {
                    if is_known { &mut known_times } else { &mut unknown_times }.push(answer.took);
                }
                answers.push(answer);
            }
            alike(&answers[0], &answers[1])?;
        }
    }
    known_times.sort();
    unknown_times.sort();
    let (a, b) = (median(&known_times), median(&unknown_times));
    let separation = separation(&known_times, &unknown_times);
    probe.note(format!("medians {a:?} (known) and {b:?} (unknown), {separation:.2} of the pairs slower"));
    let differs = a.abs_diff(b) > DIFFERENCE_MIN && !(1.0 - SEPARATION..=SEPARATION).contains(&separation);
    ensure(!differs, || format!("known addresses take {a:?}, unknown ones {b:?}"))?;
    passed(format!("{} questions about each were alike; medians {a:.1?} and {b:.1?}", CLIENTS * ROUNDS))
}

async fn ask(client: &Client, address: &str, is_known: bool) -> Result<Answer, Ended> {
    let browser = Device::browser(client);
    let purpose = if is_known { "a known address" } else { "an unknown address" };
    let call = browser.post("/v1/auth/email/start").purpose(purpose);
    let answer = call.json(&json!({ "email": address, "language": "en" })).send().await?;
    match answer.status {
        429 => {
            Err(Ended::Unanswerable("the quota of this client address is too small to compare".to_owned()))
        }
        _ => Ok(answer),
    }
}

fn alike(a: &Answer, b: &Answer) -> Result<(), Ended> {
    ensure(a.status == b.status, || format!("one address answers {}, the other {}", a.status, b.status))?;
    let fields = |answer: &Answer| {
        let object = answer.json().as_object().cloned().unwrap_or_default();
        object.into_iter().map(|(name, value)| (name, kind(&value))).collect::<BTreeMap<_, _>>()
    };
    ensure(fields(a) == fields(b), || format!("the shapes differ: {} and {}", a.said(), b.said()))?;
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
    ensure(names(a) == names(b), || {
        format!("the headers differ: {:?}", names(a).symmetric_difference(&names(b)))
    })?;
    ensure(a.body.len() == b.body.len(), || "the answers differ in length".to_owned())
}

/// A number as it is, of a text its length.
fn kind(value: &Value) -> String {
    match value {
        Value::String(text) => format!("text of {}", text.len()),
        other => other.to_string(),
    }
}

fn median(sorted: &[Duration]) -> Duration {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// In which share of all pairs the first kind is slower (Mann and Whitney's U over the number of pairs).
fn separation(a: &[Duration], b: &[Duration]) -> f64 {
    let pairs = (a.len() * b.len()).max(1);
    let slower = a.iter().map(|x| b.iter().filter(|y| x > *y).count()).sum::<usize>();
    slower as f64 / pairs as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(times: &[u64]) -> Vec<Duration> {
        times.iter().map(|time| Duration::from_millis(*time)).collect()
    }

    #[test]
    fn separation_tells_two_kinds_apart_and_one_kind_not() {
        let (fast, slow) = (milliseconds(&[1, 2, 3, 4]), milliseconds(&[50, 51, 52, 53]));
        assert_eq!((separation(&slow, &fast), separation(&fast, &slow)), (1.0, 0.0));
        let mixed = milliseconds(&[1, 52, 3, 50]);
        assert!((0.2..0.8).contains(&separation(&mixed, &milliseconds(&[2, 51, 4, 49]))));
        assert_eq!(median(&slow), Duration::from_millis(52));
    }
}
