//! The report for machines, whole. Its form has a version and a schema (`docs/reference/gate-report.schema.json`): a field is never
//! renamed or given another meaning within a version; new ones may appear.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::report::{Report, Verdict};

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    report: &'a Report,
    summary: Summary,
}

/// What a script wants to know first.
#[derive(Serialize)]
struct Summary {
    passed: usize,
    failed: usize,
    skipped: usize,
    errors: usize,
    /// Skips and errors of promises that do apply.
    unanswered: usize,
    /// Whether no P0 promise is broken or unanswered.
    open: bool,
    exit_code: u8,
    verdict: String,
}

fn of(report: &Report) -> Document<'_> {
    let summary = Summary {
        passed: report.count(Verdict::Pass),
        failed: report.count(Verdict::Fail),
        skipped: report.count(Verdict::Skip),
        errors: report.count(Verdict::Error),
        unanswered: report.checks.iter().filter(|check| check.unanswerable).count(),
        open: report.is_open(),
        exit_code: report.exit_code(),
        verdict: report.verdict(),
    };
    Document { report, summary }
}

/// The report as a JSON document.
pub(super) fn document(report: &Report) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&of(report))? + "\n")
}

/// Prints the report.
pub(crate) fn print(report: &Report) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(document(report)?.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::document;
    use crate::report::samples;

    fn schema() -> jsonschema::Validator {
        let text = include_str!("../../../../docs/reference/gate-report.schema.json");
        let schema: Value = serde_json::from_str(text).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    }

    #[test]
    fn real_reports_fit_the_documented_schema() {
        for report in [samples::everything(), samples::all_right()] {
            let document: Value = serde_json::from_str(&document(&report).unwrap()).unwrap();
            let faults = schema()
                .iter_errors(&document)
                .map(|e| format!("{}: {e}", e.instance_path()))
                .collect::<Vec<_>>();
            assert!(faults.is_empty(), "{faults:#?}");
        }
    }

    #[test]
    fn a_report_of_another_form_does_not_fit_it() {
        let right: Value = serde_json::from_str(&document(&samples::everything()).unwrap()).unwrap();
        let wrong = [
            ("/form", json!(2)),
            ("/checks/0/verdict", json!("maybe")),
            ("/checks/0/priority", json!("P9")),
            ("/summary/exit_code", json!(3)),
            ("/started_at", json!("yesterday")),
            ("/checks/3/evidence/exchanges/0/status", json!("200")),
        ];
        for (pointer, value) in wrong {
            let mut document = right.clone();
            *document.pointer_mut(pointer).unwrap() = value;
            assert!(!schema().is_valid(&document), "{pointer} may be anything");
        }
        for field in ["form", "subject", "checks", "summary", "cleanup"] {
            let mut document = right.clone();
            document.as_object_mut().unwrap().remove(field);
            assert!(!schema().is_valid(&document), "{field} may be missing");
        }
    }
}
