//! JUnit XML, the form that continuous integration reads: a suite for each area, a case for each check. A skip is `<skipped>`, what
//! could not be carried out is `<error>`; neither looks like a pass.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use crate::report::{CheckReport, Report, Verdict, inert::visible};

type Xml = Writer<Vec<u8>>;

/// The report as an XML document.
pub(super) fn document(report: &Report) -> anyhow::Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = report.checks.iter().collect::<Vec<_>>();
    let name = format!("mainstay gate: {}", report.kind.as_str());
    start(&mut xml, "testsuites", &[("name", &name)], &counts(&all, report.took_ms))?;
    for (area, checks) in report.areas() {
        let took = checks.iter().map(|check| check.took_ms).sum();
        let named = [("name", area), ("timestamp", &report.started_at), ("hostname", &report.subject.url)];
        start(&mut xml, "testsuite", &named, &counts(&checks, took))?;
        for check in checks {
            case(&mut xml, area, check)?;
        }
        end(&mut xml, "testsuite")?;
    }
    end(&mut xml, "testsuites")?;
    Ok(String::from_utf8(xml.into_inner())? + "\n")
}

fn counts(checks: &[&CheckReport], took_ms: f64) -> Vec<(&'static str, String)> {
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count().to_string();
    vec![
        ("tests", checks.len().to_string()),
        ("failures", count(Verdict::Fail)),
        ("errors", count(Verdict::Error)),
        ("skipped", count(Verdict::Skip)),
        ("time", seconds(took_ms)),
    ]
}

fn seconds(ms: f64) -> String {
    format!("{:.3}", ms / 1000.0)
}

fn case(xml: &mut Xml, area: &str, check: &CheckReport) -> anyhow::Result<()> {
    let named = [("classname", area), ("name", check.id)];
    start(xml, "testcase", &named, &[("time", seconds(check.took_ms))])?;
    start(xml, "properties", &[], &[])?;
    let properties = [
        ("title", check.title.to_owned()),
        ("priority", check.priority.as_str().to_owned()),
        ("promises", check.promises.join(", ")),
        ("references", check.references.join(", ")),
        ("requests", check.evidence.requests.to_string()),
    ];
    for (name, value) in properties {
        xml.write_event(Event::Empty(element("property", &[("name", name), ("value", &value)])))?;
    }
    end(xml, "properties")?;
    let kind = check.priority.as_str();
    match check.verdict {
        Verdict::Pass => {}
        Verdict::Skip => xml.write_event(Event::Empty(element("skipped", &[("message", &check.reason)])))?,
        Verdict::Fail => {
            text(xml, "failure", &[("type", kind), ("message", &check.reason)], &evidence(check))?
        }
        Verdict::Error => {
            text(xml, "error", &[("type", kind), ("message", &check.reason)], &evidence(check))?
        }
    }
    end(xml, "testcase")
}

/// What decided it, in plain text: places, and the last exchanges.
fn evidence(check: &CheckReport) -> String {
    let mut lines = vec![check.title.to_owned(), check.reason.clone()];
    lines.extend(
        check.evidence.findings.iter().map(|place| format!("{}:{}: {}", place.path, place.line, place.what)),
    );
    let last = check.evidence.exchanges.len().saturating_sub(crate::limits::SHOWN_EXCHANGES);
    for exchange in &check.evidence.exchanges[last..] {
        let answer = exchange.status.map_or_else(
            || exchange.failure.clone().unwrap_or_else(|| "no answer".to_owned()),
            |status| status.to_string(),
        );
        lines.push(format!("{} {} -> {answer}", exchange.method, exchange.url));
        lines.push(format!("  {}", exchange.response_body));
    }
    lines.join("\n")
}

fn element<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut element = BytesStart::new(name);
    for (key, value) in attributes {
        // What XML can't hold at all is written out; quick-xml escapes the rest.
        element.push_attribute((*key, visible(value).as_ref()));
    }
    element
}

fn start(
    xml: &mut Xml,
    name: &str,
    named: &[(&str, &str)],
    counted: &[(&str, String)],
) -> anyhow::Result<()> {
    let mut attributes = named.to_vec();
    attributes.extend(counted.iter().map(|(key, value)| (*key, value.as_str())));
    Ok(xml.write_event(Event::Start(element(name, &attributes)))?)
}

fn text(xml: &mut Xml, name: &str, attributes: &[(&str, &str)], text: &str) -> anyhow::Result<()> {
    xml.write_event(Event::Start(element(name, attributes)))?;
    xml.write_event(Event::Text(BytesText::new(&visible(text))))?;
    end(xml, name)
}

fn end(xml: &mut Xml, name: &str) -> anyhow::Result<()> {
    Ok(xml.write_event(Event::End(BytesEnd::new(name)))?)
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, Node};

    use super::document;
    use crate::report::samples;

    fn case<'a>(document: &'a Document<'_>, id: &str) -> Node<'a, 'a> {
        document.descendants().find(|node| node.attribute("name") == Some(id)).unwrap()
    }

    fn has(node: Node<'_, '_>, child: &str) -> bool {
        node.children().any(|node| node.has_tag_name(child))
    }

    #[test]
    fn each_verdict_is_its_own_element_and_the_counts_agree() {
        let xml = document(&samples::everything()).unwrap();
        let document = Document::parse(&xml).unwrap();
        let root = document.root_element();
        let count = |name| root.attribute(name).unwrap();
        assert_eq!(
            [count("tests"), count("failures"), count("errors"), count("skipped")],
            ["6", "2", "1", "2"]
        );
        let kinds = ["failure", "error", "skipped"];
        let of = |id| kinds.into_iter().filter(|kind| has(case(&document, id), kind)).collect::<Vec<_>>();
        assert_eq!(of("edge.foreign-origin"), ["failure"]);
        assert_eq!(of("sessions.refresh-reuse"), ["error"]);
        assert_eq!(of("edge.hsts"), ["skipped"]);
        assert!(of("sessions.log-out").is_empty());
        let suites = document.descendants().filter(|node| node.has_tag_name("testsuite")).count();
        assert_eq!(suites, 2);
    }

    #[test]
    fn hostile_answers_stay_text() {
        let xml = document(&samples::everything()).unwrap();
        let document = Document::parse(&xml).expect("well-formed, with no character that XML forbids");
        assert!(!document.descendants().any(|node| node.has_tag_name("script")));
        let failure =
            case(&document, "edge.hostile").children().find(|node| node.has_tag_name("failure")).unwrap();
        assert!(failure.text().unwrap().contains("<script>alert(1)</script>"));
        assert!(failure.text().unwrap().contains("\\u{202e}"));
    }
}
