//! Drills in the terminal: which there are, and step by step what each did.

use std::io::{self, Write as _};

use crate::{drill::Drill, report::Report};

/// Prints which drills there are.
pub(crate) fn list_drills(drills: &[&'static Drill], json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        let row = |drill: &&'static Drill| {
            let references = drill.references.iter().map(|reference| reference.label()).collect::<Vec<_>>();
            serde_json::json!({
                "id": drill.id, "title": drill.title, "priority": drill.priority,
                "promises": drill.promises, "references": references,
            })
        };
        serde_json::to_writer_pretty(&mut out, &drills.iter().map(row).collect::<Vec<_>>())?;
        writeln!(out)?;
        return Ok(());
    }
    for drill in drills {
        writeln!(out, "{} {:28} {}", drill.priority.as_str(), drill.id, drill.title)?;
    }
    Ok(())
}

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
