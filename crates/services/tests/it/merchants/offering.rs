//! Merchants and their offers (WAL-7), and holds for merchants (WAL-4).

use std::time::Duration;

use mainstay_model::{
    MerchantId, OfferId, Timestamp, audit::Actor, merchant::MerchantStatus, offer::OFFER_COUNT_MAX,
    page::PageRequest,
};
use mainstay_services::{
    Code, limits,
    merchants::{self, MerchantHold, MerchantPatch, NewOffer, OfferPatch},
    service_keys,
    wallet::{self},
};
use uuid::Uuid;

use super::{
    POINTS, close, confirm, fresh_key, has, key, member_with, merchant, offer_of, patch, plain_offer, points,
    redeem, service, shown, till_of,
};
use crate::{
    both_engines,
    harness::{TestApp, refusal},
};

both_engines! {
    async fn wal_7_offers_are_open_within_their_bounds(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let hour = Duration::from_secs(3_600);
        let new = NewOffer { starts_at: Some(app.now() + hour), ends_at: Some(app.now() + hour * 2), ..plain_offer() };
        let offer = offer_of(test, &merchant, new).await;
        let caller = member_with(test, 1_000).await;
        let page = PageRequest { limit: 10, before: None };
        let listed = async || merchants::list_open(app, page).await.expect("lists").items;
        assert!(listed().await.is_empty());
        assert_eq!(refusal(redeem(app, &caller, offer.id).await), Code::Conflict);
        test.advance(hour);
        let redeemed = redeem(app, &caller, offer.id).await.expect("redeems");
        let [(open, name)] = &listed().await[..] else { panic!("one is open") };
        assert_eq!((open.id, open.taken, name.as_str()), (offer.id, 1, "Café"));
        // A new price and title are for the next.
        let dearer = OfferPatch { points: Some(Some(50)), title: Some("Tea"), ..OfferPatch::default() };
        patch(test, offer.id, dearer).await.expect("changes");
        assert_eq!(redeem(app, &caller, offer.id).await.expect("redeems").hold.amount.points(), 50);
        // Who was shown the old price is not charged the new one, and is answered as before where it was taken at the old one.
        let at = async |name, points| merchants::redeem(app, &caller, &key(name), offer.id, Some(points)).await;
        assert_eq!(refusal(at("seen", POINTS).await), Code::PriceChanged);
        assert_eq!(at("seen", 50).await.expect("the key stayed unused").receipt.hold.amount.points(), 50);
        patch(test, offer.id, OfferPatch { points: Some(Some(60)), ..OfferPatch::default() }).await.expect("changes");
        assert!(at("seen", 50).await.expect("answers").is_replay);
        let before = merchants::redemption(app, &caller, redeemed.id()).await.expect("reads");
        assert_eq!((before.hold.amount.points(), before.hold.reason.as_str()), (POINTS, "Coffee"));
        test.advance(hour);
        assert!(listed().await.is_empty());
        assert_eq!(refusal(redeem(app, &caller, offer.id).await), Code::Conflict);
        patch(test, offer.id, OfferPatch { ends_at: Some(None), ..OfferPatch::default() }).await.expect("changes");
        redeem(app, &caller, offer.id).await.expect("redeems");
        assert_eq!(refusal(redeem(app, &caller, OfferId::new(Uuid::nil())).await), Code::NotFound);
    }

    async fn wal_7_a_closed_merchant_takes_and_confirms_nothing(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let (offer, till) = (offer_of(test, &merchant, plain_offer()).await, till_of(test, &merchant).await);
        let caller = member_with(test, 100).await;
        let code = shown(app, &redeem(app, &caller, offer.id).await.expect("redeems"));
        close(test, merchant.id).await;
        assert_eq!(refusal(confirm(app, &till, &code).await), Code::Conflict);
        assert_eq!(refusal(redeem(app, &caller, offer.id).await), Code::Conflict);
        let page = PageRequest { limit: 10, before: None };
        assert!(merchants::list_open(app, page).await.expect("lists").items.is_empty());
        let wanted = MerchantHold {
            member_id: caller.member_id, merchant_id: merchant.id, amount: Some(1), lasts: Duration::from_secs(60), reason: "",
        };
        assert_eq!(refusal(merchants::hold(app, &service(), &fresh_key(), wanted).await), Code::Conflict);
        test.advance(limits::REDEMPTION_TTL);
        wallet::run_once(app).await.expect("runs");
        assert_eq!((points(app, caller.member_id).await, has(app, merchant.id).await), ((100, 0), 0));
    }

    async fn wal_7_operators_leave_a_trail(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let rename = MerchantPatch { name: Some("Bar"), ..MerchantPatch::default() };
        let renamed = merchants::update(app, &test.ctx(), &Actor::System, merchant.id, rename).await.expect("changes");
        assert_eq!((renamed.name.as_str(), renamed.status), ("Bar", MerchantStatus::Active));
        assert_eq!(merchants::get(app, merchant.id).await.expect("reads"), renamed);
        let offer = offer_of(test, &merchant, plain_offer()).await;
        patch(test, offer.id, OfferPatch { description: Some(""), ..OfferPatch::default() }).await.expect("changes");
        till_of(test, &merchant).await;
        for action in ["merchant.created", "merchant.changed", "offer.created", "offer.changed", "service_key.created"] {
            assert_eq!(test.audited(action).await, 1, "{action}");
        }
        let page = PageRequest { limit: 10, before: None };
        assert_eq!(merchants::list(app, page).await.expect("lists").items, [renamed]);
        let offers = merchants::offers(app, merchant.id, page).await.expect("lists").items;
        assert_eq!((offers.len(), offers[0].description.as_str()), (1, ""));
        let nobody = MerchantId::new(Uuid::nil());
        assert_eq!(refusal(merchants::get(app, nobody).await), Code::NotFound);
        assert_eq!(refusal(merchants::offers(app, nobody, page).await), Code::NotFound);
        assert_eq!(refusal(merchants::account(app, nobody).await), Code::NotFound);
        assert_eq!(refusal(merchants::redemptions_of_merchant(app, nobody, page).await), Code::NotFound);
        let made = service_keys::create_for_merchant(app, &test.ctx(), &Actor::System, nobody, "till").await;
        assert_eq!(refusal(made), Code::NotFound);
        let made = merchants::create_offer(app, &test.ctx(), &Actor::System, nobody, plain_offer()).await;
        assert_eq!(refusal(made), Code::NotFound);
    }

    async fn wal_7_values_out_of_bounds_are_named(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let now: Timestamp = app.now();
        let (title, description) = ("x".repeat(limits::OFFER_TITLE_CHARS_MAX + 1), "x".repeat(limits::OFFER_DESCRIPTION_CHARS_MAX + 1));
        for (new, field) in [
            (NewOffer { title: " ", ..plain_offer() }, "title"),
            (NewOffer { title: &title, ..plain_offer() }, "title"),
            (NewOffer { description: &description, ..plain_offer() }, "description"),
            (NewOffer { points: None, ..plain_offer() }, "points"),
            (NewOffer { points: Some(0), ..plain_offer() }, "points"),
            (NewOffer { ends_at: Some(now), ..plain_offer() }, "ends_at"),
            (NewOffer { stock: Some(-1), ..plain_offer() }, "stock"),
            (NewOffer { stock: Some(OFFER_COUNT_MAX + 1), ..plain_offer() }, "stock"),
            (NewOffer { per_member_max: Some(0), ..plain_offer() }, "per_member_max"),
        ] {
            let made = merchants::create_offer(app, &test.ctx(), &Actor::System, merchant.id, new).await;
            let error = made.expect_err(field);
            assert_eq!((error.code, error.fields[0].field.as_ref()), (Code::ValidationFailed, field));
        }
        for name in ["", "a\nb"] {
            let made = merchants::create(app, &test.ctx(), &Actor::System, name).await;
            assert_eq!(refusal(made), Code::ValidationFailed);
        }
        // No stock is below what was taken.
        let offer = offer_of(test, &merchant, NewOffer { stock: Some(0), ..plain_offer() }).await;
        let caller = member_with(test, 100).await;
        assert_eq!(refusal(redeem(app, &caller, offer.id).await), Code::Conflict);
        patch(test, offer.id, OfferPatch { stock: Some(Some(1)), ..OfferPatch::default() }).await.expect("changes");
        redeem(app, &caller, offer.id).await.expect("redeems");
        let less = OfferPatch { stock: Some(Some(0)), ..OfferPatch::default() };
        assert_eq!(refusal(patch(test, offer.id, less).await), Code::ValidationFailed);
    }

    async fn wal_4_services_hold_and_spend_for_merchants(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let offer = offer_of(test, &merchant, plain_offer()).await;
        let caller = member_with(test, 100).await;
        let wanted = |amount, merchant_id| MerchantHold {
            member_id: caller.member_id, merchant_id, amount: Some(amount), lasts: Duration::from_secs(60), reason: "tank",
        };
        let hold = merchants::hold(app, &service(), &fresh_key(), wanted(60, merchant.id)).await.expect("holds").receipt;
        assert_eq!(wallet::hold_by_id(app, hold.id).await.expect("reads"), hold);
        let captured = wallet::capture(app, &service(), &fresh_key(), hold.id, Some(Some(45))).await.expect("captures");
        assert_eq!(captured.receipt.credit.balance, 45);
        assert_eq!((points(app, caller.member_id).await, has(app, merchant.id).await), ((55, 0), 45));
        let nobody = merchants::hold(app, &service(), &fresh_key(), wanted(1, MerchantId::new(Uuid::nil()))).await;
        assert_eq!(refusal(nobody), Code::ValidationFailed);

        // What a member redeemed is theirs and the merchant's.
        let redeemed = redeem(app, &caller, offer.id).await.expect("redeems").hold.id;
        assert_eq!(refusal(wallet::hold_by_id(app, redeemed).await), Code::NotFound);
        assert_eq!(refusal(wallet::capture(app, &service(), &fresh_key(), redeemed, None).await), Code::NotFound);
        assert_eq!(refusal(wallet::release(app, &test.ctx(), &service(), &fresh_key(), redeemed).await), Code::NotFound);
        assert_eq!(points(app, caller.member_id).await, (25, 30));
    }
}
