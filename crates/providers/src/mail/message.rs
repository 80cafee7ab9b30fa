//! Turns a mail into an RFC 5322 message. No value can add a header or a recipient.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Address, Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0},
    },
};
use mainstay_model::{EmailAddress, Timestamp};
use mainstay_services::ports::{Clock, Mail, MailError, Random};

use crate::ConfigFault;

/// Longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 200;

/// Makes messages from one sender.
pub(super) struct Composer {
    from: Mailbox,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Composer {
    /// # Errors
    /// When the sender is no mailbox like `Mainstay <no-reply@example.org>`.
    pub(super) fn new(
        from: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, ConfigFault> {
        let fault = || ConfigFault::new("from", "must be a sender like `Mainstay <no-reply@example.org>`");
        if from.contains(|c: char| c.is_control()) {
            return Err(fault());
        }
        Ok(Self { from: from.parse().map_err(|_| fault())?, clock, random })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The message, or why it will never be one.
    pub(super) fn compose(&self, mail: &Mail) -> Result<Message, MailError> {
        let permanent = |reason: &str| MailError::Permanent(reason.to_owned());
        let to: EmailAddress = mail.to.parse().map_err(|_| permanent("the recipient is no address"))?;
        let to: Address = to.as_str().parse().map_err(|_| permanent("the recipient is no address"))?;
        if mail.subject.contains(|c: char| c.is_control()) || mail.subject.chars().count() > SUBJECT_CHARS_MAX
        {
            return Err(permanent("the subject is not one short line"));
        }
        if mail.language.len() != 2 || !mail.language.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(permanent("the language is no ISO 639-1 code"));
        }
        let now = self.now();
        let micros = Duration::from_micros(u64::try_from(now.micros()).unwrap_or(0));
        let header = |name: &'static str, value: &str| {
            HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
        };
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            .date(UNIX_EPOCH + micros)
            .message_id(Some(format!("<{}@{}>", self.random.uuid(now), self.from.email.domain())))
            // RFC 3834, 5: nobody's vacation note should answer.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", &mail.language))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| MailError::Permanent(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SystemClock, SystemRandom};

    fn composer() -> Composer {
        Composer::new("Mainstay <no-reply@example.org>", Arc::new(SystemClock), Arc::new(SystemRandom))
            .expect("a sender")
    }

    fn mail() -> Mail {
        Mail {
            not_after: None,
            to: "ada@example.org".to_owned(),
            subject: "Hello".to_owned(),
            text: "Hi\n".to_owned(),
            language: "en".to_owned(),
        }
    }

    #[test]
    fn a_message_has_the_headers_that_machines_want() {
        let text =
            String::from_utf8(composer().compose(&mail()).expect("a message").formatted()).expect("text");
        for line in [
            "From: Mainstay <no-reply@example.org>",
            "To: ada@example.org",
            "Subject: Hello",
            "MIME-Version: 1.0",
            "Auto-Submitted: auto-generated",
            "Content-Language: en",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line} in {text}");
        }
        assert!(text.contains("\r\nDate: ") && text.contains("\r\nMessage-ID: <"), "{text}");
        assert!(text.contains("@example.org>\r\n"), "{text}");
    }

    #[test]
    fn no_value_adds_a_header_or_a_recipient() {
        let break_in = "x\r\nBcc: mallory@example.org";
        for mail in [
            Mail { to: break_in.to_owned(), ..mail() },
            Mail { to: "ada@example.org, mallory@example.org".to_owned(), ..mail() },
            Mail { subject: break_in.to_owned(), ..mail() },
            Mail { subject: "x\ny".to_owned(), ..mail() },
            Mail { language: "en\r\nBcc: x".to_owned(), ..mail() },
        ] {
            assert!(matches!(composer().compose(&mail), Err(MailError::Permanent(_))), "{mail:?}");
        }
        let body = Mail { text: ".\r\nBcc: mallory@example.org\r\n.\r\n".to_owned(), ..mail() };
        let message = composer().compose(&body).expect("a body may say anything");
        assert_eq!(message.envelope().to().len(), 1);
        assert!(message.headers().get_raw("Bcc").is_none());
        for from in ["", "no address", "a@b\r\nBcc: x@example.org"] {
            assert!(Composer::new(from, Arc::new(SystemClock), Arc::new(SystemRandom)).is_err(), "{from:?}");
        }
    }
}
