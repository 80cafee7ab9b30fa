//! Members by signing up with a passkey: needs nothing but the deployment itself.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::{
    authenticator::{Authenticator, Lie},
    ceremony,
    check::Ended,
    client::{Client, Device},
    members::{Actor, Maker, Making, Posture, Wish},
};

/// Makes members by `POST /v1/auth/passkey/…`, each with a software authenticator of its own.
#[derive(Default)]
pub(crate) struct PasskeySignUp {
    /// By member id; the way back in.
    passkeys: Mutex<HashMap<String, Arc<Authenticator>>>,
}

impl PasskeySignUp {
    /// The passkey of a member who was made here.
    pub(crate) fn passkey(&self, member: &Actor) -> Option<Arc<Authenticator>> {
        self.passkeys.lock().get(&member.member_id).cloned()
    }

    async fn sign_up(&self, client: &Client, name: &str, posture: Posture) -> Result<Actor, Ended> {
        self.sign_up_saying(&Device::new(client, posture)?, name, &json!({})).await
    }

    /// Signs somebody up who says more than is asked, in both steps.
    ///
    /// # Errors
    /// [`Ended::Error`] when nobody was signed up.
    pub(crate) async fn sign_up_saying(
        &self,
        device: &Device,
        name: &str,
        more: &Value,
    ) -> Result<Actor, Ended> {
        let mut authenticator = Authenticator::new()?;
        let ceremony = ceremony::register(device, &with(json!({ "display_name": name }), more)).await?;
        let credential = ceremony.create(&mut authenticator, &Lie::default())?;
        let body = with(json!({ "ceremony_id": ceremony.id, "credential": credential }), more);
        let finish = device.post("/v1/auth/passkey/register/finish").purpose("signs a member up by passkey");
        let answer = finish.json(&body).patiently().expect(201).await?;
        let actor = device.member(name, &answer)?;
        self.passkeys.lock().insert(actor.member_id.clone(), Arc::new(authenticator));
        Ok(actor)
    }

    async fn sign_in(&self, client: &Client, member: &Actor) -> Result<Actor, Ended> {
        let passkey =
            self.passkey(member).ok_or_else(|| Ended::error("the member has no passkey of ours"))?;
        let device = Device::new(client, member.posture)?;
        let ceremony = ceremony::sign_in(&device).await?;
        let credential = ceremony.get(&passkey, &Lie::default())?;
        let finish = ceremony.sign_in_finish(&credential).purpose("signs a member in by passkey");
        device.member(&member.identity, &finish.patiently().expect(200).await?)
    }
}

impl Maker for PasskeySignUp {
    fn describe(&self) -> String {
        "sign-up with a passkey".to_owned()
    }

    fn make<'a>(&'a self, client: &'a Client, wish: &'a Wish) -> Making<'a> {
        Box::pin(self.sign_up(client, &wish.name, wish.posture))
    }

    fn again<'a>(&'a self, client: &'a Client, member: &'a Actor) -> Making<'a> {
        Box::pin(self.sign_in(client, member))
    }
}

/// An object with the fields of another one.
fn with(mut object: Value, more: &Value) -> Value {
    if let (Some(fields), Some(more)) = (object.as_object_mut(), more.as_object()) {
        fields.extend(more.clone());
    }
    object
}
