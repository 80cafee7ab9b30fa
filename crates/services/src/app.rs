//! The application: settings, store and ports, and what the use cases keep in memory.

use std::{future::Future, sync::Arc, time::Duration};

use mainstay_model::Timestamp;
use mainstay_store::{Access, Store, Tx};
use uuid::Uuid;

use crate::{
    Capabilities, Result, Settings,
    crypto::Sealer,
    identity::Identity,
    limits,
    notes::{NoteReader, NoteWriter},
    ports::Ports,
    purchases::BuyerKey,
    refusals::Refusals,
    service_keys::ServiceKeys,
    sessions::{RefreshWriter, Sessions},
    wallet::PostingWriter,
    webhooks::InboxWriter,
};

/// One running Mainstay. Cheap to share behind an [`Arc`].
pub struct App {
    /// What the binary was told.
    pub settings: Settings,
    /// What this deployment can do.
    pub capabilities: Capabilities,
    /// The database.
    pub store: Arc<dyn Store>,
    /// The world outside.
    pub ports: Ports,
    /// Sealing with the token-encryption key.
    pub sealer: Sealer,
    /// Sessions: key ring and caches.
    pub sessions: Sessions,
    /// Sign-in: WebAuthn and the dummy password hash.
    pub identity: Identity,
    /// Batched writes of notes.
    pub notes: NoteWriter,
    /// Batched reads of single notes.
    pub note_reads: NoteReader,
    /// Batched postings to the ledger.
    pub postings: PostingWriter,
    /// Batched exchanges of refresh tokens.
    pub refreshes: RefreshWriter,
    /// Hashes what recognises buyers.
    pub buyer_key: BuyerKey,
    /// Batched recording of webhooks.
    pub inbox: InboxWriter,
    /// Service keys in memory.
    pub service_keys: ServiceKeys,
    /// Refusals that wait for the audit trail.
    pub refusals: Refusals,
}

impl App {
    /// Puts an application together and loads (or, on a new database, makes) its signing keys. The schema must be current.
    ///
    /// # Errors
    /// When the database is away, or a signing key does not open with the configured token-encryption key.
    pub async fn start(
        settings: Settings,
        capabilities: Capabilities,
        store: Arc<dyn Store>,
        ports: Ports,
        sealer: Sealer,
    ) -> Result<Arc<Self>> {
        let sessions = Sessions::load(&*store, &ports, &sealer, &settings).await?;
        let identity = Identity::new(&settings)?;
        let notes = NoteWriter::start(Arc::clone(&store));
        let note_reads = NoteReader::start(Arc::clone(&store));
        let postings = PostingWriter::start(Arc::clone(&store), Arc::clone(&ports.bus));
        let refreshes = RefreshWriter::start(Arc::clone(&store), &ports, &sessions, &settings);
        let buyer_key = BuyerKey::load(&*store, &ports, &sealer).await?;
        let inbox = InboxWriter::start(Arc::clone(&store), &ports, &settings);
        Ok(Arc::new(Self {
            settings,
            capabilities,
            store,
            ports,
            sealer,
            sessions,
            identity,
            notes,
            note_reads,
            postings,
            refreshes,
            buyer_key,
            inbox,
            service_keys: ServiceKeys::default(),
            refusals: Refusals::default(),
        }))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// A new UUIDv7.
    #[must_use]
    pub fn new_uuid(&self) -> Uuid {
        self.ports.random.uuid(self.now())
    }

    /// Opens a read of single statements.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn read(&self) -> Result<Box<dyn Tx>> {
        Ok(self.store.begin(Access::Read).await?)
    }

    /// Opens a write. Only the store may be awaited until it is committed.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn write(&self) -> Result<Box<dyn Tx>> {
        Ok(self.store.begin(Access::Write).await?)
    }

    /// Runs a unit of work, from opening its transaction to committing it, again when another one was in its way.
    ///
    /// # Errors
    /// What the work answers, or that the database stayed busy.
    pub async fn retrying<T, F, Fut>(&self, mut work: F) -> Result<T>
    where
        F: FnMut() -> Fut + Send,
        Fut: Future<Output = Result<T>> + Send,
    {
        let mut attempt = 1;
        loop {
            match work().await {
                Err(error) if error.retryable && attempt < limits::CONTENTION_ATTEMPTS_MAX => {
                    let mut jitter = [0];
                    self.ports.random.fill(&mut jitter);
                    let pause = Duration::from_millis(u64::from(jitter[0]) / 8 * u64::from(attempt));
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }
}
