//! Mailed codes, step by step, so that a check can bend each of them.

use serde_json::{Value, json};

use crate::{
    check::Ended,
    client::{Answer, Call, Device},
    members::{
        Actor,
        mailbox::{self, Mailbox},
    },
};

/// A code that was mailed and not yet spent.
#[derive(Clone)]
pub(crate) struct CodeFlow {
    pub(crate) flow_id: String,
    pub(crate) code: String,
}

/// Asks for a sign-in code and reads it.
///
/// # Errors
/// [`Ended::Error`] when none came.
pub(crate) async fn ask(device: &Device, mailbox: &dyn Mailbox, address: &str) -> Result<CodeFlow, Ended> {
    let start = device.post("/v1/auth/email/start").purpose("asks for a code");
    read(start, mailbox, address).await
}

/// Asks for a code that proves a new address of a member, and reads it.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn ask_to_change(
    member: &Actor,
    mailbox: &dyn Mailbox,
    address: &str,
) -> Result<CodeFlow, Ended> {
    let start = member.post("/v1/me/email/start").purpose("asks for a code for a new address");
    read(start, mailbox, address).await
}

async fn read(start: Call, mailbox: &dyn Mailbox, address: &str) -> Result<CodeFlow, Ended> {
    let already = mailbox.mails(address).await?.len();
    let started = start.json(&json!({ "email": address, "language": "en" })).patiently().expect(202).await?;
    let code = mailbox::next_code(mailbox, address, already).await?;
    Ok(CodeFlow { flow_id: started.text_at("/flow_id")?, code })
}

/// Gives a member an address, honestly.
///
/// # Errors
/// [`Ended::Error`] when the deployment does not take it.
pub(crate) async fn change_address(
    member: &Actor,
    mailbox: &dyn Mailbox,
    address: &str,
) -> Result<Answer, Ended> {
    let flow = ask_to_change(member, mailbox, address).await?;
    let finish = member.post("/v1/me/email/finish").purpose("proves the new address");
    finish.json(&flow.proof()).patiently().expect(200).await
}

impl CodeFlow {
    /// The body of a finish.
    pub(crate) fn proof(&self) -> Value {
        json!({ "flow_id": self.flow_id, "code": self.code })
    }

    /// A request to sign in with the code.
    pub(crate) fn finish(&self, device: &Device) -> Call {
        device.post("/v1/auth/email/finish").json(&self.proof())
    }

    /// The same with a code that is wrong.
    pub(crate) fn wrong(&self) -> Self {
        let turned = |digit: char| if digit == '9' { '0' } else { char::from(digit as u8 + 1) };
        Self { code: self.code.chars().map(turned).collect(), ..self.clone() }
    }
}
