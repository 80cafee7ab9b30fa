//! `mainstay service-keys`: keys of a team's own back ends.

use clap::Subcommand;
use mainstay_model::{ServiceKeyId, service_key::Scope};
use mainstay_services::service_keys;
use secrecy::ExposeSecret;
use serde_json::json;

use super::output;
use crate::{config::Config, wiring};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a key. It is shown once.
    Create {
        /// What to call it.
        name: String,
        /// What it opens; repeat for several: members:read, audit:read, wallet:read, wallet:write.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
    },
    /// Show all keys; never the secret part.
    List,
    /// Revoke a key: every running server refuses it within a second.
    Revoke {
        /// Its id, from the list.
        id: ServiceKeyId,
    },
}

pub(super) async fn run(config: &Config, command: Command, as_json: bool) -> anyhow::Result<()> {
    let app = wiring::app_for_command(config).await?;
    let (context, actor) = (wiring::command_context(), wiring::command_actor());
    match command {
        Command::Create { name, scopes } => {
            let (key, secret) = service_keys::create(&app, &context, &actor, &name, &scopes).await?;
            if as_json {
                output::json(&json!({ "id": key.id, "prefix": key.prefix, "key": secret.expose_secret() }))?;
            } else {
                output::error("The key is shown this once. Keep it where your back end keeps its secrets.");
                output::line(secret.expose_secret());
            }
        }
        Command::List => {
            let keys = service_keys::list(&app).await?;
            let scopes = |key: &mainstay_model::service_key::ServiceKey| {
                key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",")
            };
            if as_json {
                let list: Vec<_> = keys
                    .iter()
                    .map(|key| {
                        json!({ "id": key.id, "name": key.name, "prefix": key.prefix, "scopes": key.scopes,
                                "created_at": key.created_at, "last_used_at": key.last_used_at,
                                "revoked_at": key.revoked_at })
                    })
                    .collect();
                output::json(&list)?;
            } else {
                let rows: Vec<_> = keys
                    .iter()
                    .map(|key| {
                        let state =
                            key.revoked_at.map_or_else(|| "live".to_owned(), |at| format!("revoked {at}"));
                        vec![key.id.to_string(), key.prefix.clone(), scopes(key), state, key.name.clone()]
                    })
                    .collect();
                output::table(&["ID", "PREFIX", "SCOPES", "STATE", "NAME"], &rows);
            }
        }
        Command::Revoke { id } => {
            service_keys::revoke(&app, &context, &actor, id).await?;
            if as_json {
                output::json(&json!({ "revoked": id }))?
            } else {
                output::line(format!("{id} is revoked."))
            }
        }
    }
    app.store.close().await;
    Ok(())
}
