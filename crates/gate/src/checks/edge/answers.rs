//! One answer of every kind that a deployment gives: what is there, what is not, what is refused and why, pages and their files.

use reqwest::Method;
use serde_json::json;

use super::{
    limits,
    quota::{self, Quota},
};
use crate::{check::Ended, client::Answer, openapi::Operation, probe::Probe};

/// An answer, and what kind it is.
pub(super) struct Kind {
    pub(super) what: String,
    pub(super) answer: Answer,
}

/// Collects one answer of every kind. A kind that this deployment does not give is written into the evidence and left out.
pub(super) async fn every_kind(probe: &Probe) -> Result<Vec<Kind>, Ended> {
    let mut kinds = Vec::new();
    let mut add = |what: &str, wanted: u16, answer: Answer| {
        if answer.status != wanted {
            probe.note(format!("{what}: answered {} where {wanted} was expected", answer.status));
        }
        kinds.push(Kind { what: format!("{what} ({})", answer.status), answer });
    };
    let client = &probe.client;
    let own = probe.target.origin();

    let config = client.get("/v1/config").patiently().send().await?;
    let tag = config.header("etag").unwrap_or_default().to_owned();
    add("a document", 200, config);
    let unchanged = client.get("/v1/config").header("if-none-match", tag).patiently().send().await?;
    add("a document that the client has", 304, unchanged);
    add("a probe", 200, client.get("/health").send().await?);
    add("HEAD", 200, client.call(Method::HEAD, "/health").send().await?);
    add("a page", 200, client.get("/docs").patiently().send().await?);
    let first = client.get("/").send().await?;
    let files = files(&first.body_text());
    let tag = first.header("etag").unwrap_or_default().to_owned();
    add("the first page", 200, first);
    let unchanged = client.get("/").header("if-none-match", tag).send().await?;
    add("the first page that the client has", 304, unchanged);
    for file in files.iter().take(limits::FILES_MAX) {
        add(&format!("the file {file}"), 200, client.get(file).send().await?);
    }
    let style = client.get("/docs/docs.css").patiently().send().await?;
    add("a style sheet", 200, style);

    add("nothing", 404, client.get("/v1/nothing-is-here").patiently().send().await?);
    let lost = client.get("/nothing-is-here").header("accept", "text/html").patiently().send().await?;
    add("a wrong link", 404, lost);
    let long = format!("/v1/config?x={}", "x".repeat(16 * 1024));
    add("an address that is too long", 400, client.get(&long).patiently().send().await?);
    let method = client.call(Method::DELETE, "/v1/config").patiently().send().await?;
    add("another method", 405, method);
    add("no session", 401, client.get("/v1/auth/me").patiently().send().await?);
    let preflight = |origin: &str| {
        let asked = client.call(Method::OPTIONS, "/v1/auth/refresh").header("origin", origin);
        asked.header("access-control-request-method", "POST").send()
    };
    add("a preflight of our own page", 204, preflight(&own).await?);
    add("a preflight of a foreign page", 403, preflight("https://evil.example").await?);
    let refresh = || client.post("/v1/auth/refresh").patiently();
    let foreign = refresh().header("origin", "https://evil.example").send().await?;
    add("a foreign page", 403, foreign);
    add("no JSON", 400, refresh().body("application/json", "{").send().await?);
    add("another kind of body", 415, refresh().body("text/plain", "{}").send().await?);
    let body = vec![b' '; limits::BODY_TOO_LARGE];
    add("a large body", 413, refresh().body("application/json", body).send().await?);
    for operation in switched_off_or_away(probe)? {
        let path = operation.filled(|_| "gate".to_owned());
        let answer = client.call(operation.method.clone(), &path).patiently().send().await?;
        let what =
            format!("{} ({})", operation.name(), if answer.status == 503 { "off" } else { "leads away" });
        let wanted = if answer.status == 503 { 503 } else { 303 };
        add(&what, wanted, answer);
    }
    match too_many(probe).await? {
        Some(answer) => add("too many requests", 429, answer),
        None => probe.note("no answer with 429: see edge.rate-limit"),
    }
    Ok(kinds)
}

/// One operation whose capability is off, and one that leads to an identity provider.
fn switched_off_or_away(probe: &Probe) -> Result<Vec<Operation>, Ended> {
    let operations = probe.operations()?;
    let is_off = |operation: &&Operation| {
        operation.capability.as_deref().is_some_and(|name| probe.target.why_off(name).is_some())
    };
    let leads_away = |operation: &&Operation| {
        operation.path.ends_with("/start") && operation.method == Method::GET && !is_off(operation)
    };
    let chosen = [operations.iter().find(is_off), operations.iter().find(leads_away)];
    Ok(chosen.into_iter().flatten().cloned().collect())
}

/// An answer to one request too many, from an address that nothing else is asked from.
async fn too_many(probe: &Probe) -> Result<Option<Answer>, Ended> {
    if !probe.world.sources.are_separate() {
        return Ok(None);
    }
    let client = probe.another_client()?;
    let call = || client.post("/v1/auth/email/finish").json(&json!({}));
    let first = call().send().await?;
    let Ok(quota) = Quota::of(&first) else { return Ok(None) };
    let answers = quota::burst((0..quota.beyond()).map(|_| call()).collect()).await?;
    Ok(answers.into_iter().find(|answer| answer.status == 429))
}

/// Files of this deployment that a page names.
pub(super) fn files(page: &str) -> Vec<String> {
    let mut files = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        let values = page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
        let own = values.filter(|value| value.starts_with('/') && !value.starts_with("//"));
        files.extend(own.map(|value| value.split('#').next().unwrap_or_default().to_owned()));
    }
    files.sort();
    files.dedup();
    files
}

#[cfg(test)]
mod tests {
    use super::files;

    #[test]
    fn own_files_of_a_page_are_found() {
        let page = r#"<link href="/a.css"><script src="/b.js"></script><a href="//evil.example/c"><a href="https://x/"><a href="/a.css#d">"#;
        assert_eq!(files(page), ["/a.css", "/b.js"]);
    }
}
