//! Members by the one-time e-mail code, for deployments without a test sign-in.

use std::sync::Arc;

use serde_json::json;

use crate::{
    check::Ended,
    client::{Client, Device},
    members::{
        Actor, Maker, Making, Posture, Wish,
        mailbox::{self, Mailbox},
    },
};

/// Makes members by `POST /v1/auth/email/{start,finish}`.
pub(crate) struct EmailCode(pub(crate) Arc<dyn Mailbox>);

impl EmailCode {
    pub(super) async fn sign_in(
        &self,
        client: &Client,
        address: &str,
        posture: Posture,
    ) -> Result<Actor, Ended> {
        let device = Device::new(client, posture)?;
        let already = self.0.mails(address).await?.len();
        let start = device.post("/v1/auth/email/start").purpose("asks for a code for a member");
        let wish = json!({ "email": address, "language": "en" });
        let started = start.json(&wish).patiently().expect(202).await?;
        let code = mailbox::next_code(&*self.0, address, already).await?;
        let proof = json!({ "flow_id": started.text_at("/flow_id")?, "code": code });
        let finish = device.post("/v1/auth/email/finish").purpose("signs a member in by the code");
        let answer = finish.json(&proof).patiently().expect(200).await?;
        device.member(address, &answer)
    }
}

impl Maker for EmailCode {
    fn describe(&self) -> String {
        format!("e-mail codes read from {}", self.0.describe())
    }

    fn make<'a>(&'a self, client: &'a Client, wish: &'a Wish) -> Making<'a> {
        Box::pin(async move {
            let address = self.0.address(&wish.name);
            self.sign_in(client, &address, wish.posture).await
        })
    }

    fn again<'a>(&'a self, client: &'a Client, member: &'a Actor) -> Making<'a> {
        Box::pin(self.sign_in(client, &member.identity, member.posture))
    }
}
