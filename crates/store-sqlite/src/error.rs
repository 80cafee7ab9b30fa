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

/// The same for a COMMIT. One whose end may not have reached the disk can still be found whole in the log by whoever opens the
/// database next, after a crash say; so nobody knows what became of it.
pub(crate) fn from_commit(error: rusqlite::Error) -> Error {
    let is_disk = error.sqlite_error().is_some_and(|failure| failure.extended_code & 0xff == IOERR);
    match from_sqlite(error) {
        Error::Unavailable(text) if is_disk => Error::Uncertain(text),
        error => error,
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

#[cfg(test)]
mod tests {
    use rusqlite::{Error::SqliteFailure, ffi};

    use super::*;

    #[test]
    fn only_a_commit_that_the_disk_failed_is_uncertain() {
        let failure = |code| SqliteFailure(ffi::Error::new(code), None);
        for code in [IOERR, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_WRITE] {
            assert!(matches!(from_commit(failure(code)), Error::Uncertain(_)), "{code}");
            assert!(matches!(from_sqlite(failure(code)), Error::Unavailable(_)), "{code}");
        }
        // A disk without room took only a part of the log, which is no transaction.
        assert!(matches!(from_commit(failure(FULL)), Error::Unavailable(_)));
        assert!(matches!(from_commit(failure(BUSY)), Error::Contention(_)));
        assert!(matches!(from_commit(failure(CONSTRAINT)), Error::Constraint(_)));
    }
}
