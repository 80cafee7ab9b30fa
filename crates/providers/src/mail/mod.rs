//! Outgoing mail: to a mail server, or into a folder on a developer's machine.

mod folder;
mod message;
mod smtp;

pub use self::{
    folder::FolderMailer,
    smtp::{SmtpConfig, SmtpMailer},
};
