//! A member's own passkeys: adding, naming, removing.

use mainstay_services::{Code, identity::passkeys, limits};

use crate::identity::{
    BROWSER, at_once,
    authenticator::{Claims, SoftPasskey, encode},
    code_of, provider, worlds,
};

worlds! {
    async fn t_id_12_a_member_adds_a_passkey_and_is_told(world: &World) {
        let member = world.member_with_email("ada@example.com").await;
        let caller = world.caller_of(&world.sign_in(&member).await).await;
        let (first, _) = world.add_passkey(&caller).await.expect("adds");
        assert_eq!(first.user_handle, member.user_handle);
        let ctx = world.ctx();
        let started = passkeys::register_start(&world.app, &ctx, Some(&caller), None, None, &BROWSER);
        let excluded = started.await.expect("starts").options["excludeCredentials"].clone();
        assert_eq!(excluded[0]["id"], encode(&first.credential_id));
        assert_eq!(excluded.as_array().map(Vec::len), Some(1));
        world.login_with(&first, &Claims::default()).await.expect("signs in");
        world.run_jobs().await;
        let mails = world.mailer.sent();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, "ada@example.com");
        assert!(mails[0].subject.contains("passkey was added"));
    }

    async fn t_id_12_adding_needs_a_recent_sign_in(world: &World) {
        let caller = world.caller().await;
        world.advance(limits::RECENT_SIGN_IN);
        assert_eq!(code_of(world.add_passkey(&caller).await), Code::RecentSignInRequired);
    }

    async fn t_id_12_a_session_that_ended_meanwhile_adds_nothing(world: &World) {
        let caller = world.caller().await;
        let ctx = world.ctx();
        let started = passkeys::register_start(&world.app, &ctx, Some(&caller), None, None, &BROWSER).await;
        let started = started.expect("starts");
        mainstay_services::sessions::logout(&world.app, &ctx, caller.session_id).await.expect("ends");
        let (_, answer) = SoftPasskey::create(&started.options, &Claims::default());
        let late = world.finish_registration(Some(&caller), started.ceremony_id, answer).await;
        assert_eq!(code_of(late), Code::SessionEnded);
    }

    async fn t_id_12_removing_needs_a_recent_sign_in_and_leaves_the_last_way_in(world: &World) {
        let (_, finished) = world.sign_up(&Claims::default()).await;
        let finished = finished.expect("registers");
        let caller = world.caller_of(&finished.signed_in.expect("a session")).await;
        let ctx = world.ctx();
        let only = passkeys::remove(&world.app, &ctx, &caller, finished.passkey.id).await;
        assert_eq!(code_of(only), Code::LastWayIn);

        let (second, _) = world.add_passkey(&caller).await.expect("adds");
        let accepted = passkeys::remove(&world.app, &ctx, &caller, finished.passkey.id).await.expect("removes");
        assert_eq!(accepted.rp_id, "localhost");
        assert_eq!(accepted.user_handle.as_slice(), second.user_handle);
        assert_eq!(accepted.credential_ids, std::slice::from_ref(&second.credential_id));
        let again = passkeys::remove(&world.app, &ctx, &caller, finished.passkey.id).await;
        assert_eq!(code_of(again), Code::NotFound);
        assert_eq!(world.audited("passkey.removed").await, 1);

        world.advance(limits::RECENT_SIGN_IN);
        let listed = passkeys::list(&world.app, &caller).await.expect("lists");
        let late = passkeys::remove(&world.app, &ctx, &caller, listed[0].id).await;
        assert_eq!(code_of(late), Code::RecentSignInRequired);
    }

    async fn t_id_12_two_removals_at_once_leave_one_way_in(world: &World) {
        let (_, finished) = world.sign_up(&Claims::default()).await;
        let finished = finished.expect("registers");
        let caller = world.caller_of(&finished.signed_in.expect("a session")).await;
        let (_, second) = world.add_passkey(&caller).await.expect("adds");
        let ids = [finished.passkey.id, second.id];
        let ctx = world.ctx();
        let whose = caller.clone();
        let outcomes = at_once(&world.app, 2, move |app, n| {
            let (ctx, caller, id) = (ctx.clone(), whose.clone(), ids[n]);
            async move { passkeys::remove(&app, &ctx, &caller, id).await }
        }).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(passkeys::list(&world.app, &caller).await.expect("lists").len(), 1);
    }

    async fn t_id_12_a_verified_address_is_another_way_in(world: &World) {
        let member = world.member_with_email("ada@example.com").await;
        let caller = world.caller_of(&world.sign_in(&member).await).await;
        let (soft, passkey) = world.add_passkey(&caller).await.expect("adds");
        world.run_jobs().await;
        let accepted = passkeys::remove(&world.app, &world.ctx(), &caller, passkey.id).await.expect("removes");
        assert!(accepted.credential_ids.is_empty());
        assert_eq!(code_of(world.login_with(&soft, &Claims::default()).await), Code::CeremonyRefused);
        world.run_jobs().await;
        assert!(world.mailer.sent()[1].subject.contains("passkey was removed"));
    }

    async fn a_stranger_neither_renames_nor_removes(world: &World) {
        let (_, finished) = world.sign_up(&Claims::default()).await;
        let finished = finished.expect("registers");
        let stranger = world.caller().await;
        let ctx = world.ctx();
        let id = finished.passkey.id;
        assert_eq!(code_of(passkeys::rename(&world.app, &ctx, &stranger, id, "Mine").await), Code::NotFound);
        assert_eq!(code_of(passkeys::remove(&world.app, &ctx, &stranger, id).await), Code::NotFound);
        let caller = world.caller_of(&finished.signed_in.expect("a session")).await;
        passkeys::rename(&world.app, &ctx, &caller, id, " Laptop ").await.expect("renames");
        assert_eq!(passkeys::list(&world.app, &caller).await.expect("lists")[0].name, "Laptop");
        assert_eq!(
            code_of(passkeys::rename(&world.app, &ctx, &caller, id, " ").await),
            Code::ValidationFailed
        );
    }

    async fn a_linked_provider_is_another_way_in_than_a_passkey(world: &World) {
        let signed_in = world.sign_in_by(mainstay_model::identity::Provider::Apple, provider::apple("a")).await;
        let caller = world.caller_of(&signed_in).await;
        let (_, passkey) = world.add_passkey(&caller).await.expect("adds");
        passkeys::remove(&world.app, &world.ctx(), &caller, passkey.id).await.expect("removes");
    }
}
