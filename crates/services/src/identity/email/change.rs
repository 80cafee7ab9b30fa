//! The address of a signed-in member: adding, changing, removing.

use mainstay_model::{EmailAddress, EmailFlowId, audit::Actor, ceremony::EmailPurpose, member::Member};
use serde_json::json;

use super::{super::FlowSecrets, EmailStarted, address, new_code, new_flow, spend, started};
use crate::{
    App, Caller, Capability, Error, RequestContext, Result,
    identity::{
        attempt::{Stop, Unit},
        backoff, linking,
        mail_texts::{self, Message},
        ways::{self, Way},
    },
    sabotage::{self, Guard},
};

/// As the trail and the metrics name it.
const METHOD: &str = "address_change";

/// Mails a code to a signed-in member's new address. When another account has the address, the answer is the same, but the
/// mail says so instead of carrying a code.
///
/// # Errors
/// [`crate::Code::CapabilityUnavailable`], [`crate::Code::RecentSignInRequired`], [`crate::Code::ValidationFailed`],
/// [`crate::Code::RateLimited`].
pub async fn change_start(
    app: &App,
    ctx: &RequestContext,
    caller: &Caller,
    email: &str,
    browser: &[u8; 32],
) -> Result<EmailStarted> {
    app.capabilities.require(Capability::EmailCode)?;
    caller.require_recent(app.now())?;
    let email = address(email)?;
    backoff::take_mail(app, ctx, &email).await?;
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let member = unit.lock_caller(caller).await?;
        let owner = unit.tx().member_by_email(&email).await?;
        let code = new_code(&*app.ports.random);
        let free = owner.as_ref().is_none_or(|owner| owner.id == member.id);
        let (code, language, message) = match owner {
            Some(owner) if !free => (None, owner.language, Message::AddressInUse),
            _ => (Some(&*code), member.language, Message::ConfirmAddress(&code)),
        };
        let mut flow = new_flow(app, &email, EmailPurpose::ChangeAddress, code, browser);
        flow.member_id = Some(member.id);
        unit.tx().insert_email_flow(&flow).await?;
        unit.mail(mail_texts::compose(&app.settings, &email, language, message));
        unit.commit().await?;
        Ok(started(&flow))
    })
    .await
}

/// Spends the code and makes the address the member's. Outstanding codes of the old and the new address die.
///
/// # Errors
/// [`crate::Code::InvalidCode`]; [`crate::Code::RecentSignInRequired`]; [`crate::Code::Conflict`] when somebody else got the
/// address meanwhile.
pub async fn change_finish(
    app: &App,
    ctx: &RequestContext,
    caller: &Caller,
    flow_id: EmailFlowId,
    code: &str,
    browser: impl Into<FlowSecrets<'_>>,
) -> Result<()> {
    app.capabilities.require(Capability::EmailCode)?;
    let browser = browser.into();
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let outcome = change(&mut unit, caller, flow_id, code, browser).await;
        unit.settle(METHOD, outcome).await
    })
    .await?
}

async fn change(
    unit: &mut Unit<'_>,
    caller: &Caller,
    flow_id: EmailFlowId,
    code: &str,
    browser: FlowSecrets<'_>,
) -> Result<(), Stop> {
    let now = unit.app.now();
    let mut member = unit.lock_caller(caller).await?;
    let purposes = [EmailPurpose::ChangeAddress];
    let flow = spend(unit, flow_id, &purposes, Some(member.id), code, browser).await?;
    // Fresh when it was asked for is enough: mail takes its time, and the code is bounded itself.
    caller.require_recent(flow.created_at)?;
    let before = member.clone();
    member.email = Some(flow.email.clone());
    member.email_verified_at = Some(now);
    linking::update(unit, &mut member, now).await?;
    forget_codes(unit, &before).await?;
    unit.tx().delete_email_flows_of_address(&flow.email).await?;
    let detail = json!({ "had_one": before.email.is_some() });
    unit.note("member.email_changed", &Actor::Member(member.id), &member, detail);
    if before.email != member.email {
        unit.notify(&before, Message::AddressChanged);
    }
    Ok(())
}

/// Removes the member's address, and every outstanding code of it.
///
/// # Errors
/// [`crate::Code::RecentSignInRequired`], [`crate::Code::LastWayIn`], [`crate::Code::NotFound`] when there is none.
pub async fn remove(app: &App, ctx: &RequestContext, caller: &Caller) -> Result<()> {
    caller.require_recent(app.now())?;
    app.retrying(|| async {
        let mut unit = Unit::begin(app, ctx).await?;
        let mut member = unit.lock_caller(caller).await?;
        if member.email.is_none() {
            return Err(Error::not_found());
        }
        ways::require_another(&mut unit, &member, Way::Email).await?;
        let before = member.clone();
        member.email = None;
        member.email_verified_at = None;
        linking::update(&mut unit, &mut member, app.now()).await?;
        forget_codes(&mut unit, &before).await?;
        unit.note("member.email_removed", &Actor::Member(member.id), &member, json!({}));
        unit.notify(&before, Message::AddressChanged);
        unit.commit().await
    })
    .await
}

async fn forget_codes(unit: &mut Unit<'_>, before: &Member) -> Result<()> {
    if sabotage::is_off(Guard::AddressChangeKillsCodes) {
        return Ok(());
    }
    unit.tx().delete_email_flows_of_member(before.id).await?;
    let address: Option<&EmailAddress> = before.email.as_ref();
    if let Some(address) = address {
        unit.tx().delete_email_flows_of_address(address).await?;
    }
    Ok(())
}
