//! Configuration: read once from the environment and a TOML file, checked as a whole, and only then used (CFG-2).
//!
//! [`registry`] is the one list of variables; reading, `.env.example`, the reference page and `config show` are made from it.

mod check;
mod read;
pub(crate) mod registry;
pub(crate) mod render;
#[cfg(feature = "sabotage")]
mod sabotage;
mod sources;
#[cfg(test)]
mod tests;
mod typed;

pub(crate) use self::{
    read::{Fault, Raw},
    typed::{AppleSettings, Config, GoogleSettings, LogFormat, MailSettings, SecretKey, parse_key},
};

/// Exit code of a configuration that can't be used (`EX_CONFIG` of sysexits.h).
pub(crate) const EXIT_CONFIG: u8 = 78;
