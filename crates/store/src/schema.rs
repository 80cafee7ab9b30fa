//! The state of the schema and of the connections.

/// One migration, known to the binary or found in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
    /// Whether this binary knows it.
    pub known: bool,
}

/// Every migration that either side knows, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaState {
    /// The migrations.
    pub migrations: Vec<MigrationState>,
}

impl SchemaState {
    /// Whether everything known is applied and nothing unknown is.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.migrations.iter().all(|m| m.applied && m.known)
    }

    /// Versions that the database has and this binary does not know: it was migrated by a newer release.
    #[must_use]
    pub fn unknown(&self) -> Vec<i64> {
        self.migrations.iter().filter(|m| m.applied && !m.known).map(|m| m.version).collect()
    }

    /// Versions that are still to be applied.
    #[must_use]
    pub fn pending(&self) -> Vec<i64> {
        self.migrations.iter().filter(|m| !m.applied).map(|m| m.version).collect()
    }
}

/// Connections of the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolState {
    /// Open connections.
    pub open: u32,
    /// Of those, idle ones.
    pub idle: u32,
    /// Upper bound.
    pub max: u32,
}
