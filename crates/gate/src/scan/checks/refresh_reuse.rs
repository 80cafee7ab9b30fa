//! A refresh token that was exchanged and comes again is in two hands (RFC 9700, 4.14.2).

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::{
        party::{Party, Who},
        target_file::Refresh,
    },
};

pub(crate) static CHECK: Check = Check {
    id: "scan.refresh-reuse",
    title: "A refresh token that was exchanged is refused",
    promises: &["GAT-4"],
    priority: Priority::P1,
    references: &[Reference::Asvs("10.4.5"), Reference::Cwe(294), Reference::Cwe(613), Reference::Api(2)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("refresh-reuse"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let Some(refresh) = &stranger.file.refresh else {
        return Err(Ended::Unanswerable(
            "the target file has no [refresh], how a refresh token is exchanged".to_owned(),
        ));
    };
    let party = stranger.fresh(Who::A, &probe.client).await?;
    let first = party.refresh_token.clone().unwrap_or_default();
    let second = exchange(&party, refresh, &first, "the token is exchanged").await?;
    let second =
        second.ok_or_else(|| Ended::error("the first refresh token was refused; look at [refresh]"))?;
    if second == first {
        return Err(Ended::Unanswerable(
            "refresh tokens are not exchanged: the same one goes on. For apps and browsers they should be, unless they are bound to a key".to_owned(),
        ));
    }
    // Used once more, so that a period of grace for a lost answer is over.
    let third = exchange(&party, refresh, &second, "its successor is exchanged").await?;
    let third =
        third.ok_or_else(|| Ended::error("the second refresh token was refused; look at [refresh]"))?;
    let again = exchange(&party, refresh, &first, "the first one comes again").await?;
    ensure(again.is_none(), || {
        "a refresh token was exchanged again after its successor had been used".to_owned()
    })?;
    if exchange(&party, refresh, &third, "and the newest one?").await?.is_some() {
        probe.note(
            "the session lives on after an old token came back; ASVS 10.4.5 wants all of its tokens revoked",
        );
    }
    passed("a used refresh token was refused")
}

/// The next refresh token; nothing if it was refused.
async fn exchange(party: &Party, refresh: &Refresh, token: &str, why: &str) -> Result<Option<String>, Ended> {
    let call = party.request(&refresh.request, &[("refresh_token", token)])?;
    let answer = call.hiding(token).purpose(why).patiently().send().await?;
    if !answer.is_success() {
        return Ok(None);
    }
    answer.text_at(&refresh.refresh_token).map(Some)
}
