//! The store: the file, its writer and its readers.

use std::{path::Path, time::Instant};

use async_trait::async_trait;
use mainstay_store::{Access, Error, PoolState, Result, SchemaState, Store, Tx as AnyTx};

use crate::{
    checkpoint::Checkpoints,
    migrate,
    options::SqliteOptions,
    readers::Readers,
    tx::{Link, Tx},
    value::query,
    writer::Writer,
};

/// One SQLite database file. Clones of it are made by sharing it in an `Arc`.
pub struct SqliteStore {
    options: SqliteOptions,
    writer: Writer,
    readers: Readers,
}

impl SqliteStore {
    /// Opens the file, and makes it when there is none. The schema is not touched: see [`Store::migrate`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the file or its directory can't be made or opened; [`Error::Failed`] when it is no database.
    pub async fn open(options: SqliteOptions) -> Result<Self> {
        create_file(&options.path).map_err(|error| Error::Unavailable(format!("database file: {error}")))?;
        let checkpoints = Checkpoints::new(options.copier());
        let writer =
            Writer::open(options.writer(), checkpoints, options.acquire_timeout, options.hold_timeout)
                .await?;
        let readers = Readers::new(options.reader(), options.readers, options.acquire_timeout);
        Ok(Self { options, writer, readers })
    }
}

/// Makes the file for its owner only; SQLite gives the files beside it the same rights.
fn create_file(path: &Path) -> std::io::Result<()> {
    let mut directory = std::fs::DirBuilder::new();
    let mut file = std::fs::OpenOptions::new();
    directory.recursive(true);
    file.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        directory.mode(0o700);
        file.mode(0o600);
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        directory.create(parent)?;
    }
    file.open(path).map(|_| ())
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self, access: Access) -> Result<Box<dyn AnyTx>> {
        let begun = Instant::now();
        let (label, link) = match access {
            Access::Read => ("read", self.readers.acquire(false).await.map(Link::Reader)),
            Access::Snapshot => ("snapshot", self.readers.acquire(true).await.map(Link::Reader)),
            Access::Write => ("write", self.writer.begin().await.map(Link::Writer)),
        };
        metrics::histogram!("mainstay_db_acquire_seconds", "access" => label).record(begun.elapsed());
        Ok(Box::new(Tx::new(access, link?)))
    }

    async fn ping(&self) -> Result<()> {
        if !self.writer.is_open() {
            return Err(Error::Unavailable("the database was closed".to_owned()));
        }
        Tx::new(Access::Read, Link::Reader(self.readers.acquire(false).await?))
            .one(query("SELECT 1 FROM sqlite_schema LIMIT 1"))
            .await
            .map(|_| ())
    }

    async fn schema_state(&self) -> Result<SchemaState> {
        migrate::state(self.readers.acquire(false).await?.connection()?)
    }

    async fn migrate(&self) -> Result<Vec<i64>> {
        let options = self.options.migrator(migrate::PATIENCE);
        tokio::task::spawn_blocking(move || migrate::migrate(&options))
            .await
            .map_err(|_| Error::Failed("the migrations broke off".to_owned()))?
    }

    fn pool_state(&self) -> PoolState {
        let readers = self.readers.state();
        let open = u32::from(self.writer.is_open());
        PoolState {
            open: readers.open + open,
            idle: readers.idle + u32::from(self.writer.is_idle() && self.writer.is_open()),
            max: readers.max + 1,
        }
    }

    fn engine(&self) -> &'static str {
        "sqlite"
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
