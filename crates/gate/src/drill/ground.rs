//! What a drill stands on: a folder, the program under drill, a client, and a place for its evidence.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use secrecy::SecretString;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::{
    check::Ended,
    client::{Budget, Client},
    drill::{
        Progress, limits,
        servers::{Keeper, Node, Postgres, Process, Redis, Server, Settings},
    },
    evidence::Recorder,
    members::{Actor, Maker as _, Posture, TestSignIn, Wish},
};

/// Where a strict deployment says that members reach it; nobody asks there.
const PUBLIC_URL: &str = "https://drill.example.com";
/// Nobody is to meet a rate limit who is not looking for one: requests a minute.
const RATE_LIMITS: &str = "auth=1000000/1000000,read=1000000/1000000,write=1000000/1000000,public=1000000/1000000,webhook=1000000/1000000";

/// One drill's hold on the world.
pub(crate) struct Ground {
    id: &'static str,
    pub(crate) server: Server,
    folder: PathBuf,
    keeper: Arc<Keeper>,
    /// Not at any node; those have their own.
    client: Client,
    recorder: Recorder,
    progress: Progress,
    began: Instant,
    test_auth: String,
}

impl Ground {
    /// A folder and a client for a drill.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub(super) fn new(
        id: &'static str,
        server: &Server,
        keeper: &Arc<Keeper>,
        recorder: &Recorder,
        progress: &Progress,
    ) -> anyhow::Result<Self> {
        let folder = keeper.folder().join(id);
        std::fs::create_dir_all(&folder)?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(limits::NODE_ANSWER_MAX)
            .no_proxy()
            .user_agent(concat!("mainstay-gate/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            .build()?;
        let nowhere = Url::parse("http://127.0.0.1:9/")?;
        let client = Client::new(http, nowhere, recorder.clone(), Arc::new(Budget::new(u64::MAX)));
        Ok(Self {
            id,
            server: server.clone(),
            folder,
            keeper: Arc::clone(keeper),
            client,
            recorder: recorder.clone(),
            progress: progress.clone(),
            began: Instant::now(),
            test_auth: uuid::Uuid::new_v4().simple().to_string(),
        })
    }

    /// Writes down what is done now, and shows it.
    pub(crate) fn step(&self, what: impl AsRef<str>) {
        let what = what.as_ref();
        self.progress.step(self.id, what);
        self.recorder.note(format!("{:5.1} s  {what}", self.began.elapsed().as_secs_f64()));
    }

    pub(crate) async fn postgres(&self) -> Result<Postgres, Ended> {
        self.step("starts PostgreSQL");
        Postgres::start(&self.keeper, self.folder.join("postgres")).await
    }

    pub(crate) async fn redis(&self) -> Result<Redis, Ended> {
        Redis::start(&self.keeper, self.folder.join("redis")).await
    }

    /// The settings of a developer's deployment, with its own key and the test sign-in, and without a database.
    pub(crate) async fn settings(&self) -> Result<Settings, Ended> {
        let key = self.command(&["keys", "generate"], &Settings::default()).await?;
        let key = key.get("token_encryption_key").and_then(Value::as_str).unwrap_or_default();
        let data = self.folder.join("data");
        Ok(Settings::default()
            .with("MAINSTAY_ENV", "dev")
            .with("MAINSTAY_PUBLIC_URL", PUBLIC_URL)
            .with("ALLOWED_ORIGINS", PUBLIC_URL)
            .with("MAINSTAY_DATA_DIR", data.to_string_lossy())
            .with("TOKEN_ENCRYPTION_KEY", key)
            .with("TEST_MODE", "true")
            .with("MAINSTAY_TEST_AUTH", &self.test_auth)
            .with("MAINSTAY_HTTP_WORKERS", "2")
            .with("MAINSTAY_RATE_LIMITS", RATE_LIMITS)
            .with("MAINSTAY_SHUTDOWN_SECONDS", limits::SHUTDOWN_SECONDS.to_string()))
    }

    /// Starts a server process.
    pub(crate) fn node(&self, name: &str, settings: &Settings) -> Result<Node, Ended> {
        Node::start(name, &self.server, settings.clone(), &self.folder, &self.keeper, &self.client)
    }

    /// Starts a server process and waits until it is ready.
    pub(crate) async fn ready_node(&self, name: &str, settings: &Settings) -> Result<Node, Ended> {
        self.step(format!("starts {name}"));
        let mut node = self.node(name, settings)?;
        node.ready(limits::RESTART_MAX).await?;
        Ok(node)
    }

    /// Runs a command of the program under drill and answers its JSON.
    pub(crate) async fn command(&self, arguments: &[&str], settings: &Settings) -> Result<Value, Ended> {
        self.server.json(arguments, settings, &self.folder).await
    }

    /// Starts a command of the program under drill.
    pub(crate) fn started_command(&self, arguments: &[&str], settings: &Settings) -> Result<Process, Ended> {
        self.server.start(arguments, settings, &self.folder, &self.keeper)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn maker(&self) -> TestSignIn {
        TestSignIn(SecretString::from(self.test_auth.clone()))
    }

    /// An operator with tokens, signed in at a node.
    pub(crate) async fn operator(&self, node: &Node) -> Result<Actor, Ended> {
        let wish = Wish { name: "operator".to_owned(), posture: Posture::Bearer, number: 0 };
        let (maker, none) = (self.maker(), || Ended::error("the test sign-in makes no operator"));
        maker.operator(&node.client, &wish).ok_or_else(none)?.await
    }

    /// Members with tokens, signed in at a node.
    pub(crate) async fn members(&self, node: &Node, name: &str, count: usize) -> Result<Vec<Actor>, Ended> {
        let maker = self.maker();
        let mut members = Vec::with_capacity(count);
        for number in 0..count {
            let wish = Wish { name: format!("{name}-{number}"), posture: Posture::Bearer, number };
            members.push(maker.make(&node.client, &wish).await?);
        }
        Ok(members)
    }
}
