//! Text that people write (names, notes) and text that names a state.

/// Defines an enum whose values are stored and shown as fixed words.
macro_rules! state {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that stands for it in the database and in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($word => Ok(Self::$variant),)* _ => Err($crate::text::UnknownWord) }
            }
        }
    };
}
pub(crate) use state;

/// The word names no value of its enum.
#[derive(Debug, thiserror::Error)]
#[error("not one of the known words")]
pub struct UnknownWord;

/// Why a piece of text was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The bound, in characters.
        max: usize,
    },
    /// Has a control character or an invisible direction override.
    #[error("must not contain control characters")]
    Control,
}

/// A one-line label that people read: trimmed, at most `max` characters, without control characters and without the
/// direction overrides that let one name dress up as another (Unicode TR 36).
///
/// # Errors
/// When it is longer or contains such a character. An empty label is fine; ask [`required_label`] otherwise.
pub fn label(text: &str, max: usize) -> Result<String, TextFault> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(TextFault::TooLong { max });
    }
    if text.chars().any(|c| c.is_control() || is_direction_override(c)) {
        return Err(TextFault::Control);
    }
    Ok(text.to_owned())
}

/// Like [`label`], and not empty.
///
/// # Errors
/// As [`label`], and when nothing is left after trimming.
pub fn required_label(text: &str, max: usize) -> Result<String, TextFault> {
    let text = label(text, max)?;
    if text.is_empty() { Err(TextFault::Empty) } else { Ok(text) }
}

/// Text of several lines: line feeds and tabs are fine, other control characters are not.
///
/// # Errors
/// When empty, longer than `max` characters, or with a control character (PostgreSQL can't store NUL at all).
pub fn body(text: &str, max: usize) -> Result<String, TextFault> {
    if text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    if text.chars().count() > max {
        return Err(TextFault::TooLong { max });
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        return Err(TextFault::Control);
    }
    Ok(text.to_owned())
}

const fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_trimmed_bounded_and_plain() {
        assert_eq!(label("  Ada ", 10), Ok("Ada".to_owned()));
        assert_eq!(label("Адааааааааа", 5), Err(TextFault::TooLong { max: 5 }));
        assert_eq!(label("evil\u{202E}gnp.exe", 50), Err(TextFault::Control));
        assert_eq!(label("nul\0", 50), Err(TextFault::Control));
        assert_eq!(required_label("   ", 50), Err(TextFault::Empty));
    }

    #[test]
    fn a_body_keeps_its_lines() {
        assert_eq!(body("one\ntwo", 50), Ok("one\ntwo".to_owned()));
        assert_eq!(body("\u{7}", 50), Err(TextFault::Control));
    }
}
