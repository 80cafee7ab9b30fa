//! Members by the test sign-in, where the deployment has it switched on.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::{
    check::Ended,
    client::{Client, Jar},
    members::{Actor, Maker, Making, Posture, Wish},
};

const MEMBER: &str = "member";
const OPERATOR: &str = "operator";

/// Makes members by `POST /v1/auth/test-login`.
pub(crate) struct TestSignIn(pub(crate) SecretString);

impl TestSignIn {
    async fn sign_in(
        &self,
        client: &Client,
        identity: &str,
        posture: Posture,
        role: &str,
    ) -> Result<Actor, Ended> {
        let jar = Jar::default();
        let call = client
            .post("/v1/auth/test-login")
            .purpose("signs a throw-away member in")
            .header("x-test-auth", self.0.expose_secret())
            .json(&json!({ "identity": identity, "role": role }))
            .patiently();
        let call = match posture {
            Posture::Browser => call.jar(&jar),
            Posture::Bearer => call.header("mainstay-client", "bearer"),
        };
        let answer = call.expect(200).await?;
        Actor::signed_in(client, identity, posture, jar, &answer)
    }
}

impl Maker for TestSignIn {
    fn describe(&self) -> String {
        "the test sign-in".to_owned()
    }

    fn make<'a>(&'a self, client: &'a Client, wish: &'a Wish) -> Making<'a> {
        Box::pin(self.sign_in(client, &wish.name, wish.posture, MEMBER))
    }

    fn operator<'a>(&'a self, client: &'a Client, wish: &'a Wish) -> Option<Making<'a>> {
        Some(Box::pin(self.sign_in(client, &wish.name, wish.posture, OPERATOR)))
    }

    fn again<'a>(&'a self, client: &'a Client, member: &'a Actor) -> Making<'a> {
        Box::pin(self.sign_in(client, &member.identity, member.posture, MEMBER))
    }
}
