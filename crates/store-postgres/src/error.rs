//! PostgreSQL's SQLSTATE codes in the contract's words (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
//!
//! Messages name codes, tables and constraints, never a value of a row: the server's DETAIL is left out, and so is its message
//! where it quotes input (class 22).

use mainstay_store::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// A value that must be unique is there already.
const UNIQUE_VIOLATION: &str = "23505";

pub(crate) fn from_sqlx(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => from_server(error),
            None => Error::Failed("an error of another database".to_owned()),
        },
        sqlx::Error::Io(error) => Error::Unavailable(error.kind().to_string()),
        sqlx::Error::Tls(error) => Error::Unavailable(format!("TLS: {error}")),
        sqlx::Error::Protocol(text) => Error::Unavailable(format!("unexpected answer: {text}")),
        other => Error::Failed(other.to_string()),
    }
}

pub(crate) fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == UNIQUE_VIOLATION)
}

/// Whether the connection is of no use after it: the server closed it, or nobody knows what it would answer next.
pub(crate) fn ends_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error
            .try_downcast_ref::<PgDatabaseError>()
            .is_none_or(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)),
        sqlx::Error::Encode(_) => false,
        _ => true,
    }
}

fn from_server(error: &PgDatabaseError) -> Error {
    let code = error.code();
    let mut text = format!("SQLSTATE {code}");
    for (what, name) in [("table", error.table()), ("constraint", error.constraint())] {
        if let Some(name) = name {
            text.push_str(&format!(", {what} {name}"));
        }
    }
    if !code.starts_with("22") {
        text.push_str(": ");
        text.push_str(error.message());
    }
    match (code, code.get(..2).unwrap_or_default()) {
        // Serialisation failure, deadlock, lock not available (also by lock_timeout).
        ("40001" | "40P01" | "55P03", _) => Error::Contention(text),
        ("25006", _) => Error::ReadOnly(text),
        // Cancelled by statement_timeout, idle in a transaction for too long, no such database.
        ("57014" | "25P03" | "3D000", _) => Error::Unavailable(text),
        (_, "23") => Error::Constraint(text),
        // Connection, authorisation, resources, shut down by an operator, the server's own disk.
        (_, "08" | "28" | "53" | "57" | "58") => Error::Unavailable(text),
        _ => Error::Failed(text),
    }
}
