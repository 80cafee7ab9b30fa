//! What the insides of a service look like in an answer: traces, statements, debug pages of the common frameworks.

use std::sync::LazyLock;

use regex::Regex;

/// What it is, and how it is known again. Each is exact enough that prose about errors does not match.
const FORMS: &[(&str, &str)] = &[
    ("a Python traceback", r"Traceback \(most recent call last\)"),
    ("a Python traceback", r#"File "[^"\n]+\.py", line \d+"#),
    ("a Java stack trace", r"\bat [\w$.]+\([\w$]+\.(java|kt|scala):\d+\)"),
    ("a JavaScript stack trace", r"\bat [^\n]{1,200}\.(js|ts|mjs|cjs):\d+:\d+"),
    ("a .NET stack trace", r"\bat [\w.]+\([^)\n]*\) in [^\n]+:line \d+"),
    ("a Ruby stack trace", r"\.rb:\d+:in [`']"),
    ("a Go stack trace", r"goroutine \d+ \[running\]"),
    ("a Rust panic", r"panicked at [^\n]+\.rs:\d+"),
    ("a PHP error", r"(Fatal error|Parse error|Uncaught [\w\\]+):? [^\n]* in [^\n]+\.php(:| on line )\d+"),
    ("an SQL error", r"SQLSTATE\[?\w"),
    ("an SQL error", r"(?i)syntax error at or near"),
    ("an SQL error", r"(?i)you have an error in your SQL syntax"),
    ("an SQL error", r"(?i)unrecognized token:|near \\?\\?\u0022[^\n]{0,40}\\?\\?\u0022: syntax error"),
    ("an SQL error", r"sqlite3\.\w*Error|psycopg2?\.\w|pymysql\.err|SQLITE_ERROR"),
    ("an SQL error", r"ORA-\d{5}|Unclosed quotation mark after the character string"),
    ("a statement", r"(?i)\bselect\s+[\w*,. ]+\s+from\s+\w+\s+where\b"),
    ("a debug page", r"Werkzeug Debugger|You're seeing this error because you have <code>DEBUG = True"),
    ("a debug page", r"Whoops, looks like something went wrong|Symfony\\Component|Ignition\\"),
    ("a debug page", r"Action Controller: Exception caught|BetterErrors"),
    ("a path of the server", r"/(usr|home|var|opt|srv)/[\w./-]+\.(py|rb|js|ts|php|go|rs|java)\b"),
];

static COMPILED: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    FORMS
        .iter()
        .filter_map(|(what, form)| Some((*what, Regex::new(&form.replace(r"\u0022", "\"")).ok()?)))
        .collect()
});

/// The first of them in a text, with a little of it.
pub(crate) fn found_in(text: &str) -> Option<(&'static str, String)> {
    COMPILED.iter().find_map(|(what, form)| {
        let found = form.find(text)?;
        Some((*what, found.as_str().chars().take(120).collect()))
    })
}

#[cfg(test)]
mod tests {
    use super::{COMPILED, FORMS, found_in};

    #[test]
    fn insides_are_known_and_plain_errors_are_not() {
        assert_eq!(COMPILED.len(), FORMS.len());
        for inside in [
            "Traceback (most recent call last):\n  File \"/app/main.py\", line 3",
            "java.lang.X\n\tat com.example.Notes.get(Notes.java:42)",
            "TypeError\n    at Object.<anonymous> (/srv/app/index.js:10:5)",
            "SQLSTATE[42000]: Syntax error",
            "{\"detail\":\"unrecognized token: \\\"'''\\\"\"}",
            "thread 'main' panicked at src/main.rs:3:5",
        ] {
            assert!(found_in(inside).is_some(), "{inside}");
        }
        for plain in [
            "{\"type\":\"about:blank\",\"title\":\"Bad request\",\"detail\":\"the body is no JSON\"}",
            "{\"detail\":[{\"loc\":[\"body\",\"title\"],\"msg\":\"Input should be a valid string\"}]}",
            "Something went wrong. Select a note from your list where you left it.",
            "<script src=\"/assets/index.js\"></script>",
        ] {
            assert_eq!(found_in(plain), None, "{plain}");
        }
    }
}
