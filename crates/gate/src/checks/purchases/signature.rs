//! Forged events: whatever is not signed by the source exactly so is refused, and leaves nothing behind.

use super::till::{NOTHING, is};
use crate::{
    check::{Check, Control, Effect, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    client::Call,
    probe::Probe,
    webhook::{Event, ID, SIGNATURE, Source, TIMESTAMP},
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.forged-events",
    title: "An event that its source did not sign exactly so is refused and leaves nothing behind",
    promises: &["WHK-1", "T-PU-02"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("4.1.5"),
        Reference::Asvs("11.3.3"),
        Reference::Cwe(345),
        Reference::Cwe(347),
        Reference::Cwe(294),
        Reference::Api(2),
    ],
    needs: super::NEEDS,
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_signature"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// The three headers of a delivery.
struct Sent<'a> {
    id: &'a str,
    at: &'a str,
    signature: &'a str,
}

async fn run(probe: Probe) -> Outcome {
    let source = probe.webhook_source()?;
    let event = Event::new(NOTHING, &serde_json::json!({ "number": 1 }));
    let at = time::OffsetDateTime::now_utc().unix_timestamp();
    let (later, at) = ((at + 1).to_string(), at.to_string());
    let right = source.signature(&event.id, &at, &event.body);
    let sent = Sent { id: &event.id, at: &at, signature: &right };
    let call = |sent: &Sent<'_>, body: &str| {
        let call = probe.client.post(&source.path()).header(ID, sent.id).header(TIMESTAMP, sent.at);
        call.secret_header(SIGNATURE, sent.signature).body("application/json", body.to_owned())
    };
    let with = |signature: &str| call(&Sent { signature, ..sent }, &event.body);
    let whole = || call(&sent, &event.body);
    let other = Source::new(&source.name, &Source::fresh_secret());
    let others = other.map_err(|error| crate::check::Ended::error(error.to_string()))?;
    let others = others.signature(&event.id, &at, &event.body);
    let tag = right.trim_start_matches("v1,");
    let turned: String = tag.chars().rev().collect();
    let dotted = Event { id: format!("{}.1", event.id), ..event.clone() };

    let mut forged: Vec<(&str, Call)> = vec![
        ("no header at all", probe.client.post(&source.path()).body("application/json", event.body.clone())),
        ("another secret", with(&others)),
        ("a byte more", call(&sent, &format!("{} ", event.body))),
        ("a byte less", call(&sent, &event.body[..event.body.len() - 1])),
        ("another byte", call(&sent, &event.body.replace("\"number\":1", "\"number\":2"))),
        ("the same, written otherwise", call(&sent, &event.body.replace("\":", "\": "))),
        ("no body", call(&sent, "")),
        ("another id", call(&Sent { id: "gate-another", ..sent }, &event.body)),
        ("another time", call(&Sent { at: &later, ..sent }, &event.body)),
        ("an id with a dot", source.delivery(&probe.client, &dotted)),
        ("an empty v1", with("v1,")),
        ("v0 alone", with(&format!("v0,{tag}"))),
        ("v1a of the same bytes", with(&format!("v1a,{tag}"))),
        ("no version", with(tag)),
        ("no base64", with("v1,*")),
        ("half of it", with(&right[..right.len() / 2])),
        ("the same letters in another order", with(&format!("v1,{turned}"))),
        ("an empty signature", with("")),
    ];
    for name in [ID, TIMESTAMP, SIGNATURE] {
        forged.push((name, whole().without(name)));
    }
    for (name, value) in [(ID, event.id.as_str()), (TIMESTAMP, &at), (SIGNATURE, &right)] {
        forged.push(("a header twice", whole().header(name, value)));
    }
    let count = forged.len();
    for (what, call) in forged {
        let answer = call.purpose(what).patiently().send().await?;
        ensure(answer.status == 401 && answer.code() == "signature_refused", || {
            format!("{what}: it answered {} {}", answer.status, answer.said())
        })?;
    }
    let taken = whole().purpose("the right one, for the first time").patiently().send().await?;
    ensure(is(&taken, "recorded"), || {
        format!("after {count} forgeries the right event answered {} {}", taken.status, taken.said())
    })?;
    passed(format!("{count} forgeries were refused and left nothing behind"))
}
