//! The application under test and what scenarios do with it all the time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mainstay_model::{
    EmailAddress, Language, MemberId, SessionId, Timestamp,
    audit::AuditEvent,
    identity::Provider,
    member::{Member, MemberStatus, Role},
    session::{Posture, SignInMethod},
};
use mainstay_services::{
    App, Caller, Capabilities, Capability, RequestContext, Result, Settings, audit,
    capability::State,
    crypto::Sealer,
    jobs,
    ports::{IdentityProvider, Ports},
    sessions::{self, SignedIn},
};
use mainstay_store::{AuditFilter, MemberInserted};
use secrecy::SecretString;
use url::Url;

use super::{
    Database, Engine, LocalBus, MemoryLimiter, MockClock, ObservedStore, RecordingMailer, RecordingSender,
    SeededRandom,
};

/// What the automated tests' sign-in must be shown.
pub(crate) const TEST_AUTH: &str = "test-header-of-the-harness";
const BUS_CAPACITY: usize = 1024;

/// One node with everything around it.
pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<MockClock>,
    pub(crate) mailer: Arc<RecordingMailer>,
    pub(crate) sender: Arc<RecordingSender>,
    pub(crate) limiter: Arc<MemoryLimiter>,
    pub(crate) bus: Arc<LocalBus>,
    pub(crate) store: Arc<ObservedStore>,
    pub(crate) database: Database,
}

/// What a node may differ in.
pub(crate) struct NodeOptions {
    pub(crate) settings: Settings,
    pub(crate) capabilities: Capabilities,
    pub(crate) identity_providers: BTreeMap<Provider, Arc<dyn IdentityProvider>>,
    pub(crate) token_keys: ([u8; 32], Vec<[u8; 32]>),
    /// Differs from node to node, or they would draw the same ids.
    pub(crate) seed: u64,
}

impl NodeOptions {
    /// The settings of a developer's machine, with everything switched on.
    pub(crate) fn new() -> Self {
        let mut capabilities = Capabilities::default();
        for &capability in Capability::ALL {
            capabilities.set(capability, State::On);
        }
        let mut settings = Settings::dev(Url::parse("http://localhost:8080").expect("a URL"));
        settings.test_auth = Some(SecretString::from(TEST_AUTH));
        Self {
            settings,
            capabilities,
            identity_providers: BTreeMap::new(),
            token_keys: ([7; 32], Vec::new()),
            seed: 1,
        }
    }
}

impl TestApp {
    /// A node with the usual options on a fresh database.
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::start_with(engine, NodeOptions::new()).await
    }

    /// A node on a fresh database.
    pub(crate) async fn start_with(engine: Engine, options: NodeOptions) -> Self {
        let database = Database::create(engine).await;
        let clock = Arc::new(MockClock::new());
        let mailer = Arc::new(RecordingMailer::default());
        let sender = Arc::new(RecordingSender::default());
        let limiter = Arc::new(MemoryLimiter::new(Arc::clone(&clock)));
        let bus = Arc::new(LocalBus::new(BUS_CAPACITY));
        let store = Arc::new(ObservedStore::new(database.open().await));
        let app =
            start_node(options, &store, &clock, (&mailer, &sender), &limiter, &bus).await.expect("starts");
        Self { app, clock, mailer, sender, limiter, bus, store, database }
    }

    /// A further node on the same database, clock and mailer, on a bus of its own or the same.
    pub(crate) async fn node(&self, options: NodeOptions, bus: &Arc<LocalBus>) -> Result<Arc<App>> {
        start_node(options, &self.store, &self.clock, (&self.mailer, &self.sender), &self.limiter, bus).await
    }

    /// A second node with the usual options that hears the same hints.
    pub(crate) async fn second_node(&self) -> Arc<App> {
        self.node(NodeOptions { seed: 2, ..NodeOptions::new() }, &self.bus).await.expect("starts")
    }

    /// Closes and removes the database.
    pub(crate) async fn finish(self) {
        mainstay_store::Store::close(&*self.store).await;
        self.database.remove().await;
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.now()
    }

    /// A request from somewhere.
    pub(crate) fn ctx(&self) -> RequestContext {
        RequestContext {
            request_id: "request-1".to_owned(),
            ip: Some("203.0.113.7".parse().expect("an address")),
            agent: "it/1".to_owned(),
            posture: Posture::Bearer,
            known_browser: None,
        }
    }

    /// A new member without an address.
    pub(crate) async fn member(&self) -> Member {
        self.add_member(None).await
    }

    /// A new member who proved an address.
    pub(crate) async fn member_with_email(&self, email: &str) -> Member {
        self.add_member(Some(email.parse().expect("an address"))).await
    }

    async fn add_member(&self, email: Option<EmailAddress>) -> Member {
        let now = self.now();
        let member = Member {
            id: MemberId::new(self.app.new_uuid()),
            user_handle: self.app.ports.random.secret(),
            display_name: "Ada".to_owned(),
            language: Language::En,
            role: Role::Member,
            status: MemberStatus::Active,
            email_verified_at: email.as_ref().map(|_| now),
            email,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.app.write().await.expect("opens");
        assert_eq!(tx.insert_member(&member).await.expect("inserts"), MemberInserted::Inserted);
        tx.commit().await.expect("commits");
        member
    }

    /// Opens a session as the ways to sign in do.
    pub(crate) async fn sign_in(&self, member: &Member) -> SignedIn {
        self.sign_in_replacing(member, None).await.expect("signs in")
    }

    /// Opens a session in the place of another.
    pub(crate) async fn sign_in_replacing(
        &self,
        member: &Member,
        replaces: Option<SessionId>,
    ) -> Result<SignedIn> {
        let mut tx = self.app.write().await?;
        let method = SignInMethod::Passkey;
        let signed_in = sessions::open(&self.app, &mut *tx, &self.ctx(), member, method, replaces).await?;
        tx.commit().await?;
        sessions::announce_ended(&self.app, &signed_in.displaced).await;
        Ok(signed_in)
    }

    /// A signed-in new member.
    pub(crate) async fn caller(&self) -> Caller {
        let member = self.member().await;
        self.authenticate(&self.sign_in(&member).await.access_token).await.expect("is signed in")
    }

    pub(crate) async fn authenticate(&self, access_token: &str) -> Result<Caller> {
        sessions::authenticate(&self.app, access_token).await
    }

    /// Does what is due until nothing is; answers how many jobs were tried.
    pub(crate) async fn run_jobs(&self) -> usize {
        let mut tried = 0;
        loop {
            match jobs::run_due(&self.app).await.expect("the database is there") {
                0 => return tried,
                count => tried += count,
            }
        }
    }

    /// The audit trail's newest events, newest first.
    pub(crate) async fn audit_events(&self) -> Vec<AuditEvent> {
        audit::list(&self.app, AuditFilter { limit: 100, ..AuditFilter::default() }).await.expect("lists")
    }

    /// How often an action is among the newest events.
    pub(crate) async fn audited(&self, action: &str) -> usize {
        self.audit_events().await.iter().filter(|event| event.action == action).count()
    }
}

pub(crate) async fn start_node(
    options: NodeOptions,
    store: &Arc<ObservedStore>,
    clock: &Arc<MockClock>,
    (mailer, sender): (&Arc<RecordingMailer>, &Arc<RecordingSender>),
    limiter: &Arc<MemoryLimiter>,
    bus: &Arc<LocalBus>,
) -> Result<Arc<App>> {
    let ports = Ports {
        clock: Arc::clone(clock) as _,
        random: Arc::new(SeededRandom::new(options.seed)),
        limiter: Arc::clone(limiter) as _,
        bus: Arc::clone(bus) as _,
        mailer: Some(Arc::clone(mailer) as _),
        webhooks: Arc::clone(sender) as _,
        identity_providers: options.identity_providers,
    };
    let (current, earlier) = options.token_keys;
    let sealer = Sealer::new(current, &earlier);
    App::start(options.settings, options.capabilities, Arc::clone(store) as _, ports, sealer).await
}
