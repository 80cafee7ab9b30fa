//! Keys of a team's own back ends: scoped, of no use as anything else, shown once, and dead when revoked.

use serde_json::json;
use tokio::time::Instant;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::verdict::{settled, unauthorised},
    client::Call,
    limits,
    members::Actor,
    probe::Probe,
};

/// Fewer characters than this hold no 128 bits.
const SECRET_CHARS_MIN: usize = 22;

pub(crate) static CHECK: Check = Check {
    id: "identity.service-keys",
    title: "Service keys open what they are for, are shown once, and die when revoked",
    promises: &["IDN-10"],
    priority: Priority::P1,
    references: &[
        Reference::Asvs("13.3.1"),
        Reference::Asvs("8.2.1"),
        Reference::Cwe(613),
        Reference::Cwe(287),
        Reference::Api(5),
    ],
    needs: &[Need::Operator, Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("service_key_state"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.bearer_member().await?;
    let operator = probe.operator().await?;
    let made = operator.post("/v1/operator/service-keys").purpose("an operator makes a key");
    let made =
        made.json(&json!({ "name": "gate", "scopes": ["members:read"] })).patiently().expect(201).await?;
    let (id, key) = (made.text_at("/service_key/id")?, made.text_at("/key")?);
    let outcome = match secret_of(&key, &made.text_at("/service_key/prefix")?) {
        Ok(secret) => attack(&probe, &operator, &member, &id, &key, secret).await,
        Err(ended) => Err(ended),
    };
    // Also when the check failed half way: no key stays behind.
    let _ = revoke(&operator, &id).send().await;
    outcome
}

/// What of a key nobody may see again. It may have a `_` of its own, so it is told by what the list shows.
fn secret_of<'a>(key: &'a str, prefix: &str) -> Result<&'a str, Ended> {
    let secret = key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    let secret = secret.filter(|secret| secret.len() >= SECRET_CHARS_MIN);
    secret.ok_or_else(|| Ended::fail(format!("a key is no {SECRET_CHARS_MIN} characters behind its prefix")))
}

async fn attack(
    probe: &Probe,
    operator: &Actor,
    member: &Actor,
    id: &str,
    key: &str,
    secret: &str,
) -> Outcome {
    let path = format!("/v1/service/members/{}", member.member_id);
    let with =
        |token: &str| probe.client.get(&path).header("authorization", format!("Bearer {token}")).patiently();
    with(key).purpose("the key reads a member").expect(200).await?;
    let before = &key[..key.len() - secret.len()];
    for (what, token) in [
        ("a key with another secret", format!("{before}{}", "A".repeat(secret.len()))),
        ("a key without its secret", before.to_owned()),
        ("a key's beginning", key[..key.len() - 1].to_owned()),
        ("a member's access token", member.access_token()),
        ("an operator's access token", operator.access_token()),
    ] {
        unauthorised(&with(&token).purpose(what).send().await?, what)?;
    }
    let bare = probe.client.get(&path).purpose("no key").send().await?;
    unauthorised(&bare, "no key")?;
    let in_query = probe
        .client
        .get(&format!("{path}?access_token={key}"))
        .purpose("the key in the address")
        .send()
        .await?;
    unauthorised(&in_query, "the key in the address")?;
    let as_member = probe.client.get("/v1/auth/me").header("authorization", format!("Bearer {key}"));
    unauthorised(
        &as_member.purpose("the key as an access token").send().await?,
        "the key as an access token",
    )?;

    let list =
        operator.get("/v1/operator/service-keys").purpose("the list of keys").patiently().expect(200).await?;
    ensure(!list.body_text().contains(secret), || "the list of keys shows a secret".to_owned())?;
    revoke(operator, id).purpose("the operator revokes the key").expect(204).await?;
    let until = Instant::now() + limits::END_TIME_MAX;
    let answer = settled(until, || with(key).purpose("the revoked key")).await?;
    unauthorised(&answer, "a key that was revoked a second ago")?;
    passed("the key worked until it was revoked; eight things that are none did not")
}

fn revoke(operator: &Actor, id: &str) -> Call {
    operator.delete(&format!("/v1/operator/service-keys/{id}")).patiently()
}

#[cfg(test)]
mod tests {
    use super::secret_of;

    #[test]
    fn a_secret_with_an_underscore_of_its_own_is_told_whole() {
        let secret = "_0123456789abcdef_0123456789_abcdef01234567_";
        assert_eq!(secret_of(&format!("msk_abcdefgh_{secret}"), "msk_abcdefgh").unwrap(), secret);
        for (key, prefix) in [("msk_abcdefgh_short", "msk_abcdefgh"), ("msk_abcdefgh", "msk_other"), ("", "")]
        {
            assert!(secret_of(key, prefix).is_err(), "{key}");
        }
    }
}
