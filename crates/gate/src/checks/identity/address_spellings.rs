//! One mailbox is one account, however its address is written; what only looks like it is refused.

use serde_json::json;
use std::sync::Arc;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    client::Answer,
    code_flow::CodeFlow,
    members::{Actor, EmailCode, mailbox},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "identity.address-spellings",
    title: "Spellings of an address are one account, look-alikes are refused",
    promises: &["T-ID-16b"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("6.3.3"),
        Reference::Cwe(178),
        Reference::Cwe(1007),
        Reference::Advisory("GHSA-7rqj-j65f-68wh"),
    ],
    needs: &[Need::Disposable, Need::Mailbox, Need::Capability("email_code")],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("email_normalisation"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let mailbox = probe.mailbox()?;
    let address = mailbox.address(&probe.world.members.name()?);
    let member = sign_in(&probe, &address, &address).await?;
    let member = member.ok_or_else(|| Ended::error("the plain address is refused"))?;
    let (local, domain) = address.split_once('@').unwrap_or((&address, ""));
    let wide: String = domain.chars().map(full_width).collect();
    let spellings = [
        address.to_ascii_uppercase(),
        format!("{}@{domain}", local.to_ascii_uppercase()),
        format!("{local}@{}", domain.to_ascii_uppercase()),
        format!(" {address} "),
        format!("{local}@{wide}"),
    ];
    for spelling in &spellings {
        if let Some(same) = sign_in(&probe, spelling, &address).await? {
            ensure(same.member_id == member.member_id, || format!("{spelling:?} is another account"))?;
        }
    }
    let look_alikes = [
        format!("{local}＠{domain}"),
        format!("{local}@{domain}@evil.example"),
        format!("{local}@evil.example,{address}"),
        format!("{local}@{domain}\r\nBcc: evil@evil.example"),
        format!("{local}\0@{domain}"),
        format!("{}@{domain}", local.replacen('a', "а", 1)),
        format!("\"{local}\"@{domain}"),
        format!("{local}@{domain}."),
    ];
    for look_alike in &look_alikes {
        let answer = ask(&probe, look_alike).await?;
        ensure(answer.status == 422, || format!("{look_alike:?} is answered with {}", answer.status))?;
    }
    passed(format!(
        "{} spellings were one account, {} look-alikes were refused",
        spellings.len(),
        look_alikes.len()
    ))
}

async fn ask(probe: &Probe, spelling: &str) -> Result<Answer, Ended> {
    let start = probe.browser().post("/v1/auth/email/start").purpose("asks with a spelling").patiently();
    start.json(&json!({ "email": spelling, "language": "en" })).send().await
}

/// Signs in with a spelling whose mail arrives at the address; nobody when it is refused, which is right too.
async fn sign_in(probe: &Probe, spelling: &str, address: &str) -> Result<Option<Actor>, Ended> {
    let mailbox = probe.mailbox()?;
    let browser = probe.browser();
    let already = mailbox.mails(address).await?.len();
    let start = browser.post("/v1/auth/email/start").purpose("asks for a code with a spelling").patiently();
    let started = start.json(&json!({ "email": spelling, "language": "en" })).send().await?;
    if started.status == 422 {
        return Ok(None);
    }
    let code = mailbox::next_code(&*mailbox, address, already).await?;
    let flow = CodeFlow { flow_id: started.text_at("/flow_id")?, code };
    let maker = Arc::new(EmailCode(Arc::clone(&mailbox)));
    let identity = address.to_owned();
    let sign_in = async move {
        let answer = flow.finish(&browser).patiently().expect(200).await?;
        browser.member(&identity, &answer)
    };
    probe.sign_up(maker, sign_in).await.map(Some)
}

fn full_width(letter: char) -> char {
    match u32::from(letter) {
        code @ 0x61..=0x7a => char::from_u32(code - 0x61 + 0xff41).unwrap_or(letter),
        _ => letter,
    }
}
