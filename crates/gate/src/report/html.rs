//! The report as one page that needs nothing else: no script, no other file, nothing from the network. What a server sent is text
//! and stays text; a content security policy stands behind the escaping.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    evidence::{Evidence, Exchange},
    report::{CheckReport, Report, Verdict, inert::visible, links, words},
};

const STYLE: &str = include_str!("report.css");
/// Nothing may be loaded, run, framed or sent, whatever slipped through.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as an HTML document.
pub(super) fn page(report: &Report) -> String {
    let title = format!("{}: {}", report.kind.heading(), report.subject.url);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (visible(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip-link href="#checks" { "Skip to the checks" }
                (head(report))
                main {
                    (summary(report))
                    (attention(report))
                    (areas(report))
                    div #checks {
                        @for (area, checks) in report.areas() { (section(area, &checks)) }
                    }
                }
                footer {
                    p { "Made by mainstay gate " (report.gate_version) ". Secrets are cut from the evidence: addresses keep two characters, "
                        "tokens the last four. Control characters and characters that turn the direction of a text are written out "
                        "(" code { "\\u{202e}" } ")." }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn head(report: &Report) -> Markup {
    let subject = &report.subject;
    html! {
        header {
            h1 { "Mainstay gate: " (report.kind.heading()) }
            dl.facts {
                dt { (report.kind.subject()) } dd { (visible(&subject.url)) }
                @if !subject.nodes.is_empty() { dt { "Nodes" } dd { (visible(&subject.nodes.join(", "))) } }
                @if !subject.environment.is_empty() { dt { (report.kind.environment()) } dd { (visible(&subject.environment)) } }
                @if !subject.version.is_empty() { dt { (report.kind.version()) } dd { (visible(&subject.version)) } }
                dt { "Started" } dd { time datetime=(report.started_at) { (words::started(report)) } }
                dt { "Took" } dd { (words::took(report.took_ms)) ", " (report.requests) " requests" }
                (members(report))
            }
        }
    }
}

fn members(report: &Report) -> Markup {
    let cleanup = &report.cleanup;
    html! {
        @if cleanup.members_made > 0 {
            dt { "Members" }
            dd {
                (cleanup.members_made) " made by " (visible(&report.members_by))
                @if cleanup.members_left.is_empty() { ", all removed again" }
                @else { strong { "; not removed: " (visible(&cleanup.members_left.join(", "))) } }
            }
        }
        @if cleanup.objects_made > 0 {
            dt { "Objects" }
            dd {
                (cleanup.objects_made) " made in the name of " (visible(&report.members_by))
                @if cleanup.objects_left.is_empty() { ", all removed again" }
                @else { strong { "; not removed: " (visible(&cleanup.objects_left.join(", "))) } }
            }
        }
    }
}

fn summary(report: &Report) -> Markup {
    let good = if report.exit_code() == 0 { "good" } else { "bad" };
    let counts = [
        ("fail", "Failed", Verdict::Fail),
        ("error", "Without an answer", Verdict::Error),
        ("skip", "Skipped", Verdict::Skip),
        ("pass", "Passed", Verdict::Pass),
    ];
    html! {
        section aria-labelledby="summary" {
            h2 #summary { "Summary" }
            p class={ "verdict " (good) } { (report.verdict()) }
            dl.counts {
                @for (class, name, verdict) in counts {
                    @let count = report.count(verdict);
                    div class=[(count > 0).then_some(class)] { dt { (name) } dd { (count) } }
                }
            }
        }
    }
}

fn areas(report: &Report) -> Markup {
    html! {
        nav aria-labelledby="areas" {
            h2 #areas { "Areas" }
            ul { @for (area, checks) in report.areas() { (toc(area, &checks)) } }
        }
    }
}

fn toc(area: &str, checks: &[&CheckReport]) -> Markup {
    let failed = checks.iter().filter(|check| check.verdict == Verdict::Fail).count();
    html! {
        li {
            a href={ "#area-" (area) } {
                span.name { (words::area_heading(area)) }
                @if failed > 0 { span.tally.fail { (failed) " failed" } }
                @else { span.tally { (tally(checks)) } }
            }
        }
    }
}

fn tally(checks: &[&CheckReport]) -> String {
    let passed = checks.iter().filter(|check| check.verdict == Verdict::Pass).count();
    format!("{passed} of {} passed", checks.len())
}

fn attention(report: &Report) -> Markup {
    let alarming = report.alarming();
    html! {
        @if !alarming.is_empty() {
            section aria-labelledby="attention" {
                h2 #attention { "Needs attention" }
                ul.attention {
                    @for check in alarming {
                        li { (badge(check)) (priority(check)) a href={ "#" (check.id) } { (check.title) } }
                    }
                }
            }
        }
    }
}

fn section(area: &str, checks: &[&CheckReport]) -> Markup {
    html! {
        section aria-labelledby={ "area-" (area) } {
            h2 id={ "area-" (area) } tabindex="-1" { (words::area_heading(area)) small { (tally(checks)) } }
            @for check in checks { (article(check)) }
            p.back { a href="#areas" { "Back to the areas" } }
        }
    }
}

/// Also what says how a verdict looks.
fn class_of(check: &CheckReport) -> &'static str {
    match check.verdict {
        Verdict::Skip if check.unanswerable => "open",
        verdict => verdict.as_str(),
    }
}

fn badge(check: &CheckReport) -> Markup {
    html! { span class={ "badge " (class_of(check)) } { (check.said()) } }
}

fn priority(check: &CheckReport) -> Markup {
    html! { span class="badge priority" { (check.priority.as_str()) } }
}

fn article(check: &CheckReport) -> Markup {
    let evidence = &check.evidence;
    html! {
        article class={ "check " (class_of(check)) } id=(check.id) aria-labelledby={ (check.id) "-title" } {
            div.check-head { (badge(check)) (priority(check)) code { (check.id) } }
            h3 id={ (check.id) "-title" } { (check.title) }
            p.reason { (visible(&check.reason)) }
            p.meta {
                span { "Promises: " (check.promises.join(", ")) }
                @if !check.references.is_empty() {
                    span { "See: " @for (index, label) in check.references.iter().enumerate() {
                        @if index > 0 { ", " } (reference(label))
                    } }
                }
                @if check.verdict != Verdict::Skip { span.brief { "Took " (words::took(check.took_ms)) } }
                @if evidence.requests > 0 { span { "Answers: " (words::statuses(&evidence.statuses)) } }
            }
            (places(evidence))
            @if !evidence.notes.is_empty() {
                ul.notes { @for note in &evidence.notes { li { (visible(note)) } } }
            }
            (exchanges(check))
        }
    }
}

fn reference(label: &str) -> Markup {
    html! {
        @if let Some(page) = links::page_of(label) { a href=(page) rel="noreferrer" { (label) } }
        @else { (visible(label)) }
    }
}

fn places(evidence: &Evidence) -> Markup {
    html! {
        @if !evidence.findings.is_empty() {
            ul.places {
                @for place in &evidence.findings {
                    li { code { (visible(&place.path)) @if place.line > 0 { ":" (place.line) } } " " (visible(&place.what)) }
                }
            }
        }
    }
}

fn exchanges(check: &CheckReport) -> Markup {
    let evidence = &check.evidence;
    let count = evidence.exchanges.len();
    let is_alarming = matches!(check.verdict, Verdict::Fail | Verdict::Error);
    html! {
        @if count > 0 {
            details open[is_alarming] {
                summary {
                    "Evidence: " (words::counted(count, "exchange", "exchanges"))
                    @if evidence.exchanges_left_out > 0 { span.soft { ", " (evidence.exchanges_left_out) " more only counted" } }
                }
                @for (index, one) in evidence.exchanges.iter().enumerate() {
                    // The last one is what decided it.
                    (exchange(index + 1, one, is_alarming && index + 1 == count))
                }
            }
        }
    }
}

fn exchange(number: usize, exchange: &Exchange, is_open: bool) -> Markup {
    let answer = exchange.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    html! {
        details.exchange open[is_open] {
            summary {
                (number) ". " code { (exchange.method) " " (visible(path(&exchange.url))) } " → " strong { (answer) }
                span.soft { ", " (words::took(exchange.took_ms)) @if let Some(purpose) = &exchange.purpose { ": " (visible(purpose)) } }
            }
            div.sides {
                div.side {
                    h4 { "Sent" }
                    (message(&format!("{} {}", exchange.method, exchange.url), &exchange.request_headers, &exchange.request_body))
                }
                div.side {
                    h4 { "Came back" }
                    @match &exchange.failure {
                        Some(failure) => pre tabindex="0" { (visible(failure)) },
                        None => (message(&answer, &exchange.response_headers, &exchange.response_body)),
                    }
                }
            }
        }
    }
}

/// What follows the host, since the host is the same in all.
fn path(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    url[after_scheme..].find('/').map_or(url, |at| &url[after_scheme + at..])
}

fn message(first: &str, headers: &[(String, String)], body: &str) -> Markup {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {value}"));
    let text = std::iter::once(first.to_owned()).chain(lines).collect::<Vec<_>>().join("\n");
    let text = if body.is_empty() { text } else { format!("{text}\n\n{body}") };
    // A region that scrolls has to be reachable by keyboard.
    html! { pre tabindex="0" { (visible(&text)) } }
}

#[cfg(test)]
mod tests {
    use super::{page, path};
    use crate::report::{samples, words::Kind};

    #[test]
    fn what_a_server_sent_is_inert() {
        let page = page(&samples::everything());
        let body = &page[page.find("<body>").unwrap()..];
        assert!(!page.contains("<script") && !body.contains("<img") && !body.contains("</style"));
        assert!(body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "a control character came through");
        assert!(!page.contains('\u{202e}') && body.contains("\\u{202e}gnp.exe\\u{0}\\u{1b}"));
        assert_eq!(page.matches("</style>").count(), 1);
    }

    #[test]
    fn the_page_needs_nothing_else() {
        let page = page(&samples::everything());
        for loading in ["src=", "<link", "url(", "@import", "<iframe", "<object", "http-equiv=\"refresh\""] {
            let body = page.replace("src=x onerror", "");
            assert!(!body.contains(loading), "{loading} loads something");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn every_check_can_be_reached_and_says_all_about_itself() {
        let report = samples::everything();
        let page = page(&report);
        for check in &report.checks {
            assert!(page.contains(&format!("id=\"{}\"", check.id)), "{}", check.id);
            assert!(page.contains(check.title), "{}", check.title);
        }
        for part in [
            "href=\"#area-edge\"",
            "id=\"area-edge\"",
            "https://cwe.mitre.org/data/definitions/942.html",
            "SEC-1, T-OP-05",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(page.contains("not removed: 0192-left") && page.contains("960 more only counted"));
        assert!(page.contains(".github/workflows/a b.yml"));
    }

    #[test]
    fn ids_are_unique_and_only_what_failed_is_open() {
        let page = page(&samples::everything());
        let ids =
            page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect::<Vec<_>>();
        let unique = ids.iter().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(ids.len(), unique.len(), "{ids:?}");
        // Two failures and an error: their evidence, and the last exchange of each.
        assert_eq!(
            page.matches("<details open").count() + page.matches("<details class=\"exchange\" open").count(),
            6
        );
    }

    #[test]
    fn every_kind_of_run_has_its_words() {
        let mut report = samples::all_right();
        for kind in [Kind::Attack, Kind::Scan, Kind::Drill, Kind::Repository] {
            report.kind = kind;
            assert!(page(&report).contains(kind.heading()));
        }
        assert_eq!(path("http://localhost:1/v1/x?y"), "/v1/x?y");
        assert_eq!(path("nothing"), "nothing");
    }
}
