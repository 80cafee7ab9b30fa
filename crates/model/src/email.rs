//! E-mail addresses: normalised first, then parsed, then compared (RFC 5321, RFC 6531, UTS 46).
//!
//! One mailbox must be one account: an address that only looks like another, by letter case, full-width signs or an
//! unnormalised domain, becomes the same value here or is refused (GHSA-7rqj-j65f-68wh).

use std::{fmt, str::FromStr};

/// A well-formed address in its one normal form: ASCII local part in lower case, domain in lower-case A-label form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

/// Why a text is no address that Mainstay takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a valid e-mail address")]
pub struct EmailFault;

/// RFC 5321, 4.5.3.1: 64 octets, 255 octets, and 254 for the whole by erratum 1690 of RFC 3696.
const LOCAL_BYTES_MAX: usize = 64;
const ADDRESS_BYTES_MAX: usize = 254;

impl EmailAddress {
    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// At most two characters of the local part and the domain's end, for logs: `ad…@…com`.
    #[must_use]
    pub fn redacted(&self) -> String {
        let shown: String = self.0.split('@').next().unwrap_or("").chars().take(2).collect();
        let top = self.domain().rsplit('.').next().unwrap_or("");
        format!("{shown}…@…{top}")
    }
}

impl FromStr for EmailAddress {
    type Err = EmailFault;

    fn from_str(text: &str) -> Result<Self, EmailFault> {
        let text = text.trim();
        if text.len() > ADDRESS_BYTES_MAX * 2 {
            return Err(EmailFault);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailFault)?;
        // Only the characters of an RFC 5321 dot-string. Quoted local parts and non-ASCII ones have several spellings
        // of one mailbox, so they are refused rather than guessed at; a second `@` falls out here too.
        let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let dots_fine = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        if local.is_empty() || local.len() > LOCAL_BYTES_MAX || !local.chars().all(plain) || !dots_fine {
            return Err(EmailFault);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| EmailFault)?;
        if !domain.contains('.') && domain != "localhost"
            || domain.starts_with('.')
            || domain.ends_with('.')
            || domain.contains("..")
            || domain.split('.').next_back().is_some_and(|top| top.chars().all(|c| c.is_ascii_digit()))
        {
            return Err(EmailFault);
        }
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if address.len() > ADDRESS_BYTES_MAX { Err(EmailFault) } else { Ok(Self(address)) }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows the redacted form: a debug print ends up in logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        text.parse::<EmailAddress>().ok().map(|address| address.0)
    }

    #[test]
    fn one_mailbox_has_one_form() {
        assert_eq!(parse(" Ada@Example.COM "), Some("ada@example.com".into()));
        assert_eq!(parse("ada@BÜCHER.example"), Some("ada@xn--bcher-kva.example".into()));
        assert_eq!(parse("ada@ｅｘａｍｐｌｅ.com"), Some("ada@example.com".into()));
    }

    #[test]
    fn look_alikes_and_nonsense_are_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b.c",
            "a b@example.com",
            "a@b@example.com",
            "a＠example.com",
            "аda@example.com",
            "\"a b\"@example.com",
            "a@example..com",
            ".a@example.com",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@com",
            "a\r\nBcc: x@example.com",
            "a@exa mple.com",
            "a\0@example.com",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn debug_shows_two_characters() {
        let address: EmailAddress = "adalovelace@example.com".parse().expect("valid");
        assert_eq!(format!("{address:?}"), "EmailAddress(ad…@…com)");
    }
}
