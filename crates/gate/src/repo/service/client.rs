//! One repository at the hosting service, and what its answers mean.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::{
    check::Ended,
    client::{Answer, Budget, Client},
    evidence::Recorder,
    limits,
};

/// A repository at the service, seen with somebody's token.
#[derive(Clone)]
pub(crate) struct Service {
    client: Client,
    token: Arc<SecretString>,
    /// `OWNER/NAME`.
    repository: String,
    make: Arc<dyn Fn(Recorder) -> Client + Send + Sync>,
}

impl Service {
    /// # Errors
    /// When the name is not `OWNER/NAME`.
    pub(crate) fn new(
        http: reqwest::Client,
        base: &Url,
        repository: &str,
        token: SecretString,
    ) -> anyhow::Result<Self> {
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        anyhow::ensure!(
            repository.split_once('/').is_some_and(|(owner, name)| is_plain(owner) && is_plain(name)),
            "{repository} is no repository's name; it is OWNER/NAME"
        );
        let mut base = base.clone();
        if !base.path().ends_with('/') {
            // Else the last part of the path would be replaced, not continued.
            base.set_path(&format!("{}/", base.path()));
        }
        let budget = Arc::new(Budget::new(limits::REQUESTS_MAX));
        let make = move |recorder| Client::new(http.clone(), base.clone(), recorder, Arc::clone(&budget));
        Ok(Self {
            client: make(Recorder::default()),
            token: Arc::new(token),
            repository: repository.to_owned(),
            make: Arc::new(make),
        })
    }

    /// The same with evidence of its own.
    pub(in crate::repo) fn with(&self, recorder: Recorder) -> Self {
        Self { client: (self.make)(recorder), ..self.clone() }
    }

    /// Asks for something of the repository; `path` is what comes after its name.
    ///
    /// # Errors
    /// When no answer came, or the token is not good for anything.
    pub(super) async fn ask(&self, path: &str) -> Result<Answer, Ended> {
        let slash = if path.is_empty() { "" } else { "/" };
        self.fetch(&format!("repos/{}{slash}{path}", self.repository)).await
    }

    async fn fetch(&self, path: &str) -> Result<Answer, Ended> {
        let answer = self
            .client
            .get(path)
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .header("authorization", format!("Bearer {}", self.token.expose_secret()))
            .send()
            .await?;
        if answer.status == 401 {
            return Err(Ended::Unanswerable("the service does not know the token (GITHUB_TOKEN)".to_owned()));
        }
        if answer.status == 429 || answer.header("x-ratelimit-remaining") == Some("0") && answer.status == 403
        {
            return Err(Ended::Unanswerable(
                "the service's quota of requests is used up; come back later".to_owned(),
            ));
        }
        Ok(answer)
    }

    /// Asks for what has to be there.
    ///
    /// # Errors
    /// When the token may not see it.
    pub(super) async fn value(&self, path: &str, permission: &str) -> Result<Value, Ended> {
        let answer = self.ask(path).await?;
        seen(&answer, path, permission)?;
        Ok(answer.json())
    }

    /// Asks for a whole list, page by page.
    ///
    /// # Errors
    /// When the token may not see it, or it has no end.
    pub(super) async fn list(&self, path: &str, permission: &str) -> Result<Vec<Value>, Ended> {
        let mut answer = self.ask(path).await?;
        let mut items = Vec::new();
        for _ in 0..limits::SERVICE_PAGES_MAX {
            seen(&answer, path, permission)?;
            match answer.json() {
                Value::Array(page) => items.extend(page),
                _ => return Err(Ended::error(format!("{path}: the service did not answer a list"))),
            }
            let Some(next) = next(&answer) else { return Ok(items) };
            answer = self.fetch(&next).await?;
        }
        Err(Ended::error(format!("{path}: more than {} pages", limits::SERVICE_PAGES_MAX)))
    }

    /// The name of the default branch.
    pub(super) async fn default_branch(&self) -> Result<String, Ended> {
        let repository = self.value("", "Metadata: read").await?;
        let name = repository.get("default_branch").and_then(Value::as_str);
        name.map(str::to_owned).ok_or_else(|| Ended::error("the service names no default branch"))
    }
}

fn seen(answer: &Answer, path: &str, permission: &str) -> Result<(), Ended> {
    match answer.status {
        200 => Ok(()),
        403 | 404 => {
            Err(Ended::Unanswerable(format!("the token may not see {path} (it needs \"{permission}\")")))
        }
        status => Err(Ended::error(format!("{path} answered {status}: {}", answer.said()))),
    }
}

/// The next page, of a `Link` header (RFC 8288).
fn next(answer: &Answer) -> Option<String> {
    let links = answer.header("link")?;
    let link = links.split(',').find(|link| link.contains("rel=\"next\""))?;
    Some(link.split_once('<')?.1.split_once('>')?.0.to_owned())
}
