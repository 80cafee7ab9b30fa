//! The target file: how a service that is not Mainstay signs members in, and what they own there.
//!
//! Secrets never stand in it, only the names of environment variables.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

mod check;

pub(crate) use self::check::Fault;

/// A target file with every key explained.
pub(crate) const EXAMPLE: &str = include_str!("example.toml");

/// A service, described by who runs it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetFile {
    /// What the deployment is called in reports; `prod` makes public documentation a note.
    pub(crate) environment: String,
    #[serde(default)]
    pub(crate) members: Members,
    pub(crate) sign_in: Option<SignIn>,
    #[serde(default)]
    pub(crate) token: TokenUse,
    pub(crate) csrf: Option<Csrf>,
    pub(crate) me: Option<Me>,
    pub(crate) object: Option<Object>,
    pub(crate) refresh: Option<Refresh>,
    pub(crate) log_out: Option<Request>,
    /// Public HTML pages.
    #[serde(default = "front_page")]
    pub(crate) pages: Vec<String>,
    /// Requests whose answers carry links or redirects that the service builds.
    #[serde(default)]
    pub(crate) links: Vec<Request>,
    /// Paths that nobody outside may read, beside those that are tried anyway.
    #[serde(default)]
    pub(crate) diagnostics: Vec<String>,
    /// Checks to leave out, each with its reason.
    #[serde(default)]
    pub(crate) leave_out: BTreeMap<String, String>,
}

fn front_page() -> Vec<String> {
    vec!["/".to_owned()]
}

/// The two members: what is A's is asked for by B.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Members {
    pub(crate) a: Option<Member>,
    pub(crate) b: Option<Member>,
}

/// One member: a token, or a name and a secret to sign in with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Member {
    /// Environment variable with an access token.
    pub(crate) token_env: Option<String>,
    /// What the member signs in as.
    pub(crate) identity: Option<String>,
    /// Environment variable with what the member signs in as.
    pub(crate) identity_env: Option<String>,
    /// Environment variable with the password.
    pub(crate) secret_env: Option<String>,
}

/// One request; `{placeholders}` are filled in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) method: Option<String>,
    pub(crate) path: String,
    pub(crate) json: Option<Value>,
    pub(crate) form: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

/// How a member signs in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    pub(crate) request: Request,
    /// JSON pointer to the access token in the answer.
    pub(crate) token: Option<String>,
    /// JSON pointer to the refresh token in the answer.
    pub(crate) refresh_token: Option<String>,
    /// Whether the answer's cookies are a session.
    #[serde(default)]
    pub(crate) cookies: bool,
}

/// How an access token is sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokenUse {
    pub(crate) header: String,
    pub(crate) prefix: String,
}

impl Default for TokenUse {
    fn default() -> Self {
        Self { header: "authorization".to_owned(), prefix: "Bearer ".to_owned() }
    }
}

/// Where the service's own pages get the anti-forgery token from, and how they send it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Csrf {
    pub(crate) header: String,
    /// The cookie that holds it.
    pub(crate) cookie: Option<String>,
    /// JSON pointer to it in the sign-in's answer.
    pub(crate) pointer: Option<String>,
}

/// A read that answers something about whoever asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Me {
    pub(crate) path: String,
    /// JSON pointer to the member's id or address.
    pub(crate) id: String,
}

/// Something that belongs to one member and that no other may see.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    pub(crate) create: Request,
    /// JSON pointer to the new object's id in the answer.
    pub(crate) id: String,
    pub(crate) read: String,
    pub(crate) update: Option<Request>,
    pub(crate) delete: Option<String>,
    pub(crate) list: Option<String>,
}

/// How a refresh token is exchanged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    pub(crate) request: Request,
    /// JSON pointer to the next refresh token in the answer.
    pub(crate) refresh_token: String,
}

impl TargetFile {
    /// Reads a target file and checks what a type can't say; `checks` are the ids that may be left out.
    ///
    /// # Errors
    /// Every fault there is, with its line and key, and what would be right.
    pub(crate) fn parse(text: &str, checks: &[&str]) -> Result<Self, Vec<Fault>> {
        let file: Self = toml::from_str(text).map_err(|error| vec![Fault::of_syntax(&error)])?;
        let faults = check::faults(&file, text, checks);
        if faults.is_empty() { Ok(file) } else { Err(faults) }
    }

    /// For a scan without a file: only what is public.
    pub(crate) fn public_only() -> Self {
        Self {
            environment: "unknown".to_owned(),
            members: Members::default(),
            sign_in: None,
            token: TokenUse::default(),
            csrf: None,
            me: None,
            object: None,
            refresh: None,
            log_out: None,
            pages: front_page(),
            links: Vec::new(),
            diagnostics: Vec::new(),
            leave_out: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests;
