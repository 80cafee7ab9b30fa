//! SQLite's result codes in the contract's words. Messages name codes, tables and columns, never a value of a row.

use mainstay_store::Error;

/// Primary result codes (<https://www.sqlite.org/rescode.html>).
const PERM: u32 = 3;
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const IOERR: u32 = 10;
const FULL: u32 = 13;
const CANTOPEN: u32 = 14;
const PROTOCOL: u32 = 15;
const CONSTRAINT: u32 = 19;

pub(crate) fn from_sqlx(error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(error) => {
            let code: u32 = error.code().and_then(|code| code.parse().ok()).unwrap_or(0);
            // "UNIQUE constraint failed: members.email": a name, not a value. Extended codes keep the primary one in the
            // lowest byte.
            let text = format!("{} (SQLite {code})", error.message());
            match code & 0xff {
                BUSY | LOCKED => Error::Contention(text),
                READONLY => Error::ReadOnly(text),
                PERM | IOERR | FULL | CANTOPEN | PROTOCOL => Error::Unavailable(text),
                CONSTRAINT => Error::Constraint(text),
                _ => Error::Failed(text),
            }
        }
        sqlx::Error::Io(error) => Error::Unavailable(error.kind().to_string()),
        sqlx::Error::WorkerCrashed => Error::Unavailable("the connection's thread is gone".to_owned()),
        sqlx::Error::Encode(error) => Error::Failed(error.to_string()),
        other => Error::Failed(other.to_string()),
    }
}

/// The same failure for each of many who wait for one outcome.
pub(crate) fn copy(error: &Error) -> Error {
    match error {
        Error::Constraint(text) => Error::Constraint(text.clone()),
        Error::Contention(text) => Error::Contention(text.clone()),
        Error::ReadOnly(text) => Error::ReadOnly(text.clone()),
        Error::Unavailable(text) => Error::Unavailable(text.clone()),
        Error::Failed(text) => Error::Failed(text.clone()),
    }
}
