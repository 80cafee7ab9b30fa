//! `mainstay members`: roles and bans, from the machine itself.

use clap::Subcommand;
use mainstay_model::member::Role;
use mainstay_services::members;
use serde_json::json;

use super::output;
use crate::{config::Config, wiring};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a member an operator. Their sessions end, since tokens state the role.
    Promote {
        /// The member's e-mail address or id.
        member: String,
    },
    /// Make an operator a plain member again.
    Demote {
        /// The member's e-mail address or id.
        member: String,
    },
}

pub(super) async fn run(config: &Config, command: Command, as_json: bool) -> anyhow::Result<()> {
    let app = wiring::app_for_command(config).await?;
    let (selector, role) = match command {
        Command::Promote { member } => (member, Role::Operator),
        Command::Demote { member } => (member, Role::Member),
    };
    let member =
        members::promote(&app, &wiring::command_context(), &wiring::command_actor(), &selector, role).await?;
    if as_json {
        output::json(&json!({ "id": member.id, "role": member.role }))?;
    } else {
        output::line(format!("{} is now {}.", member.id, member.role));
    }
    app.store.close().await;
    Ok(())
}
