//! `mainstay migrate`: bring the schema up to this binary, or show where it stands.

use anyhow::bail;
use clap::Subcommand;
use serde_json::json;

use super::output;
use crate::{config::Config, wiring};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show every migration that the database or this binary knows.
    Status,
}

pub(super) async fn run(config: &Config, command: Option<Command>, as_json: bool) -> anyhow::Result<()> {
    let store = wiring::open_store(config).await?;
    if command.is_none() {
        let unknown = store.schema_state().await?.unknown();
        if !unknown.is_empty() {
            bail!(
                "the database has migrations {unknown:?}, which this version does not know: use a newer mainstay"
            );
        }
        let applied = store.migrate().await?;
        if as_json {
            output::json(&json!({ "applied": applied }))?;
        } else if applied.is_empty() {
            output::line("The schema is current; there was nothing to apply.");
        } else {
            output::line(format!("Applied {} migrations: {applied:?}.", applied.len()));
        }
        store.close().await;
        return Ok(());
    }
    let state = store.schema_state().await?;
    let rows: Vec<_> = state
        .migrations
        .iter()
        .map(|migration| {
            let word = match (migration.applied, migration.known) {
                (true, true) => "applied",
                (false, _) => "pending",
                (true, false) => "unknown to this version",
            };
            (migration.version, migration.name.clone(), word)
        })
        .collect();
    if as_json {
        let list: Vec<_> = rows
            .iter()
            .map(|(version, name, state)| json!({ "version": version, "name": name, "state": state }))
            .collect();
        output::json(
            &json!({ "engine": store.engine(), "current": state.is_current(), "migrations": list }),
        )?;
    } else {
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(version, name, state)| vec![version.to_string(), name, state.to_owned()])
            .collect();
        output::table(&["VERSION", "NAME", "STATE"], &rows);
    }
    store.close().await;
    if state.is_current() { Ok(()) } else { bail!("the schema is not current") }
}
