//! Passkey ceremonies with the deployment, step by step, so that a check can bend each of them.

use serde_json::{Value, json};

use crate::{
    authenticator::{Authenticator, Lie},
    check::Ended,
    client::{Answer, Call, Device},
    members::Actor,
};

/// A ceremony that waits for the authenticator.
#[derive(Clone)]
pub(crate) struct Ceremony {
    pub(crate) id: String,
    /// What the deployment asks of the authenticator.
    pub(crate) options: Value,
    device: Device,
    /// Who adds a passkey; none for a sign-up and for a sign-in.
    member: Option<Actor>,
}

/// Begins to sign up; `wish` is the whole body.
///
/// # Errors
/// [`Ended::Error`] when the deployment does not begin one.
pub(crate) async fn register(device: &Device, wish: &Value) -> Result<Ceremony, Ended> {
    let start = device.post("/v1/auth/passkey/register/start").purpose("begins to register a passkey");
    begun(device, None, &start.json(wish).patiently().expect(200).await?)
}

/// Begins to add a passkey to a member.
///
/// # Errors
/// As [`register`].
pub(crate) async fn add(member: &Actor) -> Result<Ceremony, Ended> {
    let start = member.post("/v1/auth/passkey/register/start").purpose("begins to add a passkey");
    let answer = start.json(&json!({})).patiently().expect(200).await?;
    begun(&Device::of(member), Some(member.clone()), &answer)
}

/// Begins to sign in.
///
/// # Errors
/// As [`register`].
pub(crate) async fn sign_in(device: &Device) -> Result<Ceremony, Ended> {
    let start = device.post("/v1/auth/passkey/login/start").purpose("begins to sign in by passkey");
    begun(device, None, &start.json(&json!({})).patiently().expect(200).await?)
}

fn begun(device: &Device, member: Option<Actor>, answer: &Answer) -> Result<Ceremony, Ended> {
    let body = answer.json();
    let options = body.get("public_key").cloned().unwrap_or(Value::Null);
    Ok(Ceremony { id: answer.text_at("/ceremony_id")?, options, device: device.clone(), member })
}

/// Adds a passkey to a member, honestly.
///
/// # Errors
/// [`Ended::Error`] when the deployment does not take it.
pub(crate) async fn add_passkey(member: &Actor, lie: &Lie) -> Result<(Authenticator, Answer), Ended> {
    let mut authenticator = Authenticator::new()?;
    let ceremony = add(member).await?;
    let credential = ceremony.create(&mut authenticator, lie)?;
    let answer = ceremony.register_finish(&credential).patiently().expect(201).await?;
    Ok((authenticator, answer))
}

/// One whole try to sign in with a passkey, lies included; answers what the deployment said.
///
/// # Errors
/// [`Ended::Error`] when there was no answer.
pub(crate) async fn try_sign_in(
    device: &Device,
    passkey: &Authenticator,
    lie: &Lie,
    purpose: &str,
) -> Result<Answer, Ended> {
    let ceremony = sign_in(device).await?;
    let credential = ceremony.get(passkey, lie)?;
    ceremony.sign_in_finish(&credential).purpose(purpose).patiently().send().await
}

impl Ceremony {
    /// The same ceremony, answered from another browser.
    pub(crate) fn at(&self, device: &Device) -> Self {
        Self { device: device.clone(), ..self.clone() }
    }

    /// Has the authenticator make a passkey.
    pub(crate) fn create(&self, authenticator: &mut Authenticator, lie: &Lie) -> Result<Value, Ended> {
        authenticator.create(&self.options, &self.device.origin(), lie)
    }

    /// Has the authenticator sign.
    pub(crate) fn get(&self, authenticator: &Authenticator, lie: &Lie) -> Result<Value, Ended> {
        authenticator.get(&self.options, &self.device.origin(), lie)
    }

    /// Hands a new passkey in.
    pub(crate) fn register_finish(&self, credential: &Value) -> Call {
        let path = "/v1/auth/passkey/register/finish";
        let call = self.member.as_ref().map_or_else(|| self.device.post(path), |member| member.post(path));
        call.json(&json!({ "ceremony_id": self.id, "credential": credential }))
    }

    /// Hands an assertion in.
    pub(crate) fn sign_in_finish(&self, credential: &Value) -> Call {
        let finish = self.device.post("/v1/auth/passkey/login/finish");
        finish.json(&json!({ "ceremony_id": self.id, "credential": credential }))
    }
}
