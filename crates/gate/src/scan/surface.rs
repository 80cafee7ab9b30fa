//! Answers that stand for the rest of a service: its pages, a read of a member, an error.

use super::party::{Carrier, Party, Who};
use crate::{check::Ended, client::Answer, probe::Probe};

/// An answer, and what it answers.
pub(crate) struct Seen {
    pub(crate) what: String,
    pub(crate) answer: Answer,
}

impl Seen {
    pub(crate) fn is_page(&self) -> bool {
        self.answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
    }
}

/// Pages, the member's own read if somebody can sign in, and a path that does not exist.
pub(crate) async fn answers(probe: &Probe) -> Result<Vec<Seen>, Ended> {
    let stranger = probe.stranger()?;
    let mut seen = Vec::new();
    for path in &stranger.file.pages {
        let answer =
            probe.client.get(path).purpose("a public page").header("accept", "text/html").patiently();
        seen.push(Seen { what: format!("GET {path}"), answer: answer.send().await? });
    }
    if let (Ok(me), Ok(party)) = (stranger.me(), stranger.party(Who::A, &probe.client).await) {
        let answer = party.get(&me.path).purpose("a member's own read").patiently().send().await?;
        seen.push(Seen { what: format!("GET {}", me.path), answer });
    }
    let path = "/scan-for-nothing-here";
    let answer = probe.client.get(path).purpose("a path that does not exist").patiently().send().await?;
    seen.push(Seen { what: format!("GET {path}"), answer });
    Ok(seen)
}

/// Those answers that are pages of the service.
///
/// # Errors
/// [`Ended::NotApplicable`] when it has none.
pub(crate) async fn pages(probe: &Probe) -> Result<Vec<Seen>, Ended> {
    let pages = answers(probe)
        .await?
        .into_iter()
        .filter(|seen| seen.is_page() && seen.answer.is_success())
        .collect::<Vec<_>>();
    if pages.is_empty() {
        return Err(Ended::NotApplicable(
            "none of its answers is an HTML page; if there is one, name it in `pages`".to_owned(),
        ));
    }
    Ok(pages)
}

/// Whether the member is nobody without this cookie; decided by trying, not by its name.
pub(crate) async fn carries_session(probe: &Probe, party: &Party, name: &str) -> Result<bool, Ended> {
    let stranger = probe.stranger()?;
    let Some(me) = &stranger.file.me else { return Ok(false) };
    let party = party.by(Carrier::Cookies).at(party.client());
    if party.cookies.iter().all(|cookie| cookie.name != name) || party.is_csrf_cookie(name) {
        return Ok(false);
    }
    let with = party.get(&me.path).purpose("with every cookie").patiently().send().await?;
    party.jar.remove(name);
    let without = party.get(&me.path).purpose(format!("without {name}")).patiently().send().await?;
    Ok(stranger.knows(&with, &party) && !stranger.knows(&without, &party))
}
