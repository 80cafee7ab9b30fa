//! Codes and their confirmation (WAL-7).

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use mainstay_model::{
    audit::Actor,
    ledger::TransferKind,
    redemption::RedemptionState,
    service_key::{Scope, ServiceKey},
};
use mainstay_services::{
    Code, Result, limits,
    merchants::{self},
    service_keys,
    wallet::{IdempotencyKey, StatementFilter},
};

use super::{
    POINTS, assert_books, confirm, has, key, member_with, merchant, offer_of, plain_offer, points, redeem,
    shown, state, taken, till_of,
};
use crate::{
    both_engines,
    harness::{NodeOptions, TestApp, refusal},
};

both_engines! {
    async fn wal_7_a_code_is_shown_and_confirmed(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let (offer, till) = (offer_of(test, &merchant, plain_offer()).await, till_of(test, &merchant).await);
        let caller = member_with(test, 100).await;
        let redemption = redeem(app, &caller, offer.id).await.expect("redeems");
        let code = shown(app, &redemption);
        assert_eq!((code.len(), redemption.state(app.now())), (8, RedemptionState::Open));
        assert_eq!(redemption.hold.expires_at, app.now() + limits::REDEMPTION_TTL);
        assert_eq!((points(app, caller.member_id).await, has(app, merchant.id).await), ((70, 30), 0));
        // Only a keyed hash and what is sealed are stored.
        assert_ne!(redemption.code_hash, mainstay_services::crypto::sha256(code.as_bytes()));
        let stored = merchants::redemption(app, &caller, redemption.id()).await.expect("reads");
        assert_eq!((&stored, shown(app, &stored)), (&redemption, code.clone()));

        test.advance(Duration::from_secs(60));
        let typed = format!("{} - {}", code[..4].to_lowercase(), &code[4..]);
        let confirmed = confirm(app, &till, &typed).await.expect("confirms").receipt;
        assert_eq!((confirmed.redemption.id(), confirmed.settlement.transfer.kind), (redemption.id(), TransferKind::Capture));
        assert_eq!(confirmed.settlement.transfer.cause, format!("redemption:{}", redemption.id()));
        assert_eq!(confirmed.settlement.transfer.reason, "Coffee");
        assert_eq!((points(app, caller.member_id).await, has(app, merchant.id).await), ((70, 0), 30));
        assert_eq!(state(app, &caller, redemption.id()).await, RedemptionState::Confirmed);
        let stored = merchants::redemption(app, &caller, redemption.id()).await.expect("reads");
        assert!(merchants::code(app, &stored).is_none());
        let lines = merchants::statement(app, merchant.id, StatementFilter { limit: 10, ..StatementFilter::default() });
        assert_eq!(lines.await.expect("reads").len(), 1);
        assert_eq!(taken(app, offer.id).await, 1);
        assert_books(test).await;
    }

    async fn wal_7_a_code_is_confirmed_once_among_twenty(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let (offer, till) = (offer_of(test, &merchant, plain_offer()).await, till_of(test, &merchant).await);
        let caller = member_with(test, 100).await;
        let code = shown(app, &redeem(app, &caller, offer.id).await.expect("redeems"));
        let outcomes = join_all((0..20).map(|_| {
            let (app, till, code) = (Arc::clone(app), till.clone(), code.clone());
            tokio::spawn(async move { confirm(&app, &till, &code).await })
        }));
        let outcomes = outcomes.await.into_iter().map(|outcome| outcome.expect("no panic")).collect::<Vec<_>>();
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for refused in outcomes.into_iter().filter(Result::is_err) {
            assert_eq!(refusal(refused), Code::Conflict);
        }
        assert_eq!((points(app, caller.member_id).await, has(app, merchant.id).await), ((70, 0), 30));
        assert_books(test).await;
    }

    async fn wal_3_a_repeated_confirmation_is_answered_alike(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let (offer, till) = (offer_of(test, &merchant, plain_offer()).await, till_of(test, &merchant).await);
        let caller = member_with(test, 100).await;
        let redemption = redeem(app, &caller, offer.id).await.expect("redeems");
        let code = shown(app, &redemption);
        let first = merchants::confirm(app, &till, &key("a"), &code).await.expect("confirms");
        // Long after, when nothing could be confirmed any more.
        test.advance(limits::REDEMPTION_TTL);
        let again = merchants::confirm(app, &till, &key("a"), &code).await.expect("answers");
        assert!(!first.is_replay && again.is_replay);
        assert_eq!(first.receipt.settlement, again.receipt.settlement);
        assert_eq!(refusal(merchants::confirm(app, &till, &key("b"), &code).await), Code::Conflict);
        let other = shown(app, &redeem(app, &caller, offer.id).await.expect("redeems"));
        let reused = IdempotencyKey::new(Some("a"), "POST", "/", b"another body").expect("a key");
        assert_eq!(refusal(merchants::confirm(app, &till, &reused, &other).await), Code::IdempotencyKeyReused);
        assert_eq!(has(app, merchant.id).await, POINTS);
    }

    async fn wal_7_the_code_of_another_merchant_is_not_found(test: &TestApp) {
        let app = &test.app;
        let (one, two) = (merchant(test).await, merchant(test).await);
        let (offer, till, other) =
            (offer_of(test, &one, plain_offer()).await, till_of(test, &one).await, till_of(test, &two).await);
        let caller = member_with(test, 100).await;
        let code = shown(app, &redeem(app, &caller, offer.id).await.expect("redeems"));
        assert_eq!(refusal(confirm(app, &other, &code).await), Code::NotFound);
        assert_eq!(refusal(confirm(app, &till, "00000000").await), Code::NotFound);
        for none in ["", "0000000", "000000000", "ÄÄÄÄÄÄÄÄ", "UUUUUUUU"] {
            assert_eq!(refusal(confirm(app, &till, none).await), Code::ValidationFailed, "{none}");
        }
        let keyless = ServiceKey { merchant_id: None, ..till.clone() };
        assert_eq!(refusal(confirm(app, &keyless, &code).await), Code::Forbidden);
        assert_eq!(points(app, caller.member_id).await, (70, 30));
        confirm(app, &till, &code).await.expect("confirms");
    }

    async fn wal_7_trying_codes_out_is_slow(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let (offer, till) = (offer_of(test, &merchant, plain_offer()).await, till_of(test, &merchant).await);
        let caller = member_with(test, 100).await;
        let first = shown(app, &redeem(app, &caller, offer.id).await.expect("redeems"));
        let second = shown(app, &redeem(app, &caller, offer.id).await.expect("redeems"));
        confirm(app, &till, &first).await.expect("confirms");
        for _ in 0..limits::WRONG_CODES.free {
            assert_eq!(refusal(confirm(app, &till, "00000000").await), Code::NotFound);
            // A code that was confirmed before washes nothing away.
            test.advance(Duration::from_secs(1));
            assert_eq!(refusal(confirm(app, &till, &first).await), Code::Conflict);
        }
        assert_eq!(refusal(confirm(app, &till, "00000000").await), Code::NotFound);
        let waiting = confirm(app, &till, &second).await.expect_err("has to wait");
        assert_eq!((waiting.code, waiting.retry_after), (Code::RateLimited, Some(limits::WRONG_CODES.base)));
        // Another till of the merchant goes on.
        test.advance(limits::WRONG_CODES.base);
        confirm(app, &till, &second).await.expect("confirms after the wait");
        assert_eq!(refusal(confirm(app, &till, "00000000").await), Code::NotFound);
        assert_eq!(refusal(confirm(app, &till, "00000000").await), Code::NotFound);

        let busy = till_of(test, &merchant).await;
        for _ in 0..limits::CONFIRMATIONS_PER_KEY.limit {
            assert_eq!(refusal(confirm(app, &busy, &first).await), Code::Conflict);
        }
        assert_eq!(refusal(confirm(app, &busy, &first).await), Code::RateLimited);
    }

    async fn wal_7_cancelling_and_confirming_at_once_have_one_winner(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let (offer, till) = (offer_of(test, &merchant, plain_offer()).await, till_of(test, &merchant).await);
        let caller = member_with(test, 1_000).await;
        let mut confirmed = 0;
        for round in 0..10 {
            let redemption = redeem(app, &caller, offer.id).await.expect("redeems");
            let code = shown(app, &redemption);
            let confirming = {
                let (app, till) = (Arc::clone(app), till.clone());
                tokio::spawn(async move { confirm(&app, &till, &code).await })
            };
            if round % 2 == 0 {
                tokio::task::yield_now().await;
            }
            let cancelled = merchants::cancel(app, &caller, redemption.id()).await;
            let outcome = confirming.await.expect("no panic");
            assert_ne!(outcome.is_ok(), cancelled.is_ok(), "{outcome:?} {cancelled:?}");
            confirmed += i64::from(outcome.is_ok());
        }
        assert_eq!(has(app, merchant.id).await, confirmed * POINTS);
        assert_eq!(points(app, caller.member_id).await, (1_000 - confirmed * POINTS, 0));
        assert_books(test).await;
    }

    async fn idn_10_a_tills_key_belongs_to_its_merchant_alone(test: &TestApp) {
        let app = &test.app;
        let till = till_of(test, &merchant(test).await).await;
        assert_eq!(till.scopes, [Scope::RedemptionsConfirm]);
        for scopes in [&[Scope::RedemptionsConfirm][..], &[Scope::MembersRead, Scope::RedemptionsConfirm]] {
            let made = service_keys::create(app, &test.ctx(), &Actor::System, "till", scopes).await;
            assert_eq!(refusal(made), Code::ValidationFailed);
        }
        assert_eq!(service_keys::list(app).await.expect("lists"), [till]);
    }

    async fn t_op_15_exchanging_the_encryption_key_spoils_no_code(test: &TestApp) {
        let app = &test.app;
        let merchant = merchant(test).await;
        let (offer, till) = (offer_of(test, &merchant, plain_offer()).await, till_of(test, &merchant).await);
        let caller = member_with(test, 100).await;
        let redemption = redeem(app, &caller, offer.id).await.expect("redeems");
        let code = shown(app, &redemption);
        let options = NodeOptions { seed: 3, token_keys: ([8; 32], vec![[7; 32]]), ..NodeOptions::new() };
        let rotated = test.node(options, &test.bus).await.expect("starts");
        assert_eq!(shown(&rotated, &redemption), code);
        confirm(&rotated, &till, &code).await.expect("confirms");
    }
}
