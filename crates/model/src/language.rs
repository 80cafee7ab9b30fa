//! The languages that Mainstay speaks, in mails and in the studio.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A supported language, by its ISO 639-1 code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English, and what an unknown wish falls back to.
    #[default]
    En,
    /// Hebrew, right to left.
    He,
    /// Arabic, right to left.
    Ar,
    /// Russian.
    Ru,
    /// Spanish.
    Es,
}

impl Language {
    /// All of them, in the order in which a switcher shows them.
    pub const ALL: [Self; 5] = [Self::En, Self::He, Self::Ar, Self::Ru, Self::Es];

    /// The two-letter code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::He => "he",
            Self::Ar => "ar",
            Self::Ru => "ru",
            Self::Es => "es",
        }
    }

    /// Whether text runs from right to left.
    #[must_use]
    pub const fn is_right_to_left(self) -> bool {
        matches!(self, Self::He | Self::Ar)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text names no supported language.
#[derive(Debug, thiserror::Error)]
#[error("not one of the supported languages en, he, ar, ru, es")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.code() == text).ok_or(UnknownLanguage)
    }
}
