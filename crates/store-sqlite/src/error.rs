//! SQLite's result codes in the contract's words. Messages name codes, tables and columns, never a value of a row.

use mainstay_store::Error;

/// Primary result codes (<https://www.sqlite.org/rescode.html>).
const PERM: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const IOERR: i32 = 10;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const PROTOCOL: i32 = 15;
const CONSTRAINT: i32 = 19;

pub(crate) fn from_sqlite(error: rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = error else {
        return Error::Failed(error.to_string());
    };
    let code = failure.extended_code;
    // "UNIQUE constraint failed: members.email": a name, not a value. Extended codes keep the primary one in the lowest byte.
    let text = format!("{} (SQLite {code})", message.unwrap_or_else(|| failure.to_string()));
    match code & 0xff {
        BUSY | LOCKED => Error::Contention(text),
        READONLY => Error::ReadOnly(text),
        PERM | IOERR | FULL | CANTOPEN | PROTOCOL => Error::Unavailable(text),
        CONSTRAINT => Error::Constraint(text),
        _ => Error::Failed(text),
    }
}

/// The same failure for each of many who wait for one outcome.
pub(crate) fn copy(error: &Error) -> Error {
    match error {
        Error::Constraint(text) => Error::Constraint(text.clone()),
        Error::Contention(text) => Error::Contention(text.clone()),
        Error::ReadOnly(text) => Error::ReadOnly(text.clone()),
        Error::Unavailable(text) => Error::Unavailable(text.clone()),
        Error::Uncertain(text) => Error::Uncertain(text.clone()),
        Error::Failed(text) => Error::Failed(text.clone()),
    }
}
