//! The use cases of Mainstay: the rules between a request and the database.
//!
//! Nothing here knows HTTP, SQL or a provider's wire format: requests come in as plain values with a
//! [`RequestContext`], data goes through `mainstay_store`, and the world outside is reached through [`ports`].

pub mod app;
pub mod audit;
mod background;
mod batch;
pub mod capability;
pub mod context;
pub mod crypto;
pub mod error;
pub mod events;
pub mod identity;
pub mod jobs;
pub mod json;
pub mod limits;
pub mod members;
pub mod merchants;
pub mod notes;
pub mod ports;
pub mod purchases;
pub mod refusals;
pub mod resealing;
pub mod retention;
pub mod sabotage;
pub mod service_keys;
pub mod sessions;
pub mod settings;
pub mod tenants;
pub mod wallet;
pub mod webhooks;

pub use crate::{
    app::App,
    capability::{Capabilities, Capability},
    context::{Caller, RequestContext},
    error::{Code, Error, FieldFault, Result},
    settings::Settings,
};
