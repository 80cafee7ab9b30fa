//! What can go wrong in a database, in the words of the caller.

/// Result of a store method.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed statement or transaction.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A constraint refused the rows. Expected conflicts are outcomes, so this is a bug of the caller.
    #[error("a database constraint refused the change: {0}")]
    Constraint(String),
    /// Another transaction was in the way (deadlock, serialisation failure, busy); the whole unit of work may be tried again.
    #[error("the database was busy with a conflicting change: {0}")]
    Contention(String),
    /// A write was tried in a read transaction, or the database is read-only.
    #[error("the database is read-only: {0}")]
    ReadOnly(String),
    /// The database can't be reached, refused the connection, or did not answer in time.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database was asked to commit and did not say whether it did.
    #[error("it is not known whether the change was committed: {0}")]
    Uncertain(String),
    /// Anything else: a statement, a type or the schema is wrong.
    #[error("the database failed: {0}")]
    Failed(String),
}

impl Error {
    /// Whether the same unit of work may succeed when it is simply run again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Contention(_))
    }
}
