//! Makes what a server sent harmless to look at: control characters, and characters that turn the direction of a text or hide
//! in it, are written out (`\u{202e}`). Escaping for HTML or XML comes on top and is the writers' own.

use std::{borrow::Cow, fmt::Write as _};

/// The text with everything written out that a reader could not see, or that would act on a terminal. Line ends and tabs stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_treacherous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_treacherous(c) {
            // Writing to a String can't fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The same on one line.
pub(crate) fn on_one_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_treacherous(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Direction marks, embeddings, overrides and isolates (UAX #9); zero-width and invisible characters; separators.
        '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' => true,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        // No XML 1.0 document may hold these.
        '\u{fffe}' | '\u{ffff}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::{on_one_line, visible};

    #[test]
    fn what_acts_or_hides_is_written_out() {
        assert_eq!(visible("a\u{1b}[2Jb\u{0}c\r\n"), "a\\u{1b}[2Jb\\u{0}c\\u{d}\n");
        assert_eq!(visible("\u{202e}txt.exe\u{2066}"), "\\u{202e}txt.exe\\u{2066}");
        assert_eq!(visible("\u{feff}\u{200b}\u{9b}"), "\\u{feff}\\u{200b}\\u{9b}");
    }

    #[test]
    fn ordinary_writing_of_every_direction_stays() {
        for text in ["plain", "שלום", "مرحبا", "emoji 🦀", "tab\tand\nline"] {
            assert_eq!(visible(text), text);
        }
        assert_eq!(on_one_line("two\n lines"), "two lines");
    }
}
