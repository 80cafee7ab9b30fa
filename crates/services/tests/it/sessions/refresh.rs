//! Exchanging refresh tokens: honest clients are excused, thieves are found.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mainstay_model::{audit::Actor, session::RevokedReason};
use mainstay_services::{
    Code, crypto, limits, members,
    sessions::{self, Refreshed, SignedIn},
};
use mainstay_store::MemberUpdated;
use secrecy::ExposeSecret;

use super::{refresh, session};
use crate::{
    both_engines,
    harness::{TestApp, refusal},
};

const BEYOND_GRACE: Duration = Duration::from_secs(11);

async fn stored(test: &TestApp, signed_in: &SignedIn) -> mainstay_model::session::Session {
    let mut tx = test.app.read().await.expect("opens");
    tx.session_by_id(signed_in.session.id).await.expect("reads").expect("is there")
}

/// Nothing of the family works any more.
async fn assert_family_is_dead(test: &TestApp, signed_in: &SignedIn, tokens: &[&Refreshed]) {
    assert_eq!(stored(test, signed_in).await.revoked_reason, Some(RevokedReason::RefreshReuse));
    assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::SessionEnded);
    assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::SessionEnded);
    for token in tokens {
        assert_eq!(refusal(test.authenticate(&token.access_token).await), Code::SessionEnded);
        assert_eq!(refusal(refresh(test, &token.refresh_token).await), Code::SessionEnded);
    }
    assert_eq!(test.audited("session.refresh_reused").await, 1);
}

both_engines! {
    async fn ses_1_a_refresh_token_is_exchanged_at_every_use(test: &TestApp) {
        let signed_in = session(test).await;
        let mut tokens = vec![signed_in.refresh_token.clone()];
        for generation in 2..=4 {
            test.advance(BEYOND_GRACE);
            let next = refresh(test, tokens.last().expect("one")).await.expect("refreshes");
            assert_eq!(next.session_id, signed_in.session.id);
            assert_eq!(next.refresh_expires_at, test.now() + limits::SESSION_SLIDING_TTL);
            test.authenticate(&next.access_token).await.expect("is live");
            assert_eq!(stored(test, &signed_in).await.generation, generation);
            tokens.push(next.refresh_token);
        }
        let distinct: BTreeSet<_> = tokens.iter().map(|token| token.expose_secret().to_owned()).collect();
        assert_eq!(distinct.len(), 4);
        // An everyday exchange leaves no line in the trail.
        assert_eq!(test.audit_events().await.len(), 1);
    }

    async fn a_refresh_is_one_transaction(test: &TestApp) {
        let signed_in = session(test).await;
        let (reads, writes) = test.store.counts();
        refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        assert_eq!(test.store.counts(), (reads, writes + 1));
    }

    async fn t_id_17_twenty_parallel_refreshes_make_one_generation(test: &TestApp) {
        let signed_in = session(test).await;
        let token: Arc<str> = signed_in.refresh_token.expose_secret().into();
        let nodes = [Arc::clone(&test.app), test.second_node().await];
        let requests: Vec<_> = (0..20)
            .map(|request| {
                let (app, token, ctx) = (Arc::clone(&nodes[request % 2]), Arc::clone(&token), test.ctx());
                tokio::spawn(async move { sessions::refresh(&app, &ctx, &token).await })
            })
            .collect();
        let mut successors = BTreeSet::new();
        for request in requests {
            let refreshed = request.await.expect("joins").expect("every one is answered");
            test.authenticate(&refreshed.access_token).await.expect("is live");
            successors.insert(refreshed.refresh_token.expose_secret().to_owned());
        }
        assert_eq!(successors.len(), 1);
        assert_eq!(stored(test, &signed_in).await.generation, 2);
    }

    async fn t_id_18_the_predecessor_after_the_successor_ends_the_family(test: &TestApp) {
        let signed_in = session(test).await;
        let second = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        test.authenticate(&second.access_token).await.expect("presents the successor");
        test.advance(BEYOND_GRACE);
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::RefreshReused);
        assert_family_is_dead(test, &signed_in, &[&second]).await;
    }

    async fn t_id_18_also_when_the_successor_was_presented_on_another_node(test: &TestApp) {
        let other = test.second_node().await;
        let signed_in = session(test).await;
        let second = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        sessions::authenticate(&other, &second.access_token).await.expect("presents the successor");
        test.advance(BEYOND_GRACE);
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::RefreshReused);
        assert_eq!(refusal(sessions::authenticate(&other, &second.access_token).await), Code::SessionEnded);
    }

    async fn t_id_18_also_when_the_successor_was_exchanged(test: &TestApp) {
        let signed_in = session(test).await;
        let second = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        let third = refresh(test, &second.refresh_token).await.expect("refreshes");
        // Two steps behind: no grace, however soon.
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::RefreshReused);
        assert_family_is_dead(test, &signed_in, &[&second, &third]).await;
    }

    async fn t_id_18_parallel_presentations_of_a_stolen_token_end_the_family_once(test: &TestApp) {
        let signed_in = session(test).await;
        let second = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        test.authenticate(&second.access_token).await.expect("presents the successor");
        test.advance(BEYOND_GRACE);
        let attempts =
            futures::future::join_all((0..10).map(|_| refresh(test, &signed_in.refresh_token))).await;
        let codes: Vec<_> = attempts.into_iter().map(refusal).collect();
        assert_eq!(codes.iter().filter(|&&code| code == Code::RefreshReused).count(), 1);
        assert_eq!(codes.iter().filter(|&&code| code == Code::SessionEnded).count(), 9);
        assert_family_is_dead(test, &signed_in, &[&second]).await;
    }

    async fn t_id_19_victim_and_thief_who_alternate_are_found(test: &TestApp) {
        let signed_in = session(test).await;
        // Both hold the first token, and each uses what they get, a minute apart.
        let mut held = [signed_in.refresh_token.clone(), signed_in.refresh_token.clone()];
        let mut rounds = 0;
        'found: loop {
            rounds += 1;
            assert!(rounds <= 5, "not found in five rounds");
            for token in &mut held {
                test.advance(Duration::from_secs(60));
                match refresh(test, token).await {
                    Ok(next) => {
                        test.authenticate(&next.access_token).await.expect("is live");
                        *token = next.refresh_token;
                    }
                    Err(error) => {
                        assert_eq!(error.code, Code::RefreshReused);
                        break 'found;
                    }
                }
            }
        }
        assert_family_is_dead(test, &signed_in, &[]).await;
    }

    async fn t_id_20_a_retry_after_a_lost_answer_works_once(test: &TestApp) {
        let signed_in = session(test).await;
        let lost = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        test.advance(Duration::from_secs(30));
        let retried = refresh(test, &signed_in.refresh_token).await.expect("is excused");
        assert_eq!(lost.refresh_token.expose_secret(), retried.refresh_token.expose_secret());
        assert_eq!(stored(test, &signed_in).await.generation, 2);
        // This time the answer arrived and is used; after that there is no excuse.
        test.authenticate(&retried.access_token).await.expect("is live");
        test.advance(Duration::from_secs(30));
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::RefreshReused);
    }

    async fn t_id_20_a_lost_answer_is_excused_for_a_day(test: &TestApp) {
        let signed_in = session(test).await;
        refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        test.advance(limits::REFRESH_LOST_ANSWER);
        refresh(test, &signed_in.refresh_token).await.expect("is excused");
        test.advance(Duration::from_micros(1));
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::RefreshReused);
    }

    async fn two_tabs_are_excused_for_ten_seconds(test: &TestApp) {
        let signed_in = session(test).await;
        let first_tab = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        test.authenticate(&first_tab.access_token).await.expect("is live");
        test.advance(limits::REFRESH_GRACE);
        let second_tab = refresh(test, &signed_in.refresh_token).await.expect("is excused");
        assert_eq!(first_tab.refresh_token.expose_secret(), second_tab.refresh_token.expose_secret());
        test.advance(Duration::from_micros(1));
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::RefreshReused);
    }

    async fn the_salt_of_an_older_token_is_forgotten(test: &TestApp) {
        let signed_in = session(test).await;
        let second = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        refresh(test, &second.refresh_token).await.expect("refreshes");
        let mut tx = test.app.read().await.expect("opens");
        for (token, has_salt) in [(&signed_in.refresh_token, false), (&second.refresh_token, true)] {
            let token = crypto::decode_32(token.expose_secret()).expect("32 bytes");
            let row = tx
                .session_by_refresh_hash(&crypto::sha256(&token))
                .await
                .expect("reads")
                .expect("is there")
                .1;
            assert_eq!(row.successor_salt.is_some(), has_salt);
        }
    }

    async fn ses_2_reuse_is_audited_and_the_member_told(test: &TestApp) {
        let member = test.member_with_email("ada@example.com").await;
        let signed_in = test.sign_in(&member).await;
        let second = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        refresh(test, &second.refresh_token).await.expect("refreshes");
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::RefreshReused);
        let event = &test.audit_events().await[0];
        assert_eq!(event.action, "session.refresh_reused");
        assert_eq!(event.subject, format!("session:{}", signed_in.session.id));
        assert!(event.detail.contains(&member.id.to_string()) && !event.detail.contains("ada"));
        assert_eq!(test.run_jobs().await, 1);
        let mails = test.mailer.sent();
        assert_eq!(mails.len(), 1);
        assert_eq!((mails[0].to.as_str(), mails[0].language.as_str()), ("ada@example.com", "en"));
        assert!(mails[0].text.contains("http://localhost:8080/"));
    }

    async fn ses_2_an_unproven_address_is_not_told(test: &TestApp) {
        let mut member = test.member_with_email("ada@example.com").await;
        member.email_verified_at = None;
        let mut tx = test.app.write().await.expect("opens");
        assert_eq!(tx.update_member(&member).await.expect("writes"), MemberUpdated::Updated);
        tx.commit().await.expect("commits");
        let signed_in = test.sign_in(&member).await;
        let second = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        refresh(test, &second.refresh_token).await.expect("refreshes");
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::RefreshReused);
        assert_eq!(test.run_jobs().await, 0);
    }

    async fn an_unknown_token_has_no_effect(test: &TestApp) {
        let signed_in = session(test).await;
        let unknown = crypto::encode(&[9; 32]);
        let padded = format!("{}=", signed_in.refresh_token.expose_secret());
        for token in [unknown.as_str(), "", "x", &padded, &signed_in.access_token] {
            let refused = sessions::refresh(&test.app, &test.ctx(), token).await;
            assert_eq!(refusal(refused), Code::InvalidToken);
            assert_eq!(
                refusal(sessions::session_of_refresh_token(&test.app, token).await),
                Code::InvalidToken
            );
        }
        assert_eq!(test.audit_events().await.len(), 1);
        refresh(test, &signed_in.refresh_token).await.expect("refreshes");
    }

    async fn the_absolute_life_holds_whatever_the_sliding_one(test: &TestApp) {
        let mut signed_in = session(test).await;
        let ends = test.now() + limits::SESSION_ABSOLUTE_TTL;
        let step = limits::SESSION_SLIDING_TTL - Duration::from_secs(1);
        while test.now() + step < ends {
            test.advance(step);
            let next = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
            assert!(next.refresh_expires_at <= ends && next.access_expires_at <= ends);
            signed_in.refresh_token = next.refresh_token;
        }
        test.advance(ends.since(test.now()) - Duration::from_secs(1));
        let last = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        assert_eq!((last.refresh_expires_at, last.access_expires_at), (ends, ends));
        test.advance(Duration::from_secs(1));
        assert_eq!(refusal(refresh(test, &last.refresh_token).await), Code::SessionEnded);
    }

    async fn the_sliding_life_ends_without_a_refresh(test: &TestApp) {
        let signed_in = session(test).await;
        test.advance(limits::SESSION_SLIDING_TTL);
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::SessionEnded);
    }

    async fn a_banned_member_can_not_refresh(test: &TestApp) {
        let signed_in = session(test).await;
        let id = signed_in.member.id;
        members::ban(&test.app, &test.ctx(), &Actor::System, id, true).await.expect("is banned");
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::SessionEnded);
    }

    async fn asking_whose_a_token_is_neither_exchanges_nor_presents_it(test: &TestApp) {
        let signed_in = session(test).await;
        let second = refresh(test, &signed_in.refresh_token).await.expect("refreshes");
        let token = second.refresh_token.expose_secret();
        for _ in 0..3 {
            let session_id = sessions::session_of_refresh_token(&test.app, token).await.expect("is known");
            assert_eq!(session_id, signed_in.session.id);
        }
        let session = stored(test, &signed_in).await;
        assert_eq!((session.generation, session.generation_presented_at), (2, None));
        test.advance(BEYOND_GRACE);
        refresh(test, &signed_in.refresh_token).await.expect("is still excused");
        sessions::logout(&test.app, &test.ctx(), signed_in.session.id).await.expect("signs out");
        assert_eq!(refusal(sessions::session_of_refresh_token(&test.app, token).await), Code::SessionEnded);
    }

    async fn without_a_database_nothing_is_exchanged(test: &TestApp) {
        let signed_in = session(test).await;
        test.store.set_down(true);
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::DependencyUnavailable);
        test.store.set_down(false);
        refresh(test, &signed_in.refresh_token).await.expect("refreshes");
    }
}
