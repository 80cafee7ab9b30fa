//! The report in a terminal, for a tired person: first what needs them, with what was sent and what came back; then every area;
//! last, in one sentence, what it came to. What a server sent is shown inert; colour is only ever an addition to words.

use std::io::{self, Write as _};

use console::{Style, Term};

use crate::{
    check::Priority,
    evidence::{Evidence, Exchange},
    limits,
    report::{CheckReport, Report, Verdict, inert, words},
};

/// How it may look.
#[derive(Clone, Copy, Debug)]
struct Look {
    columns: usize,
    has_colour: bool,
}

impl Look {
    fn of_stdout() -> Self {
        let columns =
            Term::stdout().size_checked().map_or(limits::SHOWN_COLUMNS, |(_, columns)| columns.into());
        // False in a pipe, and where NO_COLOR or TERM=dumb asks for it.
        Self { columns: columns.min(limits::SHOWN_COLUMNS_MAX), has_colour: console::colors_enabled() }
    }

    fn paint(self, style: &Style, text: impl std::fmt::Display) -> String {
        style.clone().force_styling(self.has_colour).apply_to(text).to_string()
    }
}

/// Prints a report.
pub(crate) fn print(report: &Report) {
    let mut out = io::stdout().lock();
    // A reader that closed the pipe has seen enough.
    let _ = Page { out: &mut out, look: Look::of_stdout() }.report(report);
}

/// Prints a text as it is; a closed pipe (`| head`) is no failure.
pub(crate) fn text(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Prints a message to standard error.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", inert::visible(message));
}

struct Page<'a, W> {
    out: &'a mut W,
    look: Look,
}

fn bold() -> Style {
    Style::new().bold()
}

fn dim() -> Style {
    Style::new().dim()
}

fn style_of(check: &CheckReport) -> Style {
    match check.verdict {
        Verdict::Pass => Style::new().green(),
        Verdict::Fail => Style::new().red().bold(),
        Verdict::Error => Style::new().magenta().bold(),
        Verdict::Skip if check.unanswerable => Style::new().yellow(),
        Verdict::Skip => Style::new().dim(),
    }
}

/// All of one width, so that the eye can run down.
fn mark(check: &CheckReport) -> &'static str {
    match check.verdict {
        Verdict::Pass => "pass ",
        Verdict::Fail => "FAIL ",
        Verdict::Error => "ERROR",
        Verdict::Skip => "skip ",
    }
}

impl<W: io::Write> Page<'_, W> {
    fn report(&mut self, report: &Report) -> io::Result<()> {
        self.head(report)?;
        let alarming = report.alarming();
        if !alarming.is_empty() {
            self.heading(&format!("Needs attention: {}", words::counted(alarming.len(), "check", "checks")))?;
            for check in alarming {
                self.alarm(check)?;
            }
        }
        for (area, checks) in report.areas() {
            self.area(area, &checks)?;
        }
        self.foot(report)
    }

    fn head(&mut self, report: &Report) -> io::Result<()> {
        let subject = &report.subject;
        let title = format!("Mainstay gate {}: {}", report.gate_version, report.kind.heading());
        self.line(0, &bold(), &title)?;
        self.line(0, &Style::new(), &subject.url)?;
        if !subject.nodes.is_empty() {
            self.line(0, &dim(), &format!("nodes {}", subject.nodes.join(", ")))?;
        }
        let facts = [subject.environment.as_str(), &subject.version, &words::started(report)];
        let facts = facts.into_iter().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(", ");
        self.line(0, &dim(), &facts)
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.line(0, &bold(), text)
    }

    /// A check that needs somebody, with its evidence.
    fn alarm(&mut self, check: &CheckReport) -> io::Result<()> {
        writeln!(self.out)?;
        let head = format!("{} {} {}", mark(check).trim_end(), check.priority.as_str(), check.id);
        self.line(0, &style_of(check), &head)?;
        self.line(2, &bold(), check.title)?;
        self.line(2, &Style::new(), &check.reason)?;
        let references = check.references.join(", ");
        self.line(2, &dim(), &format!("promises {}; see {references}", check.promises.join(", ")))?;
        let counts = counts(check);
        self.line(2, &dim(), &counts)?;
        self.evidence(&check.evidence)
    }

    fn evidence(&mut self, evidence: &Evidence) -> io::Result<()> {
        for note in &evidence.notes {
            self.line(2, &Style::new(), &format!("noted: {note}"))?;
        }
        for place in evidence.findings.iter().take(limits::SHOWN_FINDINGS) {
            let line = if place.line == 0 { String::new() } else { format!(":{}", place.line) };
            self.line(2, &Style::new().cyan(), &format!("{}{line}", place.path))?;
            self.line(4, &Style::new(), &place.what)?;
        }
        let more = evidence.findings.len().saturating_sub(limits::SHOWN_FINDINGS);
        if more > 0 {
            self.line(2, &dim(), &format!("and {more} more places (--html, --json)"))?;
        }
        let before = evidence.exchanges.len().saturating_sub(limits::SHOWN_EXCHANGES);
        if before > 0 {
            let before = words::counted(before, "exchange", "exchanges");
            self.line(2, &dim(), &format!("{before} before these (--html, --json)"))?;
        }
        evidence
            .exchanges
            .iter()
            .rev()
            .take(limits::SHOWN_EXCHANGES)
            .rev()
            .try_for_each(|one| self.exchange(one))
    }

    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        if let Some(purpose) = &exchange.purpose {
            self.line(2, &dim(), &format!("# {purpose}"))?;
        }
        self.line(2, &Style::new().cyan(), &format!("> {} {}", exchange.method, exchange.url))?;
        self.message(&exchange.request_headers, &exchange.request_body)?;
        let took = words::took(exchange.took_ms);
        let answer = match (exchange.status, &exchange.failure) {
            (Some(status), _) => format!("< {status} in {took}"),
            (None, Some(failure)) => format!("< no answer after {took}: {failure}"),
            (None, None) => format!("< no answer after {took}"),
        };
        self.line(2, &Style::new().yellow(), &answer)?;
        let told = exchange.response_headers.iter().filter(|(name, _)| is_telling(name));
        self.message(&told.cloned().collect::<Vec<_>>(), &exchange.response_body)
    }

    fn message(&mut self, headers: &[(String, String)], body: &str) -> io::Result<()> {
        for (name, value) in headers {
            self.line(4, &dim(), &format!("{name}: {value}"))?;
        }
        if body.is_empty() {
            return Ok(());
        }
        let body = inert::on_one_line(body);
        match body.char_indices().nth(limits::SHOWN_BODY_CHARS) {
            Some((end, _)) => self.line(4, &Style::new(), &format!("{}…", &body[..end])),
            None => self.line(4, &Style::new(), &body),
        }
    }

    fn area(&mut self, area: &str, checks: &[&CheckReport]) -> io::Result<()> {
        let passed = checks.iter().filter(|check| check.verdict == Verdict::Pass).count();
        self.heading(&format!("{}: {passed} of {} passed", words::area_heading(area), checks.len()))?;
        checks.iter().try_for_each(|check| self.row(check))
    }

    fn row(&mut self, check: &CheckReport) -> io::Result<()> {
        let time = if check.verdict == Verdict::Skip { String::new() } else { words::took(check.took_ms) };
        let head = format!("{} {} {}", mark(check), check.priority.as_str(), check.id);
        let gap = self.look.columns.saturating_sub(textwrap::core::display_width(&head) + time.len()).max(2);
        let verdict = self.look.paint(&style_of(check), mark(check));
        let priority = check.priority.as_str();
        let priority = if check.priority == Priority::P0 {
            self.look.paint(&bold(), priority)
        } else {
            priority.to_owned()
        };
        let mut row = format!("{verdict} {priority} {}", check.id);
        if !time.is_empty() {
            row.push_str(&" ".repeat(gap));
            row.push_str(&self.look.paint(&dim(), time));
        }
        writeln!(self.out, "{row}")?;
        self.line(9, &Style::new(), check.title)?;
        match check.verdict {
            Verdict::Skip => self.line(9, &dim(), &format!("{}: {}", check.said(), check.reason)),
            Verdict::Pass => self.line(9, &dim(), &check.reason),
            Verdict::Fail | Verdict::Error => self.line(9, &dim(), "see above"),
        }
    }

    fn foot(&mut self, report: &Report) -> io::Result<()> {
        writeln!(self.out)?;
        let count = |verdict| report.count(verdict);
        let requests =
            words::counted(usize::try_from(report.requests).unwrap_or(usize::MAX), "request", "requests");
        let counts = format!(
            "{} passed, {} failed, {} skipped, {} without an answer; {requests} in {}.",
            count(Verdict::Pass),
            count(Verdict::Fail),
            count(Verdict::Skip),
            count(Verdict::Error),
            words::took(report.took_ms),
        );
        self.line(0, &Style::new(), &counts)?;
        self.members(report)?;
        self.objects(report)?;
        let good = report.exit_code() == 0;
        let style = if good { Style::new().green().bold() } else { Style::new().red().bold() };
        self.line(0, &style, &report.verdict())
    }

    fn members(&mut self, report: &Report) -> io::Result<()> {
        let cleanup = &report.cleanup;
        if cleanup.members_made == 0 && cleanup.members_left.is_empty() {
            return Ok(());
        }
        let made = words::counted(cleanup.members_made, "throw-away member", "throw-away members");
        let made = format!("{made} made by {}", report.members_by);
        if cleanup.members_left.is_empty() {
            return self.line(0, &Style::new(), &format!("{made}, all removed again."));
        }
        let left = format!("{made}; not removed: {}.", cleanup.members_left.join(", "));
        self.line(0, &Style::new().yellow().bold(), &left)
    }

    /// What a scan made in a member's name.
    fn objects(&mut self, report: &Report) -> io::Result<()> {
        let cleanup = &report.cleanup;
        if cleanup.objects_made == 0 {
            return Ok(());
        }
        let made = words::counted(cleanup.objects_made, "object", "objects");
        let made = format!("{made} made in the name of {}", report.members_by);
        if cleanup.objects_left.is_empty() {
            return self.line(0, &Style::new(), &format!("{made}, all removed again."));
        }
        let left = format!("{made}; not removed: {}.", cleanup.objects_left.join(", "));
        self.line(0, &Style::new().yellow().bold(), &left)
    }

    /// A paragraph, wrapped and indented.
    fn line(&mut self, indent: usize, style: &Style, text: &str) -> io::Result<()> {
        let text = inert::visible(text);
        let margin = " ".repeat(indent);
        let columns = self.look.columns.saturating_sub(indent).max(20);
        for line in text.lines().flat_map(|line| textwrap::wrap(line, columns)) {
            writeln!(self.out, "{margin}{}", self.look.paint(style, line))?;
        }
        Ok(())
    }
}

fn counts(check: &CheckReport) -> String {
    let took = words::took(check.took_ms);
    match check.evidence.requests {
        0 => took,
        _ => format!("{} in {took}", words::statuses(&check.evidence.statuses)),
    }
}

/// Headers of an answer that a verdict may hang on; the rest is in the other reports.
fn is_telling(name: &str) -> bool {
    const TELLING: &[&str] = &[
        "content-type",
        "set-cookie",
        "location",
        "cache-control",
        "vary",
        "www-authenticate",
        "retry-after",
    ];
    TELLING.contains(&name) || name.starts_with("access-control-") || name.starts_with("ratelimit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn written(report: &Report, look: Look) -> String {
        let mut out = Vec::new();
        Page { out: &mut out, look }.report(report).unwrap();
        String::from_utf8(out).unwrap()
    }

    const PLAIN: Look = Look { columns: 100, has_colour: false };

    #[test]
    fn what_failed_comes_first_with_what_was_sent_and_what_came_back() {
        let text = written(&samples::everything(), PLAIN);
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part:?} in\n{text}"));
        assert!(at("FAIL P0 edge.foreign-origin") < at("Sessions: 1 of 3 passed"));
        assert!(at("> GET http://localhost:8080/v1/config") < at("    origin: https://evil.example"));
        assert!(at("< 200 in 3 ms") < at("    access-control-allow-origin: https://evil.example"));
        at("skipped: the deployment runs as dev, which is not held to it");
        at("12 throw-away members made by the test sign-in; not removed: 0192-left.");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.ends_with(&samples::everything().verdict()), "the verdict is the last sentence");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for columns in [60, 80, 110] {
            let text = written(&samples::everything(), Look { columns, has_colour: false });
            for line in text.lines() {
                assert!(textwrap::core::display_width(line) <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn nothing_that_a_server_sent_acts_on_the_terminal() {
        let text = written(&samples::everything(), PLAIN);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        assert!(!text.contains('\u{202e}') && text.contains("\\u{202e}"));
    }

    #[test]
    fn colour_is_only_an_addition() {
        let coloured = written(&samples::everything(), Look { has_colour: true, ..PLAIN });
        let plain = written(&samples::everything(), PLAIN);
        assert!(coloured.contains("\u{1b}["));
        assert_eq!(console::strip_ansi_codes(&coloured), plain);
    }
}
