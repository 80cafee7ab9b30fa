//! Ending sessions takes effect at once here and within a second everywhere.

use std::time::Duration;

use mainstay_model::{audit::Actor, member::Role, session::RevokedReason};
use mainstay_services::{Code, limits, members, sessions};

use super::{log_out, refresh, session};
use crate::{
    both_engines,
    harness::{LocalBus, NodeOptions, TestApp, refusal},
};

both_engines! {
    async fn t_id_21_after_log_out_the_next_request_is_refused(test: &TestApp) {
        let signed_in = session(test).await;
        test.authenticate(&signed_in.access_token).await.expect("is live");
        log_out(test, &test.ctx(), &signed_in).await;
        assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::SessionEnded);
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::SessionEnded);
        // A second log-out is fine and leaves no second trace.
        log_out(test, &test.ctx(), &signed_in).await;
        assert_eq!(test.audited("session.ended").await, 1);
    }

    async fn t_id_21_after_a_ban_the_next_request_is_refused(test: &TestApp) {
        let signed_in = session(test).await;
        test.authenticate(&signed_in.access_token).await.expect("is live");
        let (ctx, id) = (test.ctx(), signed_in.member.id);
        members::ban(&test.app, &ctx, &Actor::System, id, true).await.expect("is banned");
        assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::SessionEnded);
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::SessionEnded);
        // Letting them in again does not bring the session back.
        members::ban(&test.app, &ctx, &Actor::System, id, false).await.expect("is let in");
        assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::SessionEnded);
        test.sign_in(&signed_in.member).await;
    }

    async fn t_id_21_after_deletion_the_next_request_is_refused(test: &TestApp) {
        let signed_in = session(test).await;
        let caller = test.authenticate(&signed_in.access_token).await.expect("is live");
        members::delete_self(&test.app, &test.ctx(), &caller).await.expect("is deleted");
        assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::SessionEnded);
        assert_eq!(refusal(refresh(test, &signed_in.refresh_token).await), Code::InvalidToken);
    }

    async fn ses_5_a_changed_role_ends_sessions_that_began_with_the_old_one(test: &TestApp) {
        let signed_in = session(test).await;
        let caller = test.authenticate(&signed_in.access_token).await.expect("is live");
        assert_eq!(caller.role, Role::Member);
        let selector = signed_in.member.id.to_string();
        members::promote(&test.app, &test.ctx(), &Actor::System, &selector, Role::Operator)
            .await
            .expect("rises");
        assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::SessionEnded);
        let again = test.sign_in(&signed_in.member).await;
        assert_eq!(test.authenticate(&again.access_token).await.expect("is live").role, Role::Operator);
    }

    async fn ses_5_other_nodes_follow_within_a_second_even_without_hints(test: &TestApp) {
        let deaf = std::sync::Arc::new(LocalBus::new(8));
        let other = test.node(NodeOptions { seed: 2, ..NodeOptions::new() }, &deaf).await.expect("starts");
        let signed_in = session(test).await;
        sessions::authenticate(&other, &signed_in.access_token).await.expect("is live");
        log_out(test, &test.ctx(), &signed_in).await;
        test.advance(Duration::from_secs(1));
        assert_eq!(
            refusal(sessions::authenticate(&other, &signed_in.access_token).await),
            Code::SessionEnded
        );
        assert!(limits::SESSION_CACHE_TTL < Duration::from_secs(1));
    }

    async fn idn_7_members_see_and_end_their_own_sessions_only(test: &TestApp) {
        let ada = test.member().await;
        let (phone, laptop) = (test.sign_in(&ada).await, test.sign_in(&ada).await);
        let stranger = session(test).await;
        let caller = test.authenticate(&laptop.access_token).await.expect("is live");
        let listed = sessions::list(&test.app, &caller).await.expect("lists");
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().all(|session| session.member_id == ada.id));

        let (app, ctx) = (&test.app, test.ctx());
        assert_eq!(refusal(sessions::end(app, &ctx, &caller, stranger.session.id).await), Code::NotFound);
        test.authenticate(&stranger.access_token).await.expect("is untouched");
        sessions::end(app, &ctx, &caller, phone.session.id).await.expect("ends");
        assert_eq!(refusal(test.authenticate(&phone.access_token).await), Code::SessionEnded);
        assert_eq!(refusal(sessions::end(app, &ctx, &caller, phone.session.id).await), Code::NotFound);
        assert_eq!(sessions::list(app, &caller).await.expect("lists").len(), 1);
        let event = &test.audit_events().await[0];
        assert_eq!(
            (event.action.as_str(), event.subject.as_str()),
            ("session.ended", &*format!("session:{}", phone.session.id))
        );
        assert!(event.detail.contains("ended_by_member"));
    }

    async fn idn_7_a_member_ends_all_others_at_once(test: &TestApp) {
        let ada = test.member().await;
        let others = [test.sign_in(&ada).await, test.sign_in(&ada).await];
        let stranger = session(test).await;
        let own = test.sign_in(&ada).await;
        for signed_in in &others {
            test.authenticate(&signed_in.access_token).await.expect("is live");
        }
        let caller = test.authenticate(&own.access_token).await.expect("is live");
        sessions::end_others(&test.app, &test.ctx(), &caller).await.expect("ends");
        for signed_in in &others {
            assert_eq!(refusal(test.authenticate(&signed_in.access_token).await), Code::SessionEnded);
            let mut tx = test.app.read().await.expect("opens");
            let stored = tx.session_by_id(signed_in.session.id).await.expect("reads").expect("is kept");
            assert_eq!(stored.revoked_reason, Some(RevokedReason::EndedByMember));
        }
        test.authenticate(&own.access_token).await.expect("is live");
        test.authenticate(&stranger.access_token).await.expect("is live");
        // One event for all of them.
        assert_eq!(test.audited("session.ended").await, 1);
        let event = &test.audit_events().await[0];
        assert_eq!(event.subject, format!("member:{}", ada.id));
        assert!(event.detail.contains(r#""ended":2"#), "{}", event.detail);
        // With nothing to end nothing is written.
        sessions::end_others(&test.app, &test.ctx(), &caller).await.expect("ends");
        assert_eq!(test.audited("session.ended").await, 1);
    }

    async fn a_member_has_only_so_many_sessions_and_the_oldest_ends(test: &TestApp) {
        let (ada, stranger) = (test.member().await, session(test).await);
        let mut opened = Vec::new();
        for _ in 0..limits::SESSIONS_PER_MEMBER_MAX {
            test.advance(Duration::from_millis(1));
            opened.push(test.sign_in(&ada).await);
        }
        test.authenticate(&opened[0].access_token).await.expect("is live");
        assert_eq!(test.audited("session.ended").await, 0);
        test.advance(Duration::from_millis(1));
        let newest = test.sign_in(&ada).await;
        assert_eq!(newest.displaced, [opened[0].session.id]);
        assert_eq!(refusal(test.authenticate(&opened[0].access_token).await), Code::SessionEnded);
        assert_eq!(test.audited("session.ended").await, 1);
        for signed_in in [&opened[1], &newest, &stranger] {
            test.authenticate(&signed_in.access_token).await.expect("is live");
        }
        // One that is replaced makes the room itself.
        test.advance(Duration::from_millis(1));
        let again = test.sign_in_replacing(&ada, Some(newest.session.id)).await.expect("signs in");
        assert_eq!(again.displaced, [newest.session.id]);
        test.authenticate(&opened[1].access_token).await.expect("is live");
    }

    async fn sec_2_a_csrf_token_belongs_to_its_session(test: &TestApp) {
        let (ada, bob) = (session(test).await.session.id, session(test).await.session.id);
        let token = sessions::csrf_token(&test.app, ada);
        assert_eq!(token, sessions::csrf_token(&test.app, ada));
        assert!(sessions::csrf_matches(&test.app, ada, &token));
        assert!(!sessions::csrf_matches(&test.app, bob, &token));
        for wrong in ["", "x", &token[1..], &format!("{token}A"), &sessions::csrf_token(&test.app, bob)] {
            assert!(!sessions::csrf_matches(&test.app, ada, wrong));
        }
        // Every node of a deployment makes the same.
        assert!(sessions::csrf_matches(&*test.second_node().await, ada, &token));
    }
}
