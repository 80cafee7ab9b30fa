//! Phishing: an assertion that another page or another relying party got is worth nothing here (WebAuthn, 7.2 steps 11 to 16).

use crate::{
    authenticator::{Authenticator, Lie},
    ceremony,
    check::{Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, passed},
    checks::verdict::{refused, unauthorised},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.passkey-origin",
    title: "Passkey answers for other pages, relying parties and ceremonies are refused",
    promises: &["T-ID-11"],
    priority: Priority::P0,
    references: &[Reference::Asvs("6.3.7"), Reference::Cwe(346), Reference::Api(2)],
    needs: &[Need::Disposable, Need::Capability("passkey")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("passkey_origin"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let (passkey, _) = ceremony::add_passkey(&member, &Lie::default()).await?;
    let browser = probe.browser();
    let honest = ceremony::try_sign_in(&browser, &passkey, &Lie::default(), "an honest sign-in").await?;
    if honest.status != 200 {
        return Err(Ended::error(format!("an honest sign-in is refused: {}", honest.said())));
    }
    let lies = lies(&probe);
    for (what, lie) in &lies {
        unauthorised(&ceremony::try_sign_in(&browser, &passkey, lie, what).await?, what)?;
        let what = format!("a registration with {what}");
        let ceremony = ceremony::add(&member).await?;
        let credential = ceremony.create(&mut Authenticator::new()?, lie)?;
        refused(&ceremony.register_finish(&credential).purpose(&what).patiently().send().await?, &what)?;
    }
    passed(format!("{} lies were refused, at a registration and at a sign-in", lies.len()))
}

fn lies(probe: &Probe) -> Vec<(String, Lie)> {
    let own = probe.target.origin();
    let host = probe.target.base.host_str().unwrap_or("localhost");
    let mut lies: Vec<(String, Lie)> = [
        "https://evil.example".to_owned(),
        format!("{own}.evil.example"),
        format!("https://evil-{host}"),
        format!("https://{host}:4"),
        format!("ftp://{host}"),
        "null".to_owned(),
        String::new(),
    ]
    .into_iter()
    .map(|origin| (format!("the origin {origin:?}"), Lie { origin: Some(origin), ..Lie::default() }))
    .collect();
    for rp_id in ["evil.example", "", "example"] {
        lies.push((
            format!("the relying party {rp_id:?}"),
            Lie { rp_id: Some(rp_id.to_owned()), ..Lie::default() },
        ));
    }
    lies.push(("an embedded page".to_owned(), Lie { embedded: true, ..Lie::default() }));
    lies.push(("another kind of ceremony".to_owned(), Lie { kind: Some("payment.get"), ..Lie::default() }));
    lies
}
