//! The few words in which the engines' SQL differs, so that a portable statement can be written down once.

/// Keeps other writers of the found rows out until the transaction ends. Rows that refer to them may still be added.
macro_rules! lock_rows {
    () => {
        " FOR NO KEY UPDATE"
    };
    ($tables:literal) => {
        concat!(" FOR NO KEY UPDATE OF ", $tables)
    };
}

/// The same, and keeps others from adding rows that refer to the found ones.
macro_rules! lock_parent {
    () => {
        " FOR UPDATE"
    };
}

/// Keeps others from removing the found rows.
macro_rules! keep_rows {
    () => {
        " FOR KEY SHARE"
    };
}

/// Locks what is found and passes over what somebody else has locked.
macro_rules! skip_locked {
    () => {
        " FOR UPDATE SKIP LOCKED"
    };
}

/// Orders text by its bytes, whatever the database's language is.
macro_rules! bytewise {
    () => {
        " COLLATE \"C\""
    };
}

/// Is one of a batch of hashes, as `batch::rows_by_hashes` binds it.
macro_rules! among_hashes {
    ($argument:literal) => {
        concat!("= ANY(", $argument, ")")
    };
}

/// What an action begins with, up to its dot; written as the index on it is.
macro_rules! action_area {
    () => {
        "substr(action, 1, strpos(action, '.'))"
    };
}
