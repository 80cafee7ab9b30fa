//! The cookies of a session: out of reach of scripts, of plain text, of other sites, and of routes that don't need them.

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "sessions.cookie-attributes",
    title: "Session cookies have every attribute that keeps them where they belong",
    promises: &["SES-4"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("3.3.1"),
        Reference::Asvs("3.3.2"),
        Reference::Asvs("3.3.3"),
        Reference::Asvs("3.3.4"),
        Reference::Cwe(1004),
        Reference::Cwe(614),
        Reference::Cwe(1275),
    ],
    needs: &[Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("cookie_attributes"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

async fn run(probe: Probe) -> Outcome {
    let member = probe.member().await?;
    let answer =
        member.refresh_call().purpose("an answer that sets every session cookie").expect(200).await?;
    let is_secure = probe.target.is_strict() || probe.target.base.scheme() == "https";
    let mut kinds = Vec::new();
    for cookie in answer.all("set-cookie") {
        let cookie = Cookie::read(cookie);
        cookie.check(is_secure)?;
        kinds.push(cookie.name.rsplit('_').next().unwrap_or_default().to_owned());
    }
    kinds.sort();
    let wanted = ["access", "refresh", "session"];
    if kinds != wanted {
        return Err(Ended::error(format!("the cookies are {kinds:?}, not {wanted:?}")));
    }
    let out = member.post("/v1/auth/logout").purpose("a log-out takes the cookies away").expect(204).await?;
    let cleared = out.all("set-cookie").iter().filter(|cookie| cookie.contains("Max-Age=0")).count();
    ensure(cleared >= wanted.len(), || {
        format!("the log-out takes {cleared} of {} cookies away", wanted.len())
    })?;
    passed(format!(
        "{} cookies{}",
        kinds.len(),
        if is_secure { "" } else { "; Secure is not asked of dev over http" }
    ))
}

struct Cookie<'a> {
    name: &'a str,
    attributes: Vec<(String, &'a str)>,
}

impl<'a> Cookie<'a> {
    fn read(text: &'a str) -> Self {
        let mut parts = text.split(';');
        let name = parts.next().and_then(|pair| pair.split('=').next()).unwrap_or_default();
        let attribute = |part: &'a str| {
            let (name, value) = part.trim().split_once('=').unwrap_or((part.trim(), ""));
            (name.to_ascii_lowercase(), value)
        };
        Self { name, attributes: parts.map(attribute).collect() }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    fn check(&self, is_secure: bool) -> Result<(), Ended> {
        let name = self.name;
        let is_refresh = name.ends_with("_refresh");
        let path = if is_refresh { "/v1/auth" } else { "/" };
        ensure(self.get("httponly").is_some(), || format!("{name} is not HttpOnly: scripts can read it"))?;
        let same_site = self.get("samesite").unwrap_or("nothing");
        let is_strict = ["lax", "strict"].contains(&same_site.to_ascii_lowercase().as_str());
        ensure(is_strict, || format!("{name} has SameSite={same_site}"))?;
        ensure(self.get("domain").is_none(), || format!("{name} is given to every sub-domain"))?;
        ensure(self.get("path") == Some(path), || {
            format!("{name} has Path={:?}, not {path}", self.get("path"))
        })?;
        if !is_secure {
            return Ok(());
        }
        ensure(self.get("secure").is_some(), || format!("{name} is not Secure"))?;
        let prefix = if is_refresh { "__Secure-" } else { "__Host-" };
        ensure(name.starts_with(prefix), || format!("{name} has not the prefix {prefix}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_attribute_is_seen() {
        let good = "__Host-x_access=t; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax";
        assert!(Cookie::read(good).check(true).is_ok());
        let refresh = "__Secure-x_refresh=t; Path=/v1/auth; HttpOnly; Secure; SameSite=Lax";
        assert!(Cookie::read(refresh).check(true).is_ok());
        for (part, instead) in [
            ("; HttpOnly", ""),
            ("; Secure", ""),
            ("SameSite=Lax", "SameSite=None"),
            ("; SameSite=Lax", ""),
            ("__Host-", ""),
            ("Path=/", "Path=/v1"),
            ("Path=/", "Path=/; Domain=example.com"),
        ] {
            assert!(Cookie::read(&good.replace(part, instead)).check(true).is_err(), "{part} → {instead}");
        }
        assert!(Cookie::read(&refresh.replace("/v1/auth", "/")).check(true).is_err());
    }
}
