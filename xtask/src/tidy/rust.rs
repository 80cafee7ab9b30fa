//! Just enough of Rust's grammar to look at code without its comments and strings, and to tell tests from the rest.

/// A Rust file, prepared for line-by-line checks.
pub(crate) struct Source {
    /// Each line without comments and without what is inside literals.
    pub(crate) lines: Vec<String>,
    /// Whether each line belongs to tests.
    pub(crate) test: Vec<bool>,
}

impl Source {
    /// Reads a file; `path` tells whether all of it is tests.
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let code = blank(text);
        let lines = code.lines().map(str::to_owned).collect::<Vec<_>>();
        let mut test = vec![is_test_file(path); lines.len()];
        let mut rest = 0;
        while let Some(start) = code[rest..].find("#[cfg(test)]").map(|at| rest + at) {
            let end = item_end(&code, start);
            let first = code[..start].matches('\n').count();
            let last = code[..end].matches('\n').count();
            let known = test.len();
            test[first..(last + 1).min(known)].fill(true);
            rest = end;
        }
        Self { lines, test }
    }

    /// The names of the tests, with their lines, counted from one: functions that carry a test attribute, and what stands
    /// directly in a macro of a test file that makes tests of it (`both_engines! { async fn name(…) }`, `cases! { name, }`).
    pub(crate) fn tests(&self) -> Vec<(usize, &str)> {
        let mut found = Vec::new();
        let (mut marked, mut in_macro) = (false, false);
        for (index, whole) in self.lines.iter().enumerate() {
            if self.test[index] && is_macro_call(whole) {
                in_macro = true;
                continue;
            }
            in_macro &= whole != "}";
            let line = whole.trim();
            let directly = in_macro && whole.len() - whole.trim_start().len() == 4;
            if line.starts_with("#[")
                && (line.contains("test]") || line.contains("test("))
                && !line.contains("cfg(")
            {
                marked = true;
            }
            if let Some(name) = function_name(line) {
                if std::mem::take(&mut marked) || directly {
                    found.push((index + 1, name));
                }
            } else if directly && let Some(name) = line.strip_suffix(',').filter(|name| is_name(name)) {
                found.push((index + 1, name));
            }
        }
        found
    }

    /// The names of all functions.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| function_name(line.trim()))
    }
}

/// Files that only tests compile.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("crates/store-conformance/")
}

/// A line `name! {` at the margin.
fn is_macro_call(line: &str) -> bool {
    line.strip_suffix("! {").is_some_and(is_name)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn function_name(line: &str) -> Option<&str> {
    let at = line.find("fn ")?;
    let before = line[..at].trim();
    let modifiers_only = before.split_whitespace().all(|word| {
        matches!(word, "pub" | "async" | "const" | "#[test]")
            || word.starts_with("pub(")
            || word.starts_with("#[")
    });
    let name = line[at + 3..].split(|c: char| !(c.is_alphanumeric() || c == '_')).next()?;
    (modifiers_only && !name.is_empty()).then_some(name)
}

/// Where the item after an attribute ends: at its semicolon, or at the brace that closes it.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return offset + 1,
            b'}' => depth -= 1,
            b';' if depth == 0 => return offset + 1,
            _ => {}
        }
    }
    code.len()
}

/// The text with comments and the insides of string and character literals replaced by spaces; line breaks stay.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (end, kept) = token(bytes, at);
        for (index, &byte) in bytes[at..end].iter().enumerate() {
            let keep = kept || byte == b'\n' || (bytes[at] != b'/' && (index == 0 || at + index + 1 == end));
            out.push(if keep { byte } else { b' ' });
        }
        at = end;
    }
    String::from_utf8(out).unwrap_or_default()
}

/// The end of what starts at `at`, and whether it is code rather than a comment or a literal.
fn token(bytes: &[u8], at: usize) -> (usize, bool) {
    let rest = &bytes[at..];
    let identifier_before = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => (at + rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()), false),
        [b'/', b'*', ..] => (at + block_comment(rest), false),
        [b'"', ..] => (at + string(rest), false),
        [b'r', b'"' | b'#', ..] if !identifier_before => {
            raw(rest, 1).map_or((at + 1, true), |len| (at + len, false))
        }
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !identifier_before => {
            raw(rest, 2).map_or((at + 1, true), |len| (at + len, false))
        }
        [b'\'', ..] => character(rest).map_or((at + 1, true), |len| (at + len, false)),
        _ => (at + 1, true),
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a raw string whose `r` ends at `prefix`, or none when it is a raw identifier.
fn raw(rest: &[u8], prefix: usize) -> Option<usize> {
    let hashes = rest[prefix..].iter().take_while(|&&b| b == b'#').count();
    let open = prefix + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    let body = &rest[open + 1..];
    let length = body.windows(close.len()).position(|window| window == close);
    Some(length.map_or(rest.len(), |length| open + 1 + length + close.len()))
}

/// The length of a character literal, or none when the quote starts a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        return rest.iter().skip(3).position(|&b| b == b'\'').map(|at| at + 4);
    }
    let first = std::str::from_utf8(&rest[1..rest.len().min(5)])
        .or_else(|error| std::str::from_utf8(&rest[1..1 + error.valid_up_to()]));
    let length = first.ok()?.chars().next()?.len_utf8();
    (rest.get(1 + length) == Some(&b'\'')).then_some(length + 2)
}

#[cfg(test)]
mod tests {
    use super::{Source, blank};

    #[test]
    fn comments_and_literals_are_blanked_and_lines_stay() {
        let text = "a(); // todo!()\n/* x /* y */ z\n*/ b(\"dbg!(\\\"\", 'x', '\\'', r#\"q\" \"#, b\"1\");\nfn c<'a>() {}";
        let code = blank(text);
        assert_eq!(code.lines().count(), text.lines().count());
        for gone in ["todo", "dbg", "x", "y", "z", "q"] {
            assert!(!code.contains(gone), "{gone} is still in {code:?}");
        }
        for kept in ["a();", "b(", "fn c<'a>() {}"] {
            assert!(code.contains(kept), "{kept} is missing in {code:?}");
        }
    }

    #[test]
    fn a_test_module_ends_where_its_braces_do() {
        let source = Source::parse(
            "src/a.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { if x {} }\n}\nfn c() {}\n",
        );
        assert_eq!(source.test, [false, true, true, true, true, false]);
    }

    #[test]
    fn tests_are_found_by_their_attribute() {
        let source = Source::parse(
            "crates/a/tests/it/b.rs",
            "#[test]\nfn plain() {}\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn long() {}\nfn helper() {}\n",
        );
        assert_eq!(source.tests(), [(2, "plain"), (4, "long")]);
        assert_eq!(source.functions().collect::<Vec<_>>(), ["plain", "long", "helper"]);
    }
}
