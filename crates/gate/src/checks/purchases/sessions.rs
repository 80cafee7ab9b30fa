//! Who is signed in counts for nothing: a session is no signature, and a signature needs no session, origin or CSRF token.

use super::till::{NOTHING, is};
use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    webhook::{Event, ID, NO_SIGNATURE, SIGNATURE, TIMESTAMP},
};

pub(crate) static CHECK: Check = Check {
    id: "purchases.no-session",
    title: "A session is no signature, and a signature needs neither session nor origin nor CSRF token",
    promises: &["WHK-1", "T-PU-11"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("8.3.1"),
        Reference::Asvs("3.5.1"),
        Reference::Cwe(306),
        Reference::Cwe(352),
    ],
    needs: &[Need::Capability("purchases"), Need::WebhookSource, Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("webhook_signature"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let source = probe.webhook_source()?;
    let event = Event::new(NOTHING, &serde_json::json!({}));
    let member = probe.member().await?;
    let at = time::OffsetDateTime::now_utc().unix_timestamp().to_string();
    let forged = member.post(&source.path()).header(ID, &event.id).header(TIMESTAMP, at);
    let forged = forged.header(SIGNATURE, NO_SIGNATURE).body("application/json", event.body.clone());
    let refused = forged.purpose("a member's session and a forged signature").patiently().send().await?;
    ensure(refused.status == 401 && refused.code() == "signature_refused", || {
        format!("a member without a signature was answered {} {}", refused.status, refused.said())
    })?;
    let signed = source.delivery(&probe.client, &event).jar(&member.jar);
    let signed = signed.header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
    let taken = signed.purpose("signed, from a page of another site").patiently().send().await?;
    ensure(is(&taken, "recorded"), || {
        format!(
            "a signed event with a cookie and a foreign origin answered {} {}",
            taken.status,
            taken.said()
        )
    })?;
    let opens = taken.header("access-control-allow-origin").is_some() || taken.header("set-cookie").is_some();
    ensure(!opens, || "the answer lets a foreign page read it, or sets a cookie".to_owned())?;
    let me = member.get("/v1/auth/me").purpose("the session is as it was").patiently().send().await?;
    ensure(me.status == 200, || format!("the member's session answered {} afterwards", me.status))?;
    passed("a session without a signature was refused, a signature beside foreign cookies was taken")
}
