//! `mainstay audit verify`: recompute the whole chain and name the first entry that does not fit.

use std::time::Duration;

use anyhow::bail;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::output;
use crate::{config::Config, wiring};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Recompute every hash of the trail.
    Verify,
}

pub(super) async fn run(config: &Config, command: Command, as_json: bool) -> anyhow::Result<()> {
    let Command::Verify = command;
    let app = wiring::app_for_command(config).await?;
    let bar = if as_json { ProgressBar::hidden() } else { ProgressBar::new(0) };
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} events  {eta} left")?);
    bar.enable_steady_tick(Duration::from_millis(200));
    let verified = mainstay_services::audit::verify(&app, |done, total| {
        bar.set_length(total.unsigned_abs());
        bar.set_position(done.unsigned_abs());
    })
    .await?;
    bar.finish_and_clear();
    app.store.close().await;
    if as_json {
        output::json(&json!({
            "intact": verified.fault.is_none(),
            "events": verified.events,
            "removed": verified.removed,
            "first_bad_sequence": verified.fault.as_ref().map(|(sequence, _)| sequence),
            "reason": verified.fault.as_ref().map(|(_, fault)| fault.to_string()),
        }))?;
    }
    match verified.fault {
        None if as_json => Ok(()),
        None => {
            let before = match verified.removed {
                0 => String::new(),
                removed => format!(", after {removed} that were removed for their age"),
            };
            output::line(format!("The audit trail is intact: {} events{before}.", verified.events));
            Ok(())
        }
        Some((sequence, fault)) => bail!("the audit trail was changed: event {sequence}: {fault}"),
    }
}
