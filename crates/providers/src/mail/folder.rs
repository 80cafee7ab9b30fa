//! Mail into a folder: what a developer's machine does without a mail server, and what tests read.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use mainstay_services::ports::{Clock, Mail, MailError, Mailer, Random};
use metrics::counter;

use super::message::Composer;
use crate::ConfigFault;

/// Writes each mail into a file of its own, named by its time so that names sort in the order of sending. Only the owner may
/// read them: they hold sign-in codes.
pub struct FolderMailer {
    folder: PathBuf,
    composer: Composer,
    random: Arc<dyn Random>,
}

impl FolderMailer {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// When the folder can't be made, or the sender is no mailbox.
    pub fn new(
        folder: &Path,
        from: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, ConfigFault> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| ConfigFault::new("folder", format!("can't be made: {error}")))?;
        let composer = Composer::new(from, clock, Arc::clone(&random))?;
        Ok(Self { folder: folder.to_owned(), composer, random })
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.composer.compose(mail)?.formatted();
        let id = self.random.uuid(self.composer.now()).simple().to_string();
        let name = format!("{:020}-{}", self.composer.now().micros(), &id[20..]);
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &message)).await;
        match written {
            Ok(Ok(())) => {
                counter!("mainstay_mail_total", "outcome" => "sent").increment(1);
                Ok(())
            }
            Ok(Err(error)) => Err(MailError::Temporary(format!("the mail folder: {error}"))),
            Err(_) => Err(MailError::Temporary("the process is shutting down".to_owned())),
        }
    }
}

/// Under a name that nobody looks at first, so that a reader never sees half a mail.
fn write(folder: &Path, name: &str, message: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.part"));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let outcome = file
        .write_all(message)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, folder.join(format!("{name}.eml"))));
    if outcome.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    outcome
}
