//! A member who deletes the account is gone from every device at once.

use crate::{
    check::{Check, Control, Effect, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::ends,
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.deletion",
    title: "Deleting the account ends every session of it within a second",
    promises: &["SES-5", "T-ID-21"],
    priority: Priority::P0,
    references: &[Reference::Asvs("7.4.2"), Reference::Cwe(613), Reference::Api(2)],
    needs: &[Need::Disposable],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("account_deletion"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let elsewhere = probe.again(&member).await?;
    elsewhere.get("/v1/auth/me").purpose("the other session lives").expect(200).await?;
    member.delete("/v1/me").purpose("the member deletes the account").expect(204).await?;
    ends(&member, "the session that deleted").await?;
    ends(&elsewhere, "the session elsewhere").await?;
    member.mark_removed();
    passed("both sessions of the deleted account were refused at once")
}
