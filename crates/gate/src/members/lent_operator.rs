//! An operator whose account somebody lends to the gate: signed in once in a run, signed out in its end, and never removed.

use tokio::sync::OnceCell;

use crate::{
    check::Ended,
    client::Client,
    members::{Actor, EmailCode, Posture},
};

/// A lent operator.
pub(crate) struct LentOperator {
    address: String,
    by: EmailCode,
    /// Signing in has the smallest quota, so all checks share one session.
    session: OnceCell<Actor>,
}

impl LentOperator {
    pub(crate) fn new(address: &str, by: EmailCode) -> Self {
        Self { address: address.to_owned(), by, session: OnceCell::new() }
    }

    /// The operator at a check's own client.
    ///
    /// # Errors
    /// [`Ended::Unanswerable`] when the account is no operator's; [`Ended::Error`] when it can't be signed in to.
    pub(super) async fn signed_in(&self, client: &Client) -> Result<Actor, Ended> {
        let session = self.session.get_or_try_init(|| self.sign_in(client)).await?;
        Ok(session.at(client))
    }

    async fn sign_in(&self, client: &Client) -> Result<Actor, Ended> {
        let operator = self.by.sign_in(client, &self.address, Posture::Bearer).await?;
        let me = operator.get("/v1/auth/me").purpose("is it an operator's account?").patiently();
        if me.expect(200).await?.text_at("/role")? == "operator" {
            return Ok(operator);
        }
        let why = "the account that was lent (--operator) is no operator's; see `mainstay members promote`";
        Err(Ended::Unanswerable(why.to_owned()))
    }

    /// Ends the session, if there is one.
    pub(super) async fn sign_out(&self, client: &Client) {
        if let Some(session) = self.session.get() {
            // A session that can't be ended now ends by itself.
            let _ = session.at(client).post("/v1/auth/logout").patiently().send().await;
        }
    }
}
