//! Copying the write-ahead log into the database, beside the writer and not in front of whoever commits next: it writes hundreds of
//! pages and waits for the disk twice.
//!
//! The copier has a connection and a thread of its own, from the first time that it is needed. Only the writer can begin the log
//! anew, once all of it is copied; under a load without a pause something is always left, so from a certain length on the writer
//! copies that little itself, after it has answered.

use std::{
    cell::Cell,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use crate::{connection::Connection, options::ConnectionOptions};

/// So many new pages (32 MiB) are copied by the copier. SQLite itself would copy each thousand; but the busy pages of a ledger change
/// again with every batch, and the longer the log, the more often a page in it is copied once for many changes.
const COPIED_PAGES: u32 = 8_192;
/// A log of so many pages (64 MiB) is not left to the copier alone. This also bounds what is read at the start after a crash.
const LOG_PAGES_MAX: u32 = 16_384;

const COPY: &str = "PRAGMA wal_checkpoint(PASSIVE)";

thread_local! {
    /// The log's length after the last commit of this thread.
    static LOG_PAGES: Cell<u32> = const { Cell::new(0) };
}

/// Copies the log of one database as it grows. Belongs to the thread that commits.
pub(crate) struct Checkpoints {
    options: ConnectionOptions,
    copier: Option<(SyncSender<()>, JoinHandle<()>)>,
    /// The log's length when the copier was last asked.
    asked_pages: u32,
}

impl Checkpoints {
    pub(crate) const fn new(options: ConnectionOptions) -> Self {
        Self { options, copier: None, asked_pages: 0 }
    }

    /// Sees to it that commits on this connection tell how long the log is, in place of copying it.
    pub(crate) fn watch(connection: &Connection) {
        connection.0.wal_hook(Some(|_, pages| {
            LOG_PAGES.set(u32::try_from(pages).unwrap_or(0));
            Ok(())
        }));
    }

    /// Has the log copied if it is long enough.
    pub(crate) fn after_commit(&mut self, connection: &Connection) {
        let pages = LOG_PAGES.get();
        if pages < self.asked_pages {
            self.asked_pages = 0;
        }
        if pages >= LOG_PAGES_MAX {
            // While somebody reads old pages, or the copier is at it, this does not get to the end; the next commit tries again.
            if let Err(error) = connection.run(COPY) {
                tracing::warn!(event = "db_checkpoint_failed", %error);
            }
        } else if pages - self.asked_pages >= COPIED_PAGES {
            self.asked_pages = pages;
            self.ask();
        }
    }

    fn ask(&mut self) {
        if self.copier.is_none() {
            let (sender, asked) = sync_channel(1);
            let options = self.options.clone();
            let name = "sqlite-checkpoint".to_owned();
            match thread::Builder::new().name(name).spawn(move || copy_when(&asked, &options)) {
                Ok(thread) => self.copier = Some((sender, thread)),
                Err(error) => tracing::warn!(event = "db_checkpoint_failed", %error),
            }
        }
        if let Some((copier, _)) = &self.copier {
            // When it is asked already there is nothing to add.
            let _ = copier.try_send(());
        }
    }

    /// Waits for the copier to end and close its connection.
    pub(crate) fn stop(self) {
        if let Some((sender, thread)) = self.copier {
            drop(sender);
            // A panic in there was logged, and the writer copies what is left as it closes.
            let _ = thread.join();
        }
    }
}

fn copy_when(asked: &Receiver<()>, options: &ConnectionOptions) {
    let copied = options.open().and_then(|connection| {
        while asked.recv().is_ok() {
            connection.run(COPY)?;
        }
        connection.close()
    });
    if let Err(error) = copied {
        // The writer goes on copying at the bound.
        tracing::warn!(event = "db_checkpoint_failed", %error);
    }
}
