//! `mainstay keys`: the ring that signs access tokens, and new encryption keys.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use clap::Subcommand;
use mainstay_providers::SystemRandom;
use mainstay_services::{ports::Random, sessions};
use serde_json::json;

use super::output;
use crate::{config::Config, wiring};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show every key with its state.
    List,
    /// Make a new key. It is shown to verifiers first and signs ten minutes later; nobody is signed out.
    Rotate {
        /// Sign with it at once. For a leaked key: verifiers that cache the key set fail until they fetch it again.
        #[arg(long)]
        immediately: bool,
    },
    /// Print a new value for TOKEN_ENCRYPTION_KEY. Needs no configuration.
    Generate,
}

pub(super) fn generate(as_json: bool) -> anyhow::Result<()> {
    let mut key = [0; 32];
    SystemRandom.fill(&mut key);
    let text = URL_SAFE.encode(key);
    if as_json {
        return output::json(&json!({ "token_encryption_key": text }));
    }
    output::line(text);
    Ok(())
}

pub(super) async fn run(config: &Config, command: Command, as_json: bool) -> anyhow::Result<()> {
    let app = wiring::app_for_command(config).await?;
    match command {
        Command::Generate => generate(as_json)?,
        Command::Rotate { immediately } => {
            let key = sessions::keys::rotate(
                &app,
                &wiring::command_context(),
                &wiring::command_actor(),
                immediately,
            )
            .await?;
            if as_json {
                output::json(&json!({ "kid": key.kid, "activates_at": key.activates_at }))?;
            } else {
                output::line(format!("New key {}; it signs from {}.", key.kid, key.activates_at));
            }
        }
        Command::List => {
            let now = app.now();
            let keys = sessions::keys::list(&app).await?;
            // The newest that is active signs; the list is oldest first.
            let signing = keys.iter().rfind(|key| key.activates_at <= now).map(|key| key.kid.clone());
            let state = |key: &mainstay_model::key::SigningKey| {
                if key.retires_at.is_some_and(|at| at <= now) {
                    "retired"
                } else if key.activates_at > now {
                    "shown"
                } else if signing.as_deref() == Some(key.kid.as_str()) {
                    "signing"
                } else {
                    "verifying"
                }
            };
            if as_json {
                let list: Vec<_> = keys
                    .iter()
                    .map(|key| {
                        json!({ "kid": key.kid, "state": state(key), "created_at": key.created_at,
                                "activates_at": key.activates_at, "retires_at": key.retires_at })
                    })
                    .collect();
                output::json(&list)?;
            } else {
                let rows: Vec<_> = keys
                    .iter()
                    .map(|key| {
                        let retires = key.retires_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
                        vec![key.kid.clone(), state(key).to_owned(), key.activates_at.to_string(), retires]
                    })
                    .collect();
                output::table(&["KID", "STATE", "SIGNS FROM", "VERIFIES UNTIL"], &rows);
            }
        }
    }
    app.store.close().await;
    Ok(())
}
