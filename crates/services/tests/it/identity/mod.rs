//! Signing in: every way in, and every way that must not be one.

mod authenticator;
mod email;
mod linking;
mod oauth;
mod passkeys;
mod password;
mod provider;
mod social;
mod test_login;
mod vectors;

use std::{future::Future, ops::Deref, pin::Pin, sync::Arc};

use mainstay_model::{EmailFlowId, identity::Provider, member::Member};
use mainstay_services::{
    App, Caller, Code, Error, RequestContext, Result,
    identity::{self, oauth::OauthFinished},
    ports::{IdentityProvider, ProviderAccount},
    sessions::SignedIn,
};

use self::provider::FakeProvider;
use crate::harness::{Engine, NodeOptions, TestApp, runtime};

/// The flow cookie of the member's own browser.
pub(crate) const BROWSER: [u8; 32] = [1; 32];
/// Somebody else's.
pub(crate) const OTHER_BROWSER: [u8; 32] = [2; 32];

/// An application with both providers.
pub(crate) struct World {
    test: TestApp,
    google: Arc<FakeProvider>,
    apple: Arc<FakeProvider>,
}

impl Deref for World {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.test
    }
}

pub(crate) type Scenario<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Runs a scenario with the usual options.
pub(crate) fn run(engine: Engine, scenario: impl for<'a> FnOnce(&'a World) -> Scenario<'a>) {
    runtime().block_on(async {
        let world = World::start(engine, |_| ()).await;
        scenario(&world).await;
        world.test.finish().await;
    });
}

/// Defines tests on both engines: `async fn name(world: &World) { … }`.
macro_rules! worlds {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident: &World) $body:block)*) => {$(
        $(#[$meta])*
        async fn $name($world: &$crate::identity::World) $body

        mod $name {
            #[test]
            fn sqlite() {
                $crate::identity::run($crate::harness::Engine::Sqlite, |world| Box::pin(super::$name(world)));
            }

            #[test]
            fn postgres() {
                $crate::identity::run($crate::harness::Engine::Postgres, |world| Box::pin(super::$name(world)));
            }
        }
    )*};
}
use worlds;

impl World {
    /// A world on a fresh database, with options of its own.
    pub(crate) async fn start(engine: Engine, change: impl FnOnce(&mut NodeOptions)) -> Self {
        let google = Arc::new(FakeProvider::new(Provider::Google));
        let apple = Arc::new(FakeProvider::new(Provider::Apple));
        let mut options = NodeOptions::new();
        options.identity_providers.insert(Provider::Google, Arc::clone(&google) as Arc<dyn IdentityProvider>);
        options.identity_providers.insert(Provider::Apple, Arc::clone(&apple) as Arc<dyn IdentityProvider>);
        change(&mut options);
        Self { test: TestApp::start_with(engine, options).await, google, apple }
    }

    fn provider(&self, provider: Provider) -> &FakeProvider {
        match provider {
            Provider::Google => &self.google,
            Provider::Apple => &self.apple,
        }
    }

    /// A whole trip to a provider in the member's own browser.
    async fn trip(&self, provider: Provider, account: ProviderAccount) -> Result<OauthFinished> {
        let state = self.depart(provider, None).await;
        let code = self.provider(provider).will_answer(account);
        self.arrive(provider, None, &state, &code, None).await
    }

    /// Starts a trip and answers its state.
    async fn depart(&self, provider: Provider, link: Option<&Caller>) -> String {
        let url =
            identity::oauth::start(&self.app, &self.ctx(), provider, Some("/notes"), link, &BROWSER).await;
        let url = url.expect("starts");
        let state = url.query_pairs().find(|(name, _)| name == "state").expect("has a state");
        state.1.into_owned()
    }

    async fn arrive(
        &self,
        provider: Provider,
        caller: Option<&Caller>,
        state: &str,
        code: &str,
        user: Option<&str>,
    ) -> Result<OauthFinished> {
        let ctx = self.ctx();
        identity::oauth::finish(
            &self.app,
            &ctx,
            provider,
            None,
            caller,
            state,
            Ok(code),
            user,
            Some(&BROWSER),
        )
        .await
    }

    /// Signs in with a provider's account.
    async fn sign_in_by(&self, provider: Provider, account: ProviderAccount) -> SignedIn {
        self.trip(provider, account).await.expect("signs in").signed_in.expect("a session")
    }

    /// The caller behind a fresh session.
    async fn caller_of(&self, signed_in: &SignedIn) -> Caller {
        self.authenticate(&signed_in.access_token).await.expect("is signed in")
    }

    /// Asks for a code and reads it from the mail.
    async fn mailed_code(&self, email: &str) -> (EmailFlowId, String) {
        let started = identity::email::start(&self.app, &self.ctx(), email, None, &BROWSER).await;
        (started.expect("starts").flow_id, self.last_code().await)
    }

    /// The code in the newest mail that has one.
    async fn last_code(&self) -> String {
        self.run_jobs().await;
        let mails = self.mailer.sent();
        mails.iter().rev().find_map(|mail| code_in(&mail.text)).expect("a code was sent")
    }

    /// Signs in with a mailed code.
    async fn sign_in_by_code(&self, email: &str) -> Result<SignedIn> {
        let (flow_id, code) = self.mailed_code(email).await;
        let ctx = self.ctx();
        identity::email::finish(&self.app, &ctx, None, flow_id, &code, &BROWSER).await
    }

    /// A member as imports make them: with an address that nobody proved.
    async fn imported_member(&self, email: &str) -> Member {
        let mut member = self.member_with_email(email).await;
        member.email_verified_at = None;
        let mut tx = self.app.write().await.expect("opens");
        tx.update_member(&member).await.expect("updates");
        tx.commit().await.expect("commits");
        member
    }

    /// The member as the database has them now.
    async fn reload(&self, member: &Member) -> Member {
        let mut tx = self.app.read().await.expect("opens");
        tx.member_by_id(member.id).await.expect("reads").expect("is there")
    }

    /// The `reason` of the newest failed sign-in in the trail.
    async fn refusal(&self) -> String {
        let events = self.audit_events().await;
        let event =
            events.iter().find(|event| event.action == "sign_in.failed").expect("a failure was noted");
        let detail: serde_json::Value = serde_json::from_str(&event.detail).expect("JSON");
        detail["reason"].as_str().expect("a word").to_owned()
    }
}

/// The first line of eight digits.
pub(crate) fn code_in(text: &str) -> Option<String> {
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
    text.lines().find(is_code).map(str::to_owned)
}

/// Runs the same thing so many times at once, and answers every outcome.
pub(crate) async fn at_once<T, Fut>(
    app: &Arc<App>,
    times: usize,
    work: impl Fn(Arc<App>, usize) -> Fut,
) -> Vec<T>
where
    T: Send + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..times).map(|n| tokio::spawn(work(Arc::clone(app), n))).collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

/// The code of a refusal.
#[track_caller]
pub(crate) fn code_of<T>(result: Result<T>) -> Code {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(Error { code, .. }) => code,
    }
}

/// A request from another network address.
pub(crate) fn from(mut ctx: RequestContext, ip: &str) -> RequestContext {
    ctx.ip = Some(ip.parse().expect("an address"));
    ctx
}
