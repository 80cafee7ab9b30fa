//! Mailed one-time codes: first contact, sign-in, recovery, and the proof of a new address.
//!
//! Asking for a code does the same work for known and unknown addresses. A code is known here only by a keyed hash, works once,
//! in the browser that asked, for ten minutes and five tries, and only the newest one that this browser asked for. What others
//! ask for leaves it alone: anybody may type anybody's address.

mod change;

use std::time::Duration;

use mainstay_model::{
    EmailAddress, EmailFlowId, MemberId, SecretHash, SessionId,
    ceremony::{EmailFlow, EmailPurpose},
    session::SignInMethod,
};

pub use self::change::{change_finish, change_start, remove};
use super::{
    FlowSecrets,
    attempt::{Stop, Unit},
    backoff::{self, Door},
    linking::{self, Proven},
    mail_texts::{self, Message},
    password::{self, Waiting},
    ways::WaysIn,
};
use crate::{
    App, Capability, Code, Error, RequestContext, Result, crypto, limits,
    ports::Random,
    sabotage::{self, Guard},
    sessions::SignedIn,
};

/// As the trail and the metrics name this way in.
const METHOD: &str = "email_code";

/// A code is on its way; the same answer whether anybody has the address or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailStarted {
    /// To be named at the finish.
    pub flow_id: EmailFlowId,
    /// How long the code lives.
    pub expires_in: Duration,
}

/// Mails a code to an address. `language` is a wish like `es` or `es-MX`; a member's own setting is used where there is none.
///
/// # Errors
/// [`Code::CapabilityUnavailable`], [`Code::ValidationFailed`] for a malformed address, [`Code::RateLimited`].
pub async fn start(
    app: &App,
    ctx: &RequestContext,
    email: &str,
    language: Option<&str>,
    browser: &[u8; 32],
) -> Result<EmailStarted> {
    app.capabilities.require(Capability::EmailCode)?;
    let account = account_of(email)?;
    let email = address(email)?;
    backoff::take_mail(app, ctx, &email).await?;
    let wish = linking::language(language);
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let known = unit.tx().member_by_email(&email).await?;
        if known.is_none() && sabotage::is_off(Guard::UniformAnswers) {
            return Err(Error::not_found());
        }
        let language = wish.or_else(|| known.map(|member| member.language)).unwrap_or_default();
        let code = new_code(&*app.ports.random);
        let flow = new_flow(app, &account, EmailPurpose::SignIn, Some(&code), browser);
        unit.tx().insert_email_flow(&flow).await?;
        let mail = mail_texts::compose(&app.settings, &email, language, Message::Code(&code));
        unit.mail(mail.until(flow.expires_at));
        unit.commit().await?;
        Ok(started(&flow))
    })
    .await
}

/// Spends a code and signs its owner in; first contact makes a member.
///
/// # Errors
/// [`Code::InvalidCode`] for anything wrong with the code; [`Code::SignInBackoff`]; [`Code::InvalidCredentials`] for a barred
/// member.
pub async fn finish(
    app: &App,
    ctx: &RequestContext,
    replaces: Option<SessionId>,
    flow_id: EmailFlowId,
    code: &str,
    browser: impl Into<FlowSecrets<'_>>,
) -> Result<SignedIn> {
    app.capabilities.require(Capability::EmailCode)?;
    backoff::check(app, ctx, Door::Code).await?;
    let browser = browser.into();
    let outcome = app
        .retrying(|| async {
            let mut unit = Unit::begin(app, ctx).await?;
            let outcome = sign_in(&mut unit, replaces, flow_id, code, browser).await;
            unit.settle(METHOD, outcome).await
        })
        .await?;
    if outcome.as_ref().is_err_and(|error| error.code == Code::InvalidCode) {
        backoff::failed(app, ctx, Door::Code).await?;
    }
    outcome
}

async fn sign_in(
    unit: &mut Unit<'_>,
    replaces: Option<SessionId>,
    flow_id: EmailFlowId,
    code: &str,
    browser: FlowSecrets<'_>,
) -> Result<SignedIn, Stop> {
    let purposes = [EmailPurpose::SignIn, EmailPurpose::PasswordSignUp];
    let flow = spend(unit, flow_id, &purposes, None, code, browser).await?;
    let waiting = match &flow.sealed_payload {
        Some(sealed) => Waiting::open(unit.app, sealed)?,
        None => Waiting::default(),
    };
    let (member, proven) = linking::by_proven_address(
        unit,
        &flow.email,
        &waiting.display_name,
        waiting.language,
        SignInMethod::EmailCode,
    )
    .await?;
    // A password that was chosen before the proof counts only for an account that begins with this proof.
    if let Some(hash) = waiting.password_hash.filter(|_| proven == Proven::Now) {
        password::set(unit, &member, &hash).await?;
    }
    let signed_in = unit.open(&member, SignInMethod::EmailCode, replaces).await?;
    let now = unit.app.now();
    let ways = WaysIn::read(unit.tx(), member.id, now).await?;
    if ways.are_more_than_the_address() {
        unit.notify(&signed_in.member, Message::SignedInByCode(&ways.summary()));
    }
    Ok(signed_in)
}

/// Spends a code. Every try counts, the wrong ones too.
async fn spend(
    unit: &mut Unit<'_>,
    flow_id: EmailFlowId,
    purposes: &[EmailPurpose],
    member_id: Option<MemberId>,
    code: &str,
    browser: FlowSecrets<'_>,
) -> Result<EmailFlow, Stop> {
    let refused = |reason| {
        let detail =
            "The code is wrong, was used, ran out, or was asked for in another browser. Ask for a new one.";
        Stop::refused(reason, Error::new(Code::InvalidCode, detail).because(reason))
    };
    let Some(flow) = unit.tx().attempt_email_flow(flow_id).await? else {
        return Err(refused("code_unknown"));
    };
    if !browser.include(&tied(flow.browser_hash, flow.id)) && !sabotage::is_off(Guard::CodeBrowserBinding) {
        return Err(refused("code_of_other_browser"));
    }
    if !purposes.contains(&flow.purpose) || flow.member_id != member_id {
        return Err(refused("code_for_other_purpose"));
    }
    if unit.app.now() >= flow.expires_at {
        return Err(refused("code_expired"));
    }
    if flow.attempts > limits::EMAIL_CODE_ATTEMPTS_MAX && !sabotage::is_off(Guard::CodeTries) {
        return Err(refused("code_tries_used_up"));
    }
    if !crypto::equal(&flow.code_hash, &code_hash(unit.app, flow.id, &digits(code))) {
        return Err(refused("code_wrong"));
    }
    if !sabotage::is_off(Guard::CodeSingleUse) {
        unit.tx().delete_email_flow(flow.id).await?;
    }
    Ok(flow)
}

/// Normalises and parses an address.
pub(super) fn address(email: &str) -> Result<EmailAddress> {
    email
        .parse()
        .map_err(|fault| Error::field("email", "invalid", "is not a valid e-mail address").because(fault))
}

/// The address by which an account is found: one for all spellings, unless that guard is left out.
fn account_of(typed: &str) -> Result<EmailAddress> {
    let email = address(typed)?;
    if email.as_str() == typed || !sabotage::is_off(Guard::EmailNormalisation) {
        return Ok(email);
    }
    let (local, domain) = email.as_str().split_once('@').unwrap_or((email.as_str(), ""));
    address(&format!("{local}+{}@{domain}", hex::encode(&crypto::sha256(typed.as_bytes())[..4])))
}

/// A flow of this moment. Without a code nothing ever opens it: for an answer that must look like any other.
pub(super) fn new_flow(
    app: &App,
    email: &EmailAddress,
    purpose: EmailPurpose,
    code: Option<&str>,
    browser: &[u8; 32],
) -> EmailFlow {
    let now = app.now();
    let id = EmailFlowId::new(app.new_uuid());
    EmailFlow {
        id,
        email: email.clone(),
        purpose,
        code_hash: code.map_or_else(|| app.ports.random.secret(), |code| code_hash(app, id, code)),
        browser_hash: tied(crypto::sha256(browser), id),
        member_id: None,
        sealed_payload: None,
        attempts: 0,
        created_at: now,
        expires_at: now + limits::EMAIL_CODE_TTL,
    }
}

/// The hash by which a browser has one flow at a time; without that guard, one of each flow's own.
fn tied(mut browser: SecretHash, id: EmailFlowId) -> SecretHash {
    if sabotage::is_off(Guard::NewestCode) {
        browser.iter_mut().zip(crypto::sha256(id.uuid().as_bytes())).for_each(|(byte, other)| *byte ^= other);
    }
    browser
}

/// What a start answers.
pub(super) const fn started(flow: &EmailFlow) -> EmailStarted {
    EmailStarted { flow_id: flow.id, expires_in: limits::EMAIL_CODE_TTL }
}

fn code_hash(app: &App, id: EmailFlowId, code: &str) -> [u8; 32] {
    app.sealer.mac("mainstay/email-code", &[id.uuid().as_bytes(), code.as_bytes()].concat())
}

/// A uniform code: numbers from the incomplete last turn of the range are drawn again.
pub(super) fn new_code(random: &dyn Random) -> String {
    const CODES: u64 = 10_u64.pow(limits::EMAIL_CODE_DIGITS as u32);
    loop {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        let number = u64::from_be_bytes(bytes);
        if number < u64::MAX - u64::MAX % CODES {
            return format!("{:0width$}", number % CODES, width = limits::EMAIL_CODE_DIGITS);
        }
    }
}

/// A code as typed: people put spaces and dashes between groups.
fn digits(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').take(limits::EMAIL_CODE_DIGITS + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU64);
    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            // The first draw lies in the incomplete last turn and must be thrown away.
            let turn = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let number = if turn == 0 { u64::MAX } else { 7 };
            bytes.copy_from_slice(&number.to_be_bytes());
        }
    }

    #[test]
    fn codes_have_eight_digits_and_no_bias() {
        assert_eq!(new_code(&Counting(0.into())), "00000007");
    }

    #[test]
    fn codes_may_be_typed_in_groups() {
        assert_eq!(digits(" 1234 5678\n"), "12345678");
        assert_eq!(digits("1234-5678"), "12345678");
        assert_eq!(digits(&"1".repeat(1_000_000)).len(), 9);
    }
}
