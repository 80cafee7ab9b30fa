//! The few words in which the engines' SQL differs, so that a portable statement can be written down once.
//!
//! A write transaction has the database for itself here, so none of the row locks needs a word.

/// Keeps other writers of the found rows out until the transaction ends.
macro_rules! lock_rows {
    () => {
        ""
    };
    ($tables:literal) => {
        ""
    };
}

/// The same, and keeps others from adding rows that refer to the found ones.
macro_rules! lock_parent {
    () => {
        ""
    };
}

/// Keeps others from removing the found rows.
macro_rules! keep_rows {
    () => {
        ""
    };
}

/// Locks what is found and passes over what somebody else has locked.
macro_rules! skip_locked {
    () => {
        ""
    };
}

/// Orders text by its bytes, whatever the database's language is.
macro_rules! bytewise {
    () => {
        " COLLATE BINARY"
    };
}

/// Is one of a batch of hashes, as `batch::rows_by_hashes` binds it: one at a time.
macro_rules! among_hashes {
    ($argument:literal) => {
        concat!("= ", $argument)
    };
}

/// What an action begins with, up to its dot; written as the index on it is.
macro_rules! action_area {
    () => {
        "substr(action, 1, instr(action, '.'))"
    };
}
