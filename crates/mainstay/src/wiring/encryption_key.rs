//! The token-encryption key: configured, or in dev made once and kept in the data folder.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use base64::{Engine, engine::general_purpose::URL_SAFE};
use mainstay_providers::SystemRandom;
use mainstay_services::ports::Random;

use super::Misconfigured;
use crate::config::{Config, SecretKey, parse_key};

const FILE: &str = "token-encryption-key";

/// The current key. In dev without one, the file in the data folder is read, or made by whoever comes first.
pub(super) fn current(config: &Config) -> anyhow::Result<SecretKey> {
    if let Some(key) = &config.token_encryption_key {
        return Ok(key.clone());
    }
    fs::create_dir_all(&config.data_dir)?;
    let path = config.data_dir.join(FILE);
    if !path.exists() {
        make(config, &path)?;
    }
    let text = fs::read_to_string(&path)?;
    parse_key(text.trim()).ok_or_else(|| {
        let problem =
            format!("the file {} is damaged; what is sealed with it is lost without a copy", path.display());
        Misconfigured { variable: "TOKEN_ENCRYPTION_KEY", problem }.into()
    })
}

/// Draws a key and puts it in its place, unless somebody else was faster.
fn make(config: &Config, path: &Path) -> anyhow::Result<()> {
    let mut bytes = [0; 32];
    SystemRandom.fill(&mut bytes);
    // Written beside its place and linked into it: whoever reads the file reads all of it, and the first of two wins.
    let draft = config.data_dir.join(format!("{FILE}.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(URL_SAFE.encode(bytes).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}
