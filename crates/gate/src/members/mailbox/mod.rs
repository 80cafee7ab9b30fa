//! Where the deployment's mails to the gate's members arrive.

mod folder;
mod imap;

pub(crate) use self::{folder::Folder, imap::Imap};

use std::{future::Future, pin::Pin};

use mail_parser::MessageParser;
use tokio::time::{Instant, sleep};

use crate::{check::Ended, limits};

/// Addresses of members when nobody said others: a domain that exists nowhere (RFC 6761).
pub(crate) const PATTERN_DEFAULT: &str = "{}@gate.example";

/// A mail, as far as a check looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    /// Recipients, in lower case.
    pub(crate) to: Vec<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Mail {
    /// Reads an RFC 5322 message; nothing when it is none.
    pub(crate) fn parse(message: &[u8]) -> Option<Self> {
        let mail = MessageParser::default().parse(message)?;
        let address = |one: &mail_parser::Addr<'_>| one.address().map(str::to_ascii_lowercase);
        let to: Vec<String> = mail.to()?.iter().filter_map(address).collect();
        let text = mail.body_text(0).map(std::borrow::Cow::into_owned).unwrap_or_default();
        (!to.is_empty()).then(|| Self { to, subject: mail.subject().unwrap_or_default().to_owned(), text })
    }

    pub(crate) fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }

    /// The code: the first line that consists of enough digits and nothing else.
    pub(crate) fn code(&self) -> Option<String> {
        let is_code = |line: &&str| {
            (limits::CODE_DIGITS_MIN..=limits::CODE_DIGITS_MAX).contains(&line.len())
                && line.bytes().all(|byte| byte.is_ascii_digit())
        };
        self.text.lines().map(str::trim).find(is_code).map(str::to_owned)
    }
}

/// Mails found.
pub(crate) type Found<'a> = Pin<Box<dyn Future<Output = Result<Vec<Mail>, Ended>> + Send + 'a>>;

/// A place with mails.
pub(crate) trait Mailbox: Send + Sync {
    /// Where mails are read, for the report.
    fn describe(&self) -> String;

    /// The address of the member of this name, whose mails arrive here.
    fn address(&self, name: &str) -> String;

    /// Every mail to an address that arrived since the run began, oldest first.
    fn mails<'a>(&'a self, to: &'a str) -> Found<'a>;
}

/// Waits for a mail to an address beyond the first `already`.
///
/// # Errors
/// [`Ended::Error`] when none comes in time, or the mailbox can't be read.
pub(crate) async fn next(mailbox: &dyn Mailbox, to: &str, already: usize) -> Result<Mail, Ended> {
    wait_for(mailbox, to, already, "mail", |mail| Some(mail.clone())).await
}

/// Waits for a code beyond the first `already` mails to an address; notices may come between.
///
/// # Errors
/// As [`next`].
pub(crate) async fn next_code(mailbox: &dyn Mailbox, to: &str, already: usize) -> Result<String, Ended> {
    wait_for(mailbox, to, already, "mail with a code", Mail::code).await
}

async fn wait_for<T>(
    mailbox: &dyn Mailbox,
    to: &str,
    already: usize,
    what: &str,
    take: impl Fn(&Mail) -> Option<T>,
) -> Result<T, Ended> {
    let until = Instant::now() + limits::MAIL_TIME_MAX;
    loop {
        if let Some(found) = mailbox.mails(to).await?.iter().skip(already).find_map(&take) {
            return Ok(found);
        }
        if Instant::now() >= until {
            let seconds = limits::MAIL_TIME_MAX.as_secs();
            let place = mailbox.describe();
            return Err(Ended::error(format!("no {what} to {to} came within {seconds} s ({place})")));
        }
        sleep(limits::MAIL_POLL).await;
    }
}

/// The address of a name by a pattern with `{}` in it.
fn by_pattern(pattern: &str, name: &str) -> String {
    pattern.replace("{}", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &[u8] = b"From: Mainstay <no-reply@example.org>\r\nTo: Gate-1@example.org\r\nSubject: Your code for Mainstay\r\n\
        MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
        Your code to sign in to Mainstay:\r\n\r\n12345678\r\n\r\nIt works once, for 10 minutes.\r\n";
    const ENCODED: &[u8] = b"From: a@example.org\r\nTo: \"Gate\" <gate-1@example.org>, b@example.org\r\n\
        Subject: =?utf-8?B?16nXnNeV150=?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n\
        --x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        =D7=A9=D7=9C=D7=95=D7=9D\r\n\r\n8765=\r\n4321\r\n--x--\r\n";

    #[test]
    fn a_code_is_found_in_a_plain_mail() {
        let mail = Mail::parse(PLAIN).unwrap();
        assert!(mail.is_to("gate-1@example.org") && !mail.is_to("ate-1@example.org"), "{mail:?}");
        assert_eq!(mail.code().as_deref(), Some("12345678"));
        assert_eq!(mail.subject, "Your code for Mainstay");
    }

    #[test]
    fn a_code_is_found_in_an_encoded_mail() {
        let mail = Mail::parse(ENCODED).unwrap();
        assert!(mail.is_to("gate-1@example.org") && mail.is_to("b@example.org"), "{mail:?}");
        assert_eq!(mail.code().as_deref(), Some("87654321"));
        assert_eq!(mail.subject, "שלום");
    }

    #[test]
    fn numbers_within_sentences_are_no_codes() {
        let text = "call 12345678 now\n123\n1234567890123\n12 34 56 78\n".to_owned();
        assert_eq!(Mail { to: vec![], subject: String::new(), text }.code(), None);
        assert_eq!(Mail::parse(b"no mail at all"), None);
    }
}
