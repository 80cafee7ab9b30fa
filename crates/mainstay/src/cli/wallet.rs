//! `mainstay wallet verify`: recompute balances, holds, days and the chain, and name the first row that does not fit.

use std::time::Duration;

use anyhow::bail;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::output;
use crate::{config::Config, wiring};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Recompute every balance from its entries, what is held and what runs out, the sum over all, and the chain of closed days.
    ///
    /// It only reads, so it can run beside a server.
    Verify,
}

/// The books could not be read to their end, so nobody knows whether they are right.
#[derive(Debug)]
pub(super) struct Unchecked(mainstay_services::Error);

impl std::fmt::Display for Unchecked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Who has the command line may read what the log would say.
        let why = self.0.cause.as_ref().map_or_else(|| self.0.detail.to_string(), ToString::to_string);
        write!(f, "the wallet's books could not be checked: {why}")
    }
}

impl std::error::Error for Unchecked {}

pub(super) async fn run(config: &Config, command: Command, as_json: bool) -> anyhow::Result<()> {
    let Command::Verify = command;
    let app = wiring::app_for_command(config).await?;
    let bar = if as_json { ProgressBar::hidden() } else { ProgressBar::new(0) };
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} entries  {eta} left")?);
    bar.enable_steady_tick(Duration::from_millis(200));
    let verified = mainstay_services::wallet::verify(&app, |done, total| {
        bar.set_length(total.unsigned_abs());
        bar.set_position(done.unsigned_abs());
    })
    .await;
    bar.finish_and_clear();
    app.store.close().await;
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => {
            let unchecked = Unchecked(error);
            if as_json {
                output::json(&json!({ "intact": null, "error": unchecked.to_string() }))?;
            }
            return Err(anyhow::Error::new(unchecked));
        }
    };
    if as_json {
        output::json(&json!({
            "intact": verified.fault.is_none(),
            "accounts": verified.accounts,
            "transfers": verified.transfers,
            "closed_days": verified.days,
            "fault": verified.fault.as_ref().map(ToString::to_string),
        }))?;
    }
    match verified.fault {
        None if as_json => Ok(()),
        None => {
            output::line(format!(
                "The wallet's books are right: {} transfers between {} accounts, {} closed days.",
                verified.transfers, verified.accounts, verified.days
            ));
            Ok(())
        }
        Some(fault) => bail!("the wallet's books are wrong: {fault}"),
    }
}
