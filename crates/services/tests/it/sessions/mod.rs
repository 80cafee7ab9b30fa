//! Sessions: the promises SES-1 to SES-6 and the attacks on them.

mod authenticate;
mod background;
mod end;
mod histories;
mod keys;
mod open;
mod refresh;

use mainstay_services::{
    RequestContext, Result,
    sessions::{self, Refreshed, SignedIn},
};
use secrecy::{ExposeSecret, SecretString};

use crate::harness::TestApp;

/// Presents a refresh token.
async fn refresh(test: &TestApp, token: &SecretString) -> Result<Refreshed> {
    sessions::refresh(&test.app, &test.ctx(), token.expose_secret()).await
}

/// A fresh session of a new member.
async fn session(test: &TestApp) -> SignedIn {
    let member = test.member().await;
    test.sign_in(&member).await
}

/// Signs out.
async fn log_out(test: &TestApp, ctx: &RequestContext, signed_in: &SignedIn) {
    sessions::logout(&test.app, ctx, signed_in.session.id).await.expect("signs out");
}
