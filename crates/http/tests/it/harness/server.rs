//! The server under test: the production constructor, a real socket, real providers, and a clock that stands still.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use mainstay_http::{Check, CheckState, ClassLimits, HttpSettings, RateLimits, Readiness, Running, serve};
use mainstay_model::{Timestamp, identity::Provider};
use mainstay_providers::{
    FolderMailer, HttpWebhooks, MemoryBus, MemoryLimiter, SystemRandom, Targets, WebhooksConfig,
};
use mainstay_services::{
    App, Capabilities, Capability, Settings,
    capability::State,
    crypto::Sealer,
    jobs,
    ports::{IdentityProvider, Limiter, Ports},
    settings::Environment,
    webhooks::{Scheme, Source, Sources},
};
use secrecy::SecretString;
use serde_json::json;

use super::{Client, Database, Engine, FakeProvider, MockClock, rendered_metrics, watch};

/// What the automated tests' sign-in must be shown.
pub(crate) const TEST_AUTH: &str = "test-header-of-the-harness";

/// What a server may differ in.
pub(crate) struct Options {
    pub(crate) http: HttpSettings,
    pub(crate) settings: Settings,
    pub(crate) capabilities: Capabilities,
    pub(crate) limiter: Option<Arc<dyn Limiter>>,
    /// Where events may go.
    pub(crate) webhooks: Targets,
    pub(crate) checks: Checks,
}

/// What `/ready` is told; `None` panics, as a handler with a fault would.
#[derive(Clone)]
pub(crate) struct Checks(pub(crate) Arc<Mutex<Option<Vec<Check>>>>);

#[async_trait]
impl Readiness for Checks {
    async fn checks(&self) -> Vec<Check> {
        let checks = self.0.lock().expect("not poisoned").clone();
        checks.expect("a fault in a handler")
    }
}

/// Everything but these.
pub(crate) fn capabilities_without(off: &[Capability]) -> Capabilities {
    let mut capabilities = Capabilities::default();
    for &capability in Capability::ALL {
        let state =
            if off.contains(&capability) { State::Off("It is switched off.".into()) } else { State::On };
        capabilities.set(capability, state);
    }
    capabilities
}

impl Options {
    /// A developer's machine with everything switched on.
    pub(crate) fn dev() -> Self {
        let mut settings = Settings::dev("http://localhost:8080".parse().expect("a URL"));
        settings.test_auth = Some(SecretString::from(TEST_AUTH));
        // A source that the operators' routes can name; it has no secret and takes nothing.
        settings.webhook_sources = Sources::new([Source::new("till".to_owned(), Scheme::Standard)]);
        let mut http = HttpSettings::dev(([127, 0, 0, 1], 0).into());
        http.workers = 1;
        let check = Check {
            name: "database",
            state: CheckState::Ok,
            detail: "answers".to_owned(),
            age: Duration::from_millis(5),
        };
        let checks = Checks(Arc::new(Mutex::new(Some(vec![check]))));
        Self {
            http,
            settings,
            capabilities: capabilities_without(&[]),
            limiter: None,
            webhooks: Targets::Public,
            checks,
        }
    }

    /// The same, with rate limits that a whole walk through the route table stays below.
    pub(crate) fn generous() -> Self {
        let mut options = Self::dev();
        let many = ClassLimits::per_minute(100_000, 100_000);
        options.http.rate_limits =
            RateLimits { auth: many, read: many, write: many, public: many, webhook: many };
        options
    }

    /// Like production, but with the tests' sign-in.
    pub(crate) fn staging() -> Self {
        let mut options = Self::dev();
        let url = "https://app.example.com".parse().expect("a URL");
        options.settings = Settings { environment: Environment::Staging, ..Settings::dev(url) };
        options.settings.test_auth = Some(SecretString::from(TEST_AUTH));
        options.http.secure_cookies = true;
        options
    }
}

/// A running server on a database of its own.
pub(crate) struct TestServer {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<MockClock>,
    pub(crate) address: SocketAddr,
    pub(crate) metrics_address: Option<SocketAddr>,
    mail: tempfile::TempDir,
    running: Running,
    _database: Database,
}

impl TestServer {
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::start_with(engine, Options::dev()).await
    }

    pub(crate) async fn start_with(engine: Engine, options: Options) -> Self {
        watch::start();
        let database = Database::create(engine).await;
        let clock = Arc::new(MockClock::new());
        let mail = tempfile::tempdir().expect("a folder");
        let random = Arc::new(SystemRandom);
        let mailer =
            FolderMailer::new(mail.path(), "Mainstay <mail@example.com>", clock.clone(), random.clone());
        let providers: BTreeMap<Provider, Arc<dyn IdentityProvider>> = BTreeMap::from([
            (Provider::Google, Arc::new(FakeProvider::google()) as _),
            (Provider::Apple, Arc::new(FakeProvider::apple()) as _),
        ]);
        let ports = Ports {
            clock: clock.clone(),
            random,
            limiter: options.limiter.unwrap_or_else(|| Arc::new(MemoryLimiter::new(clock.clone()))),
            bus: Arc::new(MemoryBus::new()),
            mailer: Some(Arc::new(mailer.expect("a mailer"))),
            webhooks: Arc::new(HttpWebhooks::new(&WebhooksConfig::new(options.webhooks))),
            identity_providers: providers,
        };
        let sealer = Sealer::new([7; 32], &[]);
        let store = database.open().await;
        let app =
            App::start(options.settings, options.capabilities, store, ports, sealer).await.expect("starts");
        let checks = Arc::new(options.checks);
        let running =
            serve(Arc::clone(&app), options.http, checks, Arc::new(rendered_metrics)).expect("listens");
        Self {
            app,
            clock,
            address: running.addresses[0],
            metrics_address: running.metrics_addresses.first().copied(),
            mail,
            running,
            _database: database,
        }
    }

    /// A browser that has not been here before, on one of the product's own pages.
    pub(crate) fn browser(&self) -> Client {
        let origin = self.app.settings.public_url.origin().ascii_serialization();
        Client::browser(self.address, &origin)
    }

    /// A native app or a server, or whoever else sends exactly what a test says.
    pub(crate) fn native(&self) -> Client {
        Client::native(self.address)
    }

    /// A browser in which a member is signed in.
    pub(crate) async fn member(&self, identity: &str) -> Client {
        let client = self.browser();
        client.sign_in(&json!({ "identity": identity })).await;
        client
    }

    /// A browser in which an operator is signed in.
    pub(crate) async fn operator(&self, identity: &str) -> Client {
        let client = self.browser();
        client.sign_in(&json!({ "identity": identity, "role": "operator" })).await;
        client
    }

    /// A native app in which a member is signed in.
    pub(crate) async fn native_member(&self, identity: &str) -> Client {
        let client = self.native();
        client.sign_in(&json!({ "identity": identity })).await;
        client
    }

    /// The moment on its clock.
    pub(crate) fn now(&self) -> Timestamp {
        mainstay_services::ports::Clock::now(&*self.clock)
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// Stops it as a deployment does.
    pub(crate) async fn stop(self) {
        self.running.stop().await.expect("ends well");
    }

    /// Sends what waits to be sent, and reads all mail so far in the order of sending.
    pub(crate) async fn mail(&self) -> Vec<String> {
        while jobs::run_due(&self.app).await.expect("the database is there") > 0 {}
        let files =
            fs::read_dir(self.mail.path()).expect("a folder").map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> =
            files.filter(|file| file.extension().is_some_and(|kind| kind == "eml")).collect();
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).expect("a file")).collect()
    }

    /// The code in the newest mail that has one.
    pub(crate) async fn mailed_code(&self) -> String {
        let digits = mainstay_services::limits::EMAIL_CODE_DIGITS;
        let code_in = |mail: &String| {
            let body = mail.split_once("\r\n\r\n").expect("a body").1;
            let mut words = body.split(|c: char| !c.is_ascii_digit());
            words.find(|word| word.len() == digits).map(str::to_owned)
        };
        let mails = self.mail().await;
        mails.iter().rev().find_map(code_in).unwrap_or_else(|| panic!("no code in {mails:?}"))
    }
}
