//! SARIF 2.1.0 (OASIS), the form that code scanning reads: a rule for each check, a result for each failure and each check without
//! an answer. What passed or was skipped is no result; the JSON report has it.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    check::Priority,
    evidence::{Exchange, Finding},
    report::{CheckReport, Report, Verdict, inert::visible, links, words},
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// The report as a SARIF log.
pub(super) fn document(report: &Report) -> anyhow::Result<String> {
    let rules = report.checks.iter().map(rule).collect::<Vec<_>>();
    let results = report.checks.iter().enumerate().flat_map(|(index, check)| results(report, index, check));
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "mainstay gate",
                "version": report.gate_version,
                "semanticVersion": report.gate_version,
                "informationUri": HOME,
                "rules": rules,
            } },
            "automationDetails": { "id": format!("mainstay-gate/{}/", report.kind.as_str()) },
            "invocations": [invocation(report)],
            "results": results.collect::<Vec<_>>(),
            "properties": {
                "subject": report.subject.url,
                "environment": report.subject.environment,
                "version": report.subject.version,
            },
        }],
    });
    Ok(serde_json::to_string_pretty(&log)? + "\n")
}

const fn level(priority: Priority) -> &'static str {
    match priority {
        Priority::P0 => "error",
        Priority::P1 => "warning",
        Priority::P2 => "note",
    }
}

/// On the scale of CVSS, which code scanning sorts by.
const fn severity(priority: Priority) -> &'static str {
    match priority {
        Priority::P0 => "9.0",
        Priority::P1 => "6.0",
        Priority::P2 => "3.0",
    }
}

fn rule(check: &CheckReport) -> Value {
    let pages = check.references.iter().map(|label| (label, links::page_of(label)));
    let promises = check.promises.join(", ");
    let plain = pages.clone().map(|(label, page)| format!("{label}: {}", page.unwrap_or_default()));
    let linked = pages.clone().map(|(label, page)| match page {
        Some(page) => format!("- [{label}]({page})"),
        None => format!("- {label}"),
    });
    let help = format!("{}.\nPromises: {promises}.\n{}", check.title, plain.collect::<Vec<_>>().join("\n"));
    let markdown =
        format!("{}.\n\nPromises: {promises}.\n\n{}", check.title, linked.collect::<Vec<_>>().join("\n"));
    let mut tags = vec!["security".to_owned(), check.priority.as_str().to_owned()];
    tags.extend(check.promises.iter().map(|promise| (*promise).to_owned()));
    let cwes = check.references.iter().filter_map(|label| label.strip_prefix("CWE-"));
    tags.extend(cwes.map(|number| format!("external/cwe/cwe-{number}")));
    json!({
        "id": check.id,
        "shortDescription": { "text": check.title },
        "fullDescription": { "text": format!("{} ({promises}).", check.title) },
        "help": { "text": help, "markdown": markdown },
        "helpUri": pages.into_iter().find_map(|(_, page)| page).unwrap_or_else(|| HOME.to_owned()),
        "defaultConfiguration": { "level": level(check.priority) },
        "properties": {
            "tags": tags,
            "problem.severity": level(check.priority),
            "security-severity": severity(check.priority),
            "precision": "very-high",
        },
    })
}

fn results(report: &Report, rule: usize, check: &CheckReport) -> Vec<Value> {
    if !matches!(check.verdict, Verdict::Fail | Verdict::Error) {
        return Vec::new();
    }
    if check.evidence.findings.is_empty() {
        return vec![result(report, rule, check, None)];
    }
    check.evidence.findings.iter().map(|finding| result(report, rule, check, Some(finding))).collect()
}

fn result(report: &Report, rule: usize, check: &CheckReport, finding: Option<&Finding>) -> Value {
    let message = finding.map_or(check.reason.as_str(), |finding| finding.what.as_str());
    let prefix = if check.verdict == Verdict::Error { "Not answered: " } else { "" };
    let place = finding.map_or_else(String::new, |finding| format!("{}#{}", finding.path, finding.what));
    let mut result = json!({
        "ruleId": check.id,
        "ruleIndex": rule,
        "level": level(check.priority),
        "message": { "text": format!("{prefix}{}", visible(message)) },
        "locations": [location(report, check, finding)],
        "partialFingerprints": { "check/v1": format!("{}:{place}", check.id) },
        "properties": { "verdict": check.verdict, "requests": check.evidence.requests },
    });
    if let Some(exchange) = check.evidence.exchanges.last() {
        result["webRequest"] = request(exchange);
        result["webResponse"] = response(exchange);
    }
    result
}

fn location(report: &Report, check: &CheckReport, finding: Option<&Finding>) -> Value {
    let physical = match finding {
        Some(finding) => json!({
            "artifactLocation": { "uri": escaped(&finding.path), "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": finding.line.max(1) },
        }),
        None => json!({ "artifactLocation": { "uri": escaped(&report.subject.url) } }),
    };
    json!({
        "physicalLocation": physical,
        "logicalLocations": [{ "fullyQualifiedName": check.id, "name": words::area_of(check.id) }],
    })
}

/// A path as the reference of RFC 3986 that SARIF demands.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'@' | b'[' | b']' | b'?' | b'=' | b'&' => {
                out.push(char::from(byte))
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn request(exchange: &Exchange) -> Value {
    json!({
        "protocol": "http",
        "target": exchange.url,
        "method": exchange.method,
        "headers": headers(&exchange.request_headers),
        "body": { "text": visible(&exchange.request_body) },
    })
}

fn response(exchange: &Exchange) -> Value {
    match exchange.status {
        None => json!({ "noResponseReceived": true }),
        Some(status) => json!({
            "protocol": "http",
            "statusCode": status,
            "headers": headers(&exchange.response_headers),
            "body": { "text": visible(&exchange.response_body) },
            "noResponseReceived": false,
        }),
    }
}

/// SARIF has one value for each name; several are joined as HTTP would.
fn headers(headers: &[(String, String)]) -> Value {
    let mut object = serde_json::Map::new();
    for (name, value) in headers {
        match object.get_mut(name) {
            Some(Value::String(before)) => before.push_str(&format!(", {value}")),
            _ => {
                object.insert(name.clone(), Value::String(value.clone()));
            }
        }
    }
    Value::Object(object)
}

fn invocation(report: &Report) -> Value {
    let mut invocation = json!({
        "executionSuccessful": !report.interrupted,
        "exitCode": report.exit_code(),
        "exitCodeDescription": report.verdict(),
        "startTimeUtc": report.started_at,
    });
    let end = OffsetDateTime::parse(&report.started_at, &Rfc3339)
        .ok()
        .and_then(|start| start.checked_add(Duration::seconds_f64(report.took_ms / 1000.0)))
        .and_then(|end| end.format(&Rfc3339).ok());
    if let Some(end) = end {
        invocation["endTimeUtc"] = Value::String(end);
    }
    invocation
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{document, escaped};
    use crate::report::samples;

    fn log() -> Value {
        serde_json::from_str(&document(&samples::everything()).unwrap()).unwrap()
    }

    /// What the standard and code scanning demand of the parts that are written here.
    fn demands() -> jsonschema::Validator {
        let message = json!({ "type": "object", "required": ["text"], "properties": { "text": { "type": "string", "minLength": 1 } } });
        let schema = json!({
            "type": "object", "required": ["$schema", "version", "runs"],
            "properties": { "version": { "const": "2.1.0" }, "runs": { "minItems": 1, "items": {
                "required": ["tool", "results", "invocations"],
                "properties": {
                    "tool": { "required": ["driver"], "properties": { "driver": {
                        "required": ["name", "version", "informationUri", "rules"],
                        "properties": { "informationUri": { "format": "uri" }, "rules": { "uniqueItems": true, "items": {
                            "required": ["id", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration"],
                            "properties": {
                                "shortDescription": message, "fullDescription": message, "help": message,
                                "helpUri": { "format": "uri" },
                                "defaultConfiguration": { "properties": { "level": { "enum": ["none", "note", "warning", "error"] } } },
                            },
                        } } },
                    } } },
                    "results": { "items": {
                        "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                        "properties": { "message": message, "locations": { "minItems": 1, "items": {
                            "required": ["physicalLocation"],
                            "properties": { "physicalLocation": { "required": ["artifactLocation"], "properties": {
                                "artifactLocation": { "required": ["uri"], "properties": { "uri": { "format": "uri-reference" } } },
                                "region": { "properties": { "startLine": { "type": "integer", "minimum": 1 } } },
                            } } },
                        } } },
                    } },
                    "invocations": { "items": { "required": ["executionSuccessful"], "properties": {
                        "startTimeUtc": { "format": "date-time" }, "endTimeUtc": { "format": "date-time" },
                    } } },
                },
            } } },
        });
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    }

    #[test]
    fn a_log_has_all_that_the_standard_demands() {
        let log = log();
        let faults =
            demands().iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect::<Vec<_>>();
        assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn failures_and_missing_answers_are_results_with_the_level_of_their_priority() {
        let log = log();
        let results = log["runs"][0]["results"].as_array().unwrap();
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), 6, "a rule for each check, whatever it came to");
        let of = |result: &Value| {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            format!("{} {}", result["ruleId"].as_str().unwrap(), result["level"].as_str().unwrap())
        };
        assert_eq!(
            results.iter().map(of).collect::<Vec<_>>(),
            ["sessions.refresh-reuse error", "edge.foreign-origin error", "edge.hostile warning"]
        );
        assert_eq!(results[0]["webResponse"]["noResponseReceived"], true);
    }

    #[test]
    fn a_place_in_a_file_is_told_as_one() {
        let log = log();
        let place = &log["runs"][0]["results"][2]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], ".github/workflows/a%20b.yml");
        assert_eq!(place["region"]["startLine"], 7);
        assert_eq!(escaped("a#b%c\"<ä"), "a%23b%25c%22%3C%C3%A4");
    }
}
