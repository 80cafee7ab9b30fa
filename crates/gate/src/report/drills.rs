//! Drills in the terminal: step by step what each did.

use std::io::{self, Write as _};

use crate::report::Report;

/// Prints what each drill did and when.
pub(crate) fn print_notes(report: &Report) {
    let mut out = io::stdout().lock();
    for drill in &report.checks {
        let _ = writeln!(out, "{}: {}", drill.id, drill.title);
        for note in &drill.evidence.notes {
            let _ = writeln!(out, "  {note}");
        }
        let _ = writeln!(out);
    }
}
