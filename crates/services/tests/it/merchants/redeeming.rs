//! Taking offers, and giving them back (WAL-7).

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use mainstay_model::{
    ledger::HoldState,
    offer::OfferStatus,
    page::PageRequest,
    redemption::{Redemption, RedemptionState},
};
use mainstay_services::{
    Code, limits, members,
    merchants::{self, NewOffer, OfferPatch},
    wallet::{self, Grant},
};

use super::{
    POINTS, assert_books, confirm, fresh_key, has, key, member_with, merchant, offer_of, patch, plain_offer,
    points, redeem, service, shown, state, taken, till_of,
};
use crate::{
    both_engines,
    harness::{TestApp, refusal},
};

both_engines! {
    async fn wal_7_what_is_not_confirmed_in_time_comes_back(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let offer = offer_of(test, &merchant, NewOffer { stock: Some(1), ..plain_offer() }).await;
        let till = till_of(test, &merchant).await;
        let caller = member_with(test, 100).await;
        let redemption = redeem(app, &caller, offer.id).await.expect("redeems");
        let code = shown(app, &redemption);
        test.advance(limits::REDEMPTION_TTL);
        assert_eq!(state(app, &caller, redemption.id()).await, RedemptionState::Expired);
        assert!(merchants::code(app, &redemption).is_none());
        assert_eq!(refusal(confirm(app, &till, &code).await), Code::Conflict);
        assert_eq!(refusal(redeem(app, &caller, offer.id).await), Code::Conflict);
        assert_eq!(wallet::run_once(app).await.expect("runs").holds, 1);
        assert_eq!((points(app, caller.member_id).await, has(app, merchant.id).await), ((100, 0), 0));
        assert_eq!(state(app, &caller, redemption.id()).await, RedemptionState::Expired);
        assert_eq!(refusal(confirm(app, &till, &code).await), Code::Conflict);
        assert_eq!(taken(app, offer.id).await, 0);
        redeem(app, &caller, offer.id).await.expect("it is there again");
        assert_books(test).await;
    }

    async fn wal_7_a_member_takes_it_back(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let offer = offer_of(test, &merchant, NewOffer { per_member_max: Some(1), ..plain_offer() }).await;
        let till = till_of(test, &merchant).await;
        let (caller, stranger) = (member_with(test, 100).await, member_with(test, 100).await);
        let redemption = redeem(app, &caller, offer.id).await.expect("redeems");
        let code = shown(app, &redemption);
        assert_eq!(refusal(merchants::cancel(app, &stranger, redemption.id()).await), Code::NotFound);
        assert_eq!(refusal(merchants::redemption(app, &stranger, redemption.id()).await), Code::NotFound);
        for _ in 0..2 {
            let cancelled = merchants::cancel(app, &caller, redemption.id()).await.expect("cancels");
            assert_eq!(cancelled.state(app.now()), RedemptionState::Cancelled);
            assert_eq!(cancelled.hold.state, HoldState::Released);
        }
        assert_eq!(points(app, caller.member_id).await, (100, 0));
        assert_eq!(refusal(confirm(app, &till, &code).await), Code::Conflict);
        // Ids sort by their millisecond.
        test.advance(Duration::from_millis(2));
        let again = redeem(app, &caller, offer.id).await.expect("redeems again");
        confirm(app, &till, &shown(app, &again)).await.expect("confirms");
        assert_eq!(refusal(merchants::cancel(app, &caller, again.id()).await), Code::Conflict);
        assert_eq!(refusal(redeem(app, &caller, offer.id).await), Code::Conflict);
        assert_eq!(points(app, caller.member_id).await, (70, 0));
        let page = PageRequest { limit: 10, before: None };
        let own = merchants::redemptions(app, &caller, page).await.expect("lists").items;
        assert_eq!(own.iter().map(Redemption::id).collect::<Vec<_>>(), [again.id(), redemption.id()]);
        assert!(merchants::redemptions(app, &stranger, page).await.expect("lists").items.is_empty());
        let at_merchant = merchants::redemptions_of_merchant(app, merchant.id, page).await.expect("lists");
        assert_eq!(at_merchant.items, own);
    }

    async fn wal_7_stock_and_caps_hold_in_a_race(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let new = NewOffer { stock: Some(5), per_member_max: Some(2), ..plain_offer() };
        let offer = offer_of(test, &merchant, new).await;
        let mut callers = Vec::new();
        for _ in 0..4 {
            callers.push(member_with(test, 1_000).await);
        }
        let nodes = [Arc::clone(app), test.second_node().await];
        let outcomes = join_all((0..24).map(|number| {
            let (app, caller) = (Arc::clone(&nodes[number % 2]), callers[number % 4].clone());
            tokio::spawn(async move { (caller.member_id, redeem(&app, &caller, offer.id).await) })
        }));
        let outcomes = outcomes.await.into_iter().map(|outcome| outcome.expect("no panic")).collect::<Vec<_>>();
        assert_eq!(outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count(), 5);
        for caller in &callers {
            let own = outcomes.iter().filter(|(member, outcome)| *member == caller.member_id && outcome.is_ok());
            let own = i64::try_from(own.count()).expect("fits");
            assert!(own <= 2);
            assert_eq!(points(app, caller.member_id).await, (1_000 - own * POINTS, own * POINTS));
        }
        for (_, refused) in outcomes.into_iter().filter(|(_, outcome)| outcome.is_err()) {
            assert_eq!(refusal(refused), Code::Conflict);
        }
        assert_eq!(merchants::offer(app, offer.id).await.expect("reads").left(), Some(0));
        assert_books(test).await;
    }

    async fn wal_2_many_at_once_spend_no_more_than_there_is(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let offer = offer_of(test, &merchant, plain_offer()).await;
        let caller = member_with(test, 100).await;
        let outcomes = join_all((0..10).map(|_| {
            let (app, caller) = (Arc::clone(app), caller.clone());
            tokio::spawn(async move { redeem(&app, &caller, offer.id).await })
        }));
        let mut redeemed = 0;
        for outcome in outcomes.await {
            match outcome.expect("no panic") {
                Ok(_) => redeemed += 1,
                Err(error) => assert_eq!((error.code, error.points), (Code::InsufficientPoints, Some((10, POINTS)))),
            }
        }
        assert_eq!((redeemed, points(app, caller.member_id).await), (3, (10, 90)));
    }

    async fn wal_3_a_repeated_redemption_is_answered_alike(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let offer = offer_of(test, &merchant, NewOffer { stock: Some(1), ..plain_offer() }).await;
        let (rich, poor) = (member_with(test, 100).await, member_with(test, 1).await);
        let lacking = merchants::redeem(app, &poor, &key("p"), offer.id, None).await;
        assert_eq!(refusal(lacking), Code::InsufficientPoints);
        let outcomes = join_all((0..10).map(|_| {
            let (app, caller) = (Arc::clone(app), rich.clone());
            tokio::spawn(async move { merchants::redeem(&app, &caller, &key("r"), offer.id, None).await })
        }));
        let outcomes = outcomes.await.into_iter().map(|outcome| outcome.expect("no panic").expect("redeems"));
        let outcomes = outcomes.collect::<Vec<_>>();
        assert_eq!(outcomes.iter().filter(|outcome| !outcome.is_replay).count(), 1);
        assert!(outcomes.iter().all(|outcome| outcome.receipt == outcomes[0].receipt));
        // Sold out and closed by now, and with points enough: the answers stay.
        patch(test, offer.id, OfferPatch { status: Some(OfferStatus::Closed), ..OfferPatch::default() }).await.expect("closes");
        let again = merchants::redeem(app, &rich, &key("r"), offer.id, None).await.expect("answers");
        assert_eq!((again.is_replay, again.receipt), (true, outcomes[0].receipt.clone()));
        let wanted = Grant { member_id: poor.member_id, amount: Some(99), reason: "more", expires_on: None };
        wallet::grant(app, &test.ctx(), &service(), &fresh_key(), wanted).await.expect("is granted");
        let again = merchants::redeem(app, &poor, &key("p"), offer.id, None).await;
        assert_eq!(refusal(again), Code::InsufficientPoints);
        // What was never posted leaves its key unused.
        assert_eq!(refusal(merchants::redeem(app, &poor, &key("q"), offer.id, None).await), Code::Conflict);
        assert_eq!(points(app, poor.member_id).await, (100, 0));
        let bounds = OfferPatch { status: Some(OfferStatus::Active), stock: Some(None), ..OfferPatch::default() };
        patch(test, offer.id, bounds).await.expect("changes");
        assert!(!merchants::redeem(app, &poor, &key("q"), offer.id, None).await.expect("redeems").is_replay);
    }

    async fn wal_7_a_member_who_goes_takes_back_what_was_open(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let offer = offer_of(test, &merchant, NewOffer { stock: Some(1), ..plain_offer() }).await;
        let till = till_of(test, &merchant).await;
        let caller = member_with(test, 100).await;
        let code = shown(app, &redeem(app, &caller, offer.id).await.expect("redeems"));
        members::delete_self(app, &test.ctx(), &caller).await.expect("is deleted");
        assert_eq!(refusal(confirm(app, &till, &code).await), Code::Conflict);
        assert_eq!((taken(app, offer.id).await, has(app, merchant.id).await), (0, 0));
        assert_books(test).await;
    }
}
