//! Merchants, offers and redemptions (WAL-7), and holds for merchants (WAL-4).

mod confirming;
mod offering;
mod redeeming;

use mainstay_model::{
    MemberId, MerchantId, OfferId, RedemptionId,
    audit::Actor,
    merchant::{Merchant, MerchantStatus},
    offer::Offer,
    redemption::{Redemption, RedemptionState},
    service_key::ServiceKey,
};
use mainstay_services::{
    App, Caller, Result,
    merchants::{self, Confirmation, MerchantPatch, NewOffer, OfferPatch},
    service_keys,
    wallet::{self, Grant, IdempotencyKey, Outcome, Poster},
};
use uuid::Uuid;

use crate::harness::TestApp;

const POINTS: i64 = 30;

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::new(Some(name), "POST", "/", name.as_bytes()).expect("a key")
}

fn fresh_key() -> IdempotencyKey {
    key(&Uuid::new_v4().to_string())
}

fn service() -> Poster {
    Poster::from(mainstay_model::ServiceKeyId::new(Uuid::from_u128(9)))
}

const fn plain_offer() -> NewOffer<'static> {
    NewOffer {
        title: "Coffee",
        description: "Any size.",
        points: Some(POINTS),
        starts_at: None,
        ends_at: None,
        stock: None,
        per_member_max: None,
    }
}

async fn merchant(test: &TestApp) -> Merchant {
    merchants::create(&test.app, &test.ctx(), &Actor::System, "Café").await.expect("is registered")
}

async fn offer_of(test: &TestApp, merchant: &Merchant, new: NewOffer<'_>) -> Offer {
    merchants::create_offer(&test.app, &test.ctx(), &Actor::System, merchant.id, new).await.expect("is made")
}

async fn till_of(test: &TestApp, merchant: &Merchant) -> ServiceKey {
    let ctx = test.ctx();
    let made = service_keys::create_for_merchant(&test.app, &ctx, &Actor::System, merchant.id, "till").await;
    made.expect("is made").0
}

/// A member with so many points.
async fn member_with(test: &TestApp, points: i64) -> Caller {
    let caller = test.caller().await;
    let wanted =
        Grant { member_id: caller.member_id, amount: Some(points), reason: "welcome", expires_on: None };
    wallet::grant(&test.app, &test.ctx(), &service(), &fresh_key(), wanted).await.expect("is granted");
    caller
}

async fn redeem(app: &App, caller: &Caller, offer: OfferId) -> Result<Redemption> {
    merchants::redeem(app, caller, &fresh_key(), offer, None).await.map(|outcome| outcome.receipt)
}

fn shown(app: &App, redemption: &Redemption) -> String {
    merchants::code(app, redemption).expect("a code").to_text()
}

async fn confirm(app: &App, till: &ServiceKey, code: &str) -> Result<Outcome<Confirmation>> {
    merchants::confirm(app, till, &fresh_key(), code).await
}

/// What can be spent, and what is held.
async fn points(app: &App, of: MemberId) -> (i64, i64) {
    let balance = wallet::balance(app, of).await.expect("reads");
    (balance.available, balance.held)
}

async fn has(app: &App, merchant: MerchantId) -> i64 {
    merchants::account(app, merchant).await.expect("reads").balance
}

async fn state(app: &App, caller: &Caller, id: RedemptionId) -> RedemptionState {
    merchants::redemption(app, caller, id).await.expect("reads").state(app.now())
}

async fn taken(app: &App, offer: OfferId) -> i64 {
    merchants::offer(app, offer).await.expect("reads").taken
}

async fn patch(test: &TestApp, offer: OfferId, patch: OfferPatch<'_>) -> Result<Offer> {
    merchants::update_offer(&test.app, &test.ctx(), &Actor::System, offer, patch).await
}

async fn close(test: &TestApp, merchant: MerchantId) {
    let patch = MerchantPatch { status: Some(MerchantStatus::Closed), ..MerchantPatch::default() };
    merchants::update(&test.app, &test.ctx(), &Actor::System, merchant, patch).await.expect("closes");
}

async fn assert_books(test: &TestApp) {
    let verified = wallet::verify(&test.app, |_, _| {}).await.expect("verifies");
    assert_eq!(verified.fault, None);
}
