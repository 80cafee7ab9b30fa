//! A token in an address stands in logs, histories and referrers (RFC 9700, 4.3.2).

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::party::Who,
};

pub(crate) static CHECK: Check = Check {
    id: "scan.token-in-query",
    title: "Tokens in addresses are not taken",
    promises: &["GAT-4"],
    priority: Priority::P2,
    references: &[Reference::Asvs("14.2.1"), Reference::Cwe(598), Reference::Api(2)],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Prototype("token-in-query"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const NAMES: &[&str] = &["access_token", "token", "auth_token", "jwt", "auth", "api_key", "authorization"];

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let me = stranger.me()?;
    let party = stranger.party(Who::A, &probe.client).await?;
    let Some(token) = &party.token else {
        return Err(Ended::NotApplicable("members have no tokens, only cookies".to_owned()));
    };
    for name in NAMES {
        let mark = if me.path.contains('?') { '&' } else { '?' };
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, token).finish();
        let call = probe.client.get(&format!("{}{mark}{query}", me.path));
        let answer = call.purpose(format!("the token as ?{name}=")).patiently().send().await?;
        ensure(!stranger.knows(&answer, &party), || {
            format!("{} takes a token from the address: ?{name}=…", me.path)
        })?;
    }
    passed(format!("{} names in the address were ignored", NAMES.len()))
}
