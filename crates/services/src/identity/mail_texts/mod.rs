//! The mails of signing in, in every language that Mainstay speaks.
//!
//! Links are made from the configured public URL alone; nothing of a request gets into a mail.

mod ar;
mod en;
mod es;
mod he;
mod ru;

use mainstay_model::{EmailAddress, Language, identity::Provider};

use crate::{Settings, limits, ports::Mail};

/// What there is to tell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Message<'a> {
    /// A code to sign in with.
    Code(&'a str),
    /// A code that proves a new address.
    ConfirmAddress(&'a str),
    /// Somebody typed this address, but it belongs to an account already.
    AddressInUse,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A provider's account was linked.
    ProviderAdded(Provider),
    /// A provider's account was unlinked.
    ProviderRemoved(Provider),
    /// The account has another address now, or none.
    AddressChanged,
    /// Somebody signed in with a mailed code to an account that has more ways in, or is open elsewhere too.
    SignedInByCode(&'a Ways),
}

/// What opens an account beside codes to its address, and in how many places it is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways {
    pub(super) passkeys: usize,
    pub(super) google: bool,
    pub(super) apple: bool,
    pub(super) password: bool,
    pub(super) sessions: usize,
}

impl Ways {
    /// One line each, in the words of a language.
    fn lines(&self, passkeys: &str, password: &str, codes: &str) -> String {
        let lines = [
            (self.passkeys > 0).then(|| format!("{passkeys}: {}", self.passkeys)),
            self.google.then(|| name(Provider::Google).to_owned()),
            self.apple.then(|| name(Provider::Apple).to_owned()),
            self.password.then(|| password.to_owned()),
            Some(codes.to_owned()),
        ];
        lines.into_iter().flatten().map(|line| format!("- {line}\n")).collect()
    }
}

/// What all texts may fill in.
struct Facts<'a> {
    product: &'a str,
    url: &'a str,
    minutes: u64,
}

/// Writes a mail.
pub(super) fn compose(
    settings: &Settings,
    to: &EmailAddress,
    language: Language,
    message: Message<'_>,
) -> Mail {
    let facts = Facts {
        product: &settings.product_name,
        url: settings.public_url.as_str(),
        minutes: limits::EMAIL_CODE_TTL.as_secs() / 60,
    };
    let (subject, text) = match language {
        Language::En => en::text(message, &facts),
        Language::He => he::text(message, &facts),
        Language::Ar => ar::text(message, &facts),
        Language::Ru => ru::text(message, &facts),
        Language::Es => es::text(message, &facts),
    };
    Mail::new(to, subject, text, language)
}

/// A provider's own name; the same in every language.
const fn name(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "Google",
        Provider::Apple => "Apple",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mail_names_the_product_and_only_the_configured_address() {
        let settings = Settings::dev("https://app.example.com".parse().expect("a URL"));
        let to: EmailAddress = "ada@example.org".parse().expect("an address");
        let ways = Ways { passkeys: 21, google: true, apple: false, password: true, sessions: 34 };
        let messages = [
            Message::Code("12345678"),
            Message::ConfirmAddress("12345678"),
            Message::AddressInUse,
            Message::PasskeyAdded,
            Message::PasskeyRemoved,
            Message::ProviderAdded(Provider::Google),
            Message::ProviderRemoved(Provider::Apple),
            Message::AddressChanged,
            Message::SignedInByCode(&ways),
        ];
        let mut seen = std::collections::BTreeSet::new();
        for language in Language::ALL {
            for message in messages {
                let mail = compose(&settings, &to, language, message);
                let what = format!("{language} {message:?}");
                assert!(mail.subject.contains("Mainstay"), "{what}");
                assert!(!mail.subject.contains('\n'), "{what}");
                assert!(!mail.text.contains('{'), "{what}");
                assert!(seen.insert((mail.subject.clone(), mail.text.clone())), "{what} is said twice");
                match message {
                    Message::Code(code) | Message::ConfirmAddress(code) => {
                        assert!(mail.text.lines().any(|line| line == code), "{what}");
                        assert!(mail.text.contains("10"), "{what}");
                        assert!(!mail.subject.contains(code), "a lock screen shows subjects: {what}");
                    }
                    Message::SignedInByCode(_) => {
                        assert!(mail.text.contains(": 21\n- Google\n"), "{what}: {}", mail.text);
                        assert!(!mail.text.contains("Apple"), "{what}");
                        assert_eq!(
                            mail.text.lines().filter(|line| line.starts_with("- ")).count(),
                            4,
                            "{what}"
                        );
                        assert!(mail.text.contains(": 34\n"), "{what}");
                        assert!(mail.text.contains("https://app.example.com/"), "{what}");
                    }
                    _ => assert!(mail.text.contains("https://app.example.com/"), "{what}"),
                }
            }
        }
    }
}
