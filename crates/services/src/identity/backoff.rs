//! Slowing down repeated failures, per account and per network address (SEC-5).
//!
//! Keys are hashes, and the account's key is made from the address that was typed, whether anybody has it or not: so waiting
//! tells nothing about who exists. Passkeys never ask here: a stranger's failures can't keep a member from them.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use mainstay_model::{EmailAddress, MemberId, audit::Actor};
use serde_json::json;

use super::known_browser;
use crate::{
    App, Code, Error, RequestContext, Result, audit, crypto, limits,
    ports::{Admission, Backoff, LimiterUnavailable},
    sabotage::{self, Guard},
};

/// Failures at one account: people mistype a few times; a quarter of an hour makes guessing hopeless.
const ACCOUNT: Backoff = Backoff {
    free: 4,
    base: Duration::from_secs(1),
    max: Duration::from_secs(15 * 60),
    forget: Duration::from_secs(24 * 3600),
};
/// Failures from one network address, which many people may share.
const ADDRESS: Backoff = Backoff {
    free: 25,
    base: Duration::from_secs(1),
    max: Duration::from_secs(15 * 60),
    forget: Duration::from_secs(3600),
};
/// What failures are counted for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Door {
    /// Passwords.
    Password,
    /// Mailed codes. Their tries per code are counted with the code itself, so only addresses are slowed here.
    Code,
}

/// Who has to wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum Waiter {
    /// Whoever names this account, which a member may have or nobody.
    Account(Option<MemberId>),
    /// Whoever comes from one network address.
    NetworkAddress,
}

impl Door {
    const fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
        }
    }
}

/// Refuses a try from a network address while the wait after its earlier failures is not over.
///
/// # Errors
/// [`Code::SignInBackoff`] with the wait; [`Code::DependencyUnavailable`] when nobody can tell, except on a developer's machine.
pub(super) async fn check(app: &App, ctx: &RequestContext, door: Door) -> Result<()> {
    let Some(key) = address_key(app, ctx, door) else { return Ok(()) };
    let wait = lenient(app, app.ports.limiter.backoff_remaining(&key).await)?.unwrap_or_default();
    if wait.is_zero() || sabotage::is_off(Guard::SignInBackoff) { Ok(()) } else { Err(too_early(door, wait)) }
}

fn too_early(door: Door, wait: Duration) -> Error {
    metrics::counter!("mainstay_sign_in_backoffs_total", "method" => door.word()).increment(1);
    let detail = "There were too many failed sign-ins. Wait a little, or sign in another way.";
    Error::new(Code::SignInBackoff, detail).retry_after(wait)
}

/// Counts a try at an account before it is made, unless it comes too early; [`succeeded`] forgets it. Both are one step of the
/// limiter: asked first and counted afterwards, a thousand tries at once would all be let in before the first of them counts.
/// Answers the wait that begins with this try.
///
/// # Errors
/// As [`check`].
pub(super) async fn admit(app: &App, door: Door, account: &EmailAddress) -> Result<Duration> {
    let key = account_key(app, door, account);
    match lenient(app, app.ports.limiter.admit(&key, ACCOUNT).await)? {
        Some(Admission::Refused(_)) if sabotage::is_off(Guard::SignInBackoff) => Ok(Duration::ZERO),
        Some(Admission::Refused(wait)) => Err(too_early(door, wait)),
        Some(Admission::Counted(wait)) => Ok(wait),
        None => Ok(Duration::ZERO),
    }
}

/// Writes down that a wait begins. What the wait then refuses is only counted: a stranger must not fill the trail for nothing.
pub(super) async fn note_wait(app: &App, ctx: &RequestContext, door: Door, whose: Waiter, wait: Duration) {
    if wait.is_zero() {
        return;
    }
    let (kind, subject) = match whose {
        Waiter::Account(member) => {
            ("account", member.map(|id| Actor::Member(id).to_text()).unwrap_or_default())
        }
        Waiter::NetworkAddress => ("network_address", String::new()),
    };
    let detail = json!({ "method": door.word(), "of": kind, "seconds": wait.as_millis().div_ceil(1000) });
    let event = audit::event(app, ctx, "sign_in.backed_off", &Actor::Anonymous, subject, detail);
    let kept = app.retrying(|| async {
        let mut tx = app.write().await?;
        tx.append_audit_events(std::slice::from_ref(&event)).await?;
        Ok(tx.commit().await?)
    });
    // The wait stands without its line in the trail.
    if let Err(fault) = kept.await {
        tracing::error!(error = %fault, "sign_in.backed_off could not be written to the audit trail");
    }
}

/// Counts a failure from a network address.
///
/// # Errors
/// [`Code::DependencyUnavailable`] as [`check`].
pub(super) async fn failed(app: &App, ctx: &RequestContext, door: Door) -> Result<()> {
    if let Some(key) = address_key(app, ctx, door) {
        let wait = lenient(app, app.ports.limiter.record_failure(&key, ADDRESS).await)?.unwrap_or_default();
        note_wait(app, ctx, door, Waiter::NetworkAddress, wait).await;
    }
    Ok(())
}

/// Forgets an account's failures after a success. Those of the network address stay: otherwise one account of one's own
/// would wash away the guesses at all others.
pub(super) async fn succeeded(app: &App, door: Door, account: &EmailAddress) {
    let key = account_key(app, door, account);
    if let Err(error) = app.ports.limiter.clear_failures(&key).await {
        tracing::warn!(error = %error, "failures could not be forgotten");
    }
}

/// Takes one mail to a mailbox from its quotas; the same for known and unknown addresses. Browsers that signed in to the address
/// before have quotas of their own: who floods a mailbox keeps its owner from no code there.
///
/// # Errors
/// [`Code::RateLimited`]; [`Code::DependencyUnavailable`] as [`check`].
pub(super) async fn take_mail(app: &App, ctx: &RequestContext, to: &EmailAddress) -> Result<()> {
    let address = to.as_str().as_bytes();
    let known = ctx.known_browser.as_deref().and_then(|mark| known_browser::recognise(app, to, mark));
    let (kinds, asker, together) = match known {
        Some(id) => (["mail-browser", "mail-known"], id.to_vec(), limits::MAILS_OF_KNOWN_BROWSERS),
        None => {
            let asker = ctx.ip.map(network).unwrap_or_default();
            (["mail-asker", "mail"], asker, limits::MAILS_OF_STRANGERS)
        }
    };
    let by_asker = key(app, kinds[0], &[address, b"\0", &asker].concat());
    let by_mailbox = key(app, kinds[1], address);
    for (key, quota) in [(by_asker, limits::MAILS_PER_ASKER), (by_mailbox, together)] {
        let decision = lenient(app, app.ports.limiter.take(&key, quota).await)?;
        if let Some(decision) = decision.filter(|decision| !decision.allowed) {
            let detail = "Many mails went to this address already. Look into the mailbox, or wait a little.";
            return Err(Error::new(Code::RateLimited, detail).retry_after(decision.retry_after));
        }
    }
    Ok(())
}

fn address_key(app: &App, ctx: &RequestContext, door: Door) -> Option<String> {
    ctx.ip.map(|ip| key(app, door.word(), &network(ip)))
}

fn account_key(app: &App, door: Door, account: &EmailAddress) -> String {
    key(app, door.word(), account.as_str().as_bytes())
}

fn key(app: &App, kind: &str, data: &[u8]) -> String {
    format!("sign-in/{kind}/{}", crypto::encode(&app.sealer.mac("mainstay/sign-in-backoff", data)))
}

/// The part of an address that stands for one household: IPv4 whole, also when written as IPv6; IPv6 by its /64.
fn network(ip: IpAddr) -> Vec<u8> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => Ipv6Addr::octets(&ip)[..8].to_vec(),
    }
}

/// Without the limiter the door stays shut, except on a developer's machine.
pub(crate) fn lenient<T>(app: &App, answer: std::result::Result<T, LimiterUnavailable>) -> Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if app.settings.environment.is_strict() => Err(Error::unavailable("rate limiter", error)),
        Err(error) => {
            tracing::warn!(error = %error, "the rate limiter is away; let through on a developer's machine");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_household_are_one() {
        let parse = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
        assert_eq!(parse("2001:db8::1"), parse("2001:0db8:0:0:ffff::2"));
        assert_ne!(parse("2001:db8:0:1::1"), parse("2001:db8::1"));
    }
}
