//! Relative links in Markdown: the file must be there, and so must the heading.

use super::{Finding, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| path.ends_with(".md")) {
        for (line, target) in links(text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) =
                target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
            let full = if file.is_empty() { path.to_owned() } else { resolve(path, file) };
            if !full.is_empty() && !tree.has(&full) {
                findings.push(Finding::new(
                    path,
                    line,
                    format!("`{target}` leads nowhere ({full} is not there)"),
                ));
            } else if let (Some(heading), Some(text)) = (heading, tree.text(&full))
                && full.ends_with(".md")
                && !headings(text).any(|known| known == heading)
            {
                findings.push(Finding::new(path, line, format!("`{target}`: {full} has no such heading")));
            }
        }
    }
    findings
}

/// The lines outside fenced blocks, counted from one.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((index + 1, line))
    })
}

fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for (at, opening) in line.match_indices("](") {
            let rest = &line[at + opening.len()..];
            if let Some(end) = rest.find([')', ' ']) {
                found.push((number, &rest[..end]));
            }
        }
    }
    found
}

/// A link's path seen from the root.
fn resolve(from: &str, link: &str) -> String {
    let mut parts = from.split('/').collect::<Vec<_>>();
    parts.pop();
    if let Some(absolute) = link.strip_prefix('/') {
        return absolute.to_owned();
    }
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchors that headings get on the hosting service.
fn headings(text: &str) -> impl Iterator<Item = String> {
    prose(text).filter(|(_, line)| line.starts_with('#')).map(|(_, line)| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn messages(text: &str) -> Vec<String> {
        let tree =
            Tree::of(&[("docs/a.md", text), ("docs/b.md", "# Title\n## The `x` part\n"), ("src/c.rs", "")]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_there_is_fine() {
        let text = "[b](b.md) [part](b.md#the-x-part) [c](../src/c.rs) [folder](../src/) [web](https://example.com/x)\n";
        assert!(messages(text).is_empty());
        assert!(messages("```\n[not a link](nowhere.md)\n```\n").is_empty());
    }

    #[test]
    fn what_is_not_there_is_found() {
        assert_eq!(
            messages("text\n[d](d.md)\n"),
            ["docs/a.md:2: `d.md` leads nowhere (docs/d.md is not there)"]
        );
        assert_eq!(messages("[b](b.md#other)\n").len(), 1);
        assert_eq!(messages("[self](#nothing)\n").len(), 1);
    }
}
