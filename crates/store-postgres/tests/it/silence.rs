//! A server that stops answering without closing a connection: the network path to it goes silent, and comes back.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mainstay_store::{Access, Error, Store};
use mainstay_store_conformance::{AnyStore, read, sample};
use mainstay_store_postgres::{PostgresOptions, PostgresStore};
use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::server::{Database, always_dropping, connect, execute, server_url};

/// For an unloaded machine these are long; what is judged has many times as much.
const PATIENCE: Duration = Duration::from_millis(500);
const PULSE_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The longest a caller waits on a silent server (2 s by the bounds above), far below the 20 s of a statement that is alive.
const GIVEN_UP: Duration = Duration::from_secs(8);

/// A way to the scratch server that can go silent: it takes connections and bytes, and hands nothing on.
struct Path {
    port: u16,
    open: watch::Sender<bool>,
    /// Connections that were made through it.
    made: watch::Receiver<u32>,
}

impl Path {
    async fn new() -> Self {
        let server: PgConnectOptions = server_url().parse().expect("a URL");
        let (host, server_port) = (server.get_host().to_owned(), server.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (open, is_open) = watch::channel(true);
        let (count, made) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.send_modify(|made| *made += 1);
                let server = TcpStream::connect((host.as_str(), server_port)).await.expect("the server");
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(hand_on(from_client, to_server, is_open.clone()));
                tokio::spawn(hand_on(from_server, to_client, is_open.clone()));
            }
        });
        Self { port, open, made }
    }

    /// Waits until so many more connections were made: a store that has all that it needs makes one only to ask whether the
    /// server lives.
    async fn questions(&self, more: u32) {
        let mut made = self.made.clone();
        let before = *made.borrow();
        made.wait_for(|made| *made >= before + more).await.expect("the path is there");
    }

    fn set_open(&self, open: bool) {
        self.open.send_replace(open);
    }

    async fn store(&self, database: &str) -> Arc<PostgresStore> {
        let server: PgConnectOptions = server_url().parse().expect("a URL");
        let options = PostgresOptions {
            patience: PATIENCE,
            pulse_timeout: PULSE_TIMEOUT,
            max_connections: 4,
            ..PostgresOptions::new(format!(
                "postgres://{}@127.0.0.1:{}/{}",
                server.get_username(),
                self.port,
                database
            ))
        };
        Arc::new(PostgresStore::connect(options).await.expect("opens"))
    }
}

async fn hand_on(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut is_open: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if is_open.wait_for(|open| *open).await.is_err() || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// Begins to wait for somebody else's lock, and tells when it has a transaction.
fn waits_for(
    store: &Arc<PostgresStore>,
    lock: &'static str,
) -> (JoinHandle<mainstay_store::Result<()>>, oneshot::Receiver<()>) {
    let store = Arc::clone(store);
    let (begun, has_begun) = oneshot::channel();
    let waiting = tokio::spawn(async move {
        let mut tx = store.begin(Access::Write).await?;
        begun.send(()).expect("somebody listens");
        tx.lock_name(lock).await?;
        tx.commit().await
    });
    (waiting, has_begun)
}

/// Asks until the store answers again.
async fn until_it_answers(store: &PostgresStore) {
    let begun = Instant::now();
    while let Err(error) = store.ping().await {
        assert!(begun.elapsed() < GIVEN_UP, "still {error}");
        // poll: until the deadline above.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_silent_server_is_given_up_within_seconds_and_found_again() {
    let database = Database::migrated().await;
    let name = database.name.clone();
    always_dropping(database, async move {
        let path = Path::new().await;
        let store = path.store(&name).await;
        store.ping().await.expect("answers");

        path.set_open(false);
        let begun = Instant::now();
        let error = store.ping().await.expect_err("is silent");
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
        assert!(begun.elapsed() < GIVEN_UP, "{:?}", begun.elapsed());

        // Newcomers need not find it out for themselves, however many they are.
        let begun = Instant::now();
        for _ in 0..50 {
            let error = store.begin(Access::Write).await.err().expect("is silent");
            assert!(matches!(error, Error::Unavailable(_)), "{error}");
        }
        assert!(begun.elapsed() < PULSE_TIMEOUT, "{:?}", begun.elapsed());

        path.set_open(true);
        until_it_answers(&store).await;
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_nobody_answered_is_uncertain() {
    let database = Database::migrated().await;
    let name = database.name.clone();
    always_dropping(database, async move {
        let path = Path::new().await;
        let store = path.store(&name).await;
        let any: AnyStore = Arc::<PostgresStore>::clone(&store);
        let member = sample::member();
        let mut tx = store.begin(Access::Write).await.expect("begins");
        tx.insert_member(&member).await.expect("inserts");
        path.set_open(false);
        let error = tx.commit().await.expect_err("is silent");
        assert!(matches!(error, Error::Uncertain(_)), "{error}");

        // This one had not reached the server; when the path opens it does, and the change is there after all.
        path.set_open(true);
        until_it_answers(&store).await;
        let begun = Instant::now();
        while read(&any).await.member_by_id(member.id).await.expect("reads").is_none() {
            assert!(begun.elapsed() < GIVEN_UP, "the change never came");
            // poll: until the deadline above.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_statement_of_a_living_server_is_waited_for() {
    let database = Database::migrated().await;
    let name = database.name.clone();
    always_dropping(database, async move {
        let path = Path::new().await;
        let store = path.store(&name).await;
        let mut holder = store.begin(Access::Write).await.expect("begins");
        holder.lock_name("slow").await.expect("locks");
        let (waiting, has_begun) = waits_for(&store, "slow");
        has_begun.await.expect("begins");
        path.questions(3).await;
        assert!(!waiting.is_finished(), "was given up though the server lives");
        holder.commit().await.expect("commits");
        waiting.await.expect("joins").expect("got the lock");
    })
    .await;
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_busy_and_not_gone() {
    let database = Database::migrated().await;
    let name = database.name.clone();
    always_dropping(database, async move {
        let path = Path::new().await;
        let store = path.store(&name).await;
        let mut holder = store.begin(Access::Write).await.expect("begins");
        holder.lock_name("busy").await.expect("locks");
        let (waiting, has_begun) = waits_for(&store, "busy");
        has_begun.await.expect("begins");
        // From now on every question is refused, with an answer.
        let mut server = connect(&server_url()).await;
        let shut = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        execute(&mut server, &shut).await.expect("shuts");
        path.questions(3).await;
        assert!(!waiting.is_finished(), "was given up though the server lives");
        holder.commit().await.expect("commits");
        waiting.await.expect("joins").expect("got the lock");
    })
    .await;
}
