//! The storage contract: what the services may ask of a database, without naming one.
//!
//! A [`Store`] opens transactions; a [`Tx`] *is* every repository at once, so that what belongs together is committed
//! together. Dropping a `Tx` rolls it back. Rules that each method keeps:
//!
//! - Values come in as arguments: no clock, no randomness, no environment below this line.
//! - Conflicts that callers must expect are outcomes. [`Error::Constraint`] means a bug in the caller.
//! - Methods that take slices go to the database a fixed number of times and answer one outcome per item, in order.
//! - Lists are bounded by a limit that the caller names.
//!
//! `store-conformance` holds a case for every method; both engines must pass it.

mod audit;
mod ceremony;
mod error;
mod identity;
mod inbox;
mod job;
mod key;
mod ledger;
mod member;
mod merchant;
mod note;
mod offer;
mod outgoing;
mod passkey;
mod purchase;
mod redemption;
mod retention;
mod schema;
mod seal;
mod session;
mod tenant;

use async_trait::async_trait;

pub use crate::{
    audit::{AuditFilter, AuditStore, chain},
    ceremony::CeremonyStore,
    error::{Error, Result},
    identity::{IdentityInserted, IdentityStore},
    inbox::{InboxFilter, InboxSettled, InboxStore, Recorded},
    job::{JobStore, LeaseStore},
    key::{KeyStore, ServiceKeyStore},
    ledger::{LedgerBooksStore, LedgerStore, LedgerTotals, Posted, Receipt, StatementFilter},
    member::{MemberInserted, MemberStore, MemberUpdated, PasswordStore},
    merchant::MerchantStore,
    note::NoteStore,
    offer::OfferStore,
    outgoing::{AfterAttempt, Attempted, DeliveryCounts, OutgoingEventStore, WebhookEndpointStore},
    passkey::{PasskeyInserted, PasskeyStore},
    purchase::{CustomerLinked, HashKeyStore, PurchaseDay, PurchaseName, PurchaseRuleStore, PurchaseStore},
    redemption::{RedemptionInserted, RedemptionStore},
    retention::{ExpiredBefore, ExpiredRows, RetentionStore},
    schema::{MigrationState, PoolState, SchemaState},
    seal::{SealStore, SealedValue},
    session::{Rotation, SessionStore},
    tenant::{MembershipChange, TenantStore},
};

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Statements that each see the newest committed state; may be served by a replica. The cheapest way to one answer.
    Read,
    /// Several statements that must all see one and the same state.
    Snapshot,
    /// Reads and writes; serialised against other writers of the same rows.
    Write,
}

/// A database with Mainstay's schema.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Opens a transaction. Waits for a connection at most as long as the engine is configured to.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection could be had.
    async fn begin(&self, access: Access) -> Result<Box<dyn Tx>>;

    /// One cheap round trip, for readiness.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer in time.
    async fn ping(&self) -> Result<()>;

    /// Which migrations the database has and which this binary knows.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    async fn schema_state(&self) -> Result<SchemaState>;

    /// Applies what is missing, one migration a transaction, under a lock that any number of instances may race for.
    /// Answers the versions that *this* call applied.
    ///
    /// # Errors
    /// [`Error::Failed`] when a migration fails or one that was applied has another checksum; nothing of it is kept then.
    async fn migrate(&self) -> Result<Vec<i64>>;

    /// Connections in use and idle, for metrics.
    fn pool_state(&self) -> PoolState;

    /// `sqlite` or `postgresql`, for people.
    fn engine(&self) -> &'static str;

    /// Waits for open transactions and closes every connection.
    async fn close(&self);
}

/// One transaction over every repository. Dropping it rolls it back.
#[async_trait]
pub trait Tx:
    MemberStore
    + PasswordStore
    + IdentityStore
    + PasskeyStore
    + CeremonyStore
    + SessionStore
    + KeyStore
    + ServiceKeyStore
    + TenantStore
    + AuditStore
    + JobStore
    + LeaseStore
    + NoteStore
    + LedgerStore
    + LedgerBooksStore
    + WebhookEndpointStore
    + OutgoingEventStore
    + InboxStore
    + PurchaseStore
    + PurchaseRuleStore
    + HashKeyStore
    + MerchantStore
    + OfferStore
    + RedemptionStore
    + RetentionStore
    + SealStore
    + Send
{
    /// Makes it durable. Only after this returned may anybody be told that it happened.
    ///
    /// # Errors
    /// [`Error::Contention`] or [`Error::Unavailable`]; then nothing was kept (or, when the connection broke in the middle
    /// of the commit itself, it is unknown; callers' idempotency covers that).
    async fn commit(self: Box<Self>) -> Result<()>;
}
