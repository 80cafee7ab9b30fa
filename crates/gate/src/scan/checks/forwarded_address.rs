//! A limit by address is none if the asker may say what its address is.

use crate::{
    check::{Check, Control, Effect, Ended, Outcome, Phase, Priority, Reference, Running, ensure, passed},
    probe::Probe,
    scan::guessing::{self, Guesses},
};

pub(crate) static CHECK: Check = Check {
    id: "scan.forwarded-address",
    title: "A forged client address does not get around the limit on sign-ins",
    promises: &["GAT-4"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("4.1.3"),
        Reference::Asvs("15.3.4"),
        Reference::Cwe(348),
        Reference::Cwe(307),
        Reference::Api(4),
    ],
    needs: &[],
    effect: Effect::Safe,
    phase: Phase::Alone,
    control: Control::Prototype("forwarded-address"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

const HEADERS: &[&str] =
    &["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip", "x-client-ip"];
/// A limit that fills up again lets one through by chance, but hardly so many in a row.
const TIMES: usize = 4;

async fn run(probe: Probe) -> Outcome {
    let stranger = probe.stranger()?;
    let identity = stranger.made_up_identity();
    let unlimited = match guessing::until_limited(stranger, &probe.client, &identity).await? {
        Guesses::Limited { .. } => {
            guessing::wrong_try(stranger, &probe.client, &identity)?.send().await?.status
        }
        Guesses::Free { .. } => {
            return Err(Ended::NotApplicable(
                "sign-ins are not limited at all; see scan.sign-in-limit".to_owned(),
            ));
        }
        Guesses::Unclear(why) => return Err(Ended::Unanswerable(why)),
    };
    let limited = unlimited;
    for header in HEADERS {
        let mut passed_by = 0;
        for time in 1..=TIMES {
            let plain = guessing::wrong_try(stranger, &probe.client, &identity)?
                .purpose("still limited?")
                .send()
                .await?;
            let address = format!("198.51.100.{}", time * 17);
            let value = if *header == "forwarded" { format!("for={address}") } else { address };
            let forged = guessing::wrong_try(stranger, &probe.client, &identity)?.header(header, value);
            let forged = forged.purpose(format!("{header} is forged")).send().await?;
            if plain.status != limited || forged.status == limited {
                break;
            }
            passed_by += 1;
        }
        ensure(passed_by < TIMES, || {
            format!(
                "a forged {header} got past the limit {TIMES} times in a row, where requests without it stayed at {limited}"
            )
        })?;
    }
    passed(format!("{} forged headers changed nothing", HEADERS.len()))
}
