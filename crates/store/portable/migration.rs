//! What both engines do with migrations before any SQL runs: the list that this binary knows, in the format of SQLx
//! (`sqlx migrate run` takes the same files and the same table), and the comparison with what a database has.

use mainstay_store::{Error, MigrationState, Result, SchemaState};
use sha2::{Digest, Sha384};

/// A migration of this binary.
#[derive(Clone, Debug)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    /// Name of the file, without its ending: `0001_members`.
    pub(crate) file: &'static str,
    pub(crate) sql: &'static str,
}

impl Migration {
    /// What follows the number, as SQLx keeps it.
    pub(crate) fn name(&self) -> String {
        self.file.split_once('_').map_or("", |(_, name)| name).replace('_', " ")
    }

    /// SHA-384 of the file, as SQLx keeps it.
    pub(crate) fn checksum(&self) -> Vec<u8> {
        Sha384::digest(self.sql).to_vec()
    }
}

/// A row of `_sqlx_migrations`.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) checksum: Vec<u8>,
    pub(crate) success: bool,
}

/// The first migration that the database does not have yet.
///
/// # Errors
/// [`Error::Failed`] when a known one was applied in another form, or one was left half done.
pub(crate) fn next_pending(known: &[Migration], applied: &[Applied]) -> Result<Option<Migration>> {
    for row in applied {
        if !row.success {
            return Err(Error::Failed(format!(
                "migration {} ({}) was left half done; repair it and remove its row from _sqlx_migrations",
                row.version, row.name
            )));
        }
        if known.iter().any(|m| m.version == row.version && m.checksum() != row.checksum) {
            return Err(Error::Failed(format!(
                "migration {} ({}) was applied from another file than this binary has: the checksums differ",
                row.version, row.name
            )));
        }
    }
    Ok(known.iter().find(|m| applied.iter().all(|row| row.version != m.version)).cloned())
}

/// Every migration that either side knows, in order.
pub(crate) fn schema_state(known: &[Migration], applied: &[Applied]) -> SchemaState {
    let mut migrations: Vec<MigrationState> = known
        .iter()
        .map(|m| MigrationState {
            version: m.version,
            name: m.name(),
            applied: applied.iter().any(|row| row.version == m.version && row.success),
            known: true,
        })
        .collect();
    migrations.extend(applied.iter().filter(|row| known.iter().all(|m| m.version != row.version)).map(
        |row| MigrationState { version: row.version, name: row.name.clone(), applied: true, known: false },
    ));
    migrations.sort_by_key(|m| m.version);
    SchemaState { migrations }
}
