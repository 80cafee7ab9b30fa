//! Passkeys: honest ceremonies, and every lie that an authenticator, a browser or a stranger may tell.

mod own;

use std::time::Duration;

use mainstay_model::{CeremonyId, passkey::Passkey};
use mainstay_services::{
    Caller, Code, Result,
    identity::passkeys::{self, RegisterFinished},
    limits,
    sessions::SignedIn,
};
use serde_json::{Value, json};

use super::{
    BROWSER, OTHER_BROWSER, World, at_once,
    authenticator::{Claims, SoftPasskey},
    code_of, worlds,
};

impl World {
    /// Registers a new member with a passkey.
    async fn sign_up(&self, claims: &Claims) -> (SoftPasskey, Result<RegisterFinished>) {
        let (ceremony, options) = self.start_sign_up().await;
        let (passkey, answer) = SoftPasskey::create(&options, claims);
        (passkey, self.finish_registration(None, ceremony, answer).await)
    }

    async fn start_sign_up(&self) -> (CeremonyId, Value) {
        let ctx = self.ctx();
        let started =
            passkeys::register_start(&self.app, &ctx, None, Some("Ada"), Some("es-MX"), &BROWSER).await;
        let started = started.expect("starts");
        (started.ceremony_id, started.options)
    }

    async fn finish_registration(
        &self,
        caller: Option<&Caller>,
        ceremony: CeremonyId,
        answer: Value,
    ) -> Result<RegisterFinished> {
        let ctx = self.ctx();
        passkeys::register_finish(&self.app, &ctx, caller, None, ceremony, answer, Some("Phone"), &BROWSER)
            .await
    }

    /// Adds a passkey to a signed-in member.
    async fn add_passkey(&self, caller: &Caller) -> Result<(SoftPasskey, Passkey)> {
        let ctx = self.ctx();
        let started = passkeys::register_start(&self.app, &ctx, Some(caller), None, None, &BROWSER).await?;
        let (soft, answer) = SoftPasskey::create(&started.options, &Claims::default());
        let finished = self.finish_registration(Some(caller), started.ceremony_id, answer).await?;
        assert!(finished.signed_in.is_none(), "adding a passkey opens no session");
        Ok((soft, finished.passkey))
    }

    async fn start_login(&self) -> (CeremonyId, Value) {
        let started = passkeys::login_start(&self.app, &self.ctx(), &BROWSER).await.expect("starts");
        assert_eq!(started.expires_in, limits::CEREMONY_TTL);
        (started.ceremony_id, started.options)
    }

    async fn finish_login(&self, ceremony: CeremonyId, answer: Value) -> Result<SignedIn> {
        passkeys::login_finish(&self.app, &self.ctx(), None, ceremony, answer, &BROWSER).await
    }

    async fn login_with(&self, passkey: &SoftPasskey, claims: &Claims) -> Result<SignedIn> {
        let (ceremony, options) = self.start_login().await;
        self.finish_login(ceremony, passkey.get(&options, claims)).await
    }
}

fn counting(counter: u32) -> Claims {
    Claims { counter, ..Claims::default() }
}

worlds! {
    async fn a_new_member_signs_up_and_in_with_a_passkey(world: &World) {
        let (ceremony, options) = world.start_sign_up().await;
        assert_eq!(options["rp"]["id"], "localhost");
        assert_eq!(options["attestation"], "none");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["requireResidentKey"], true);
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        let (passkey, answer) = SoftPasskey::create(&options, &Claims::default());
        assert_eq!(passkey.user_handle.len(), 32);

        let finished = world.finish_registration(None, ceremony, answer).await.expect("registers");
        let signed_in = finished.signed_in.expect("a session");
        assert_eq!(signed_in.member.display_name, "Ada");
        assert_eq!(signed_in.member.language.code(), "es");
        assert_eq!(signed_in.member.email, None);
        assert_eq!(signed_in.member.user_handle.as_slice(), passkey.user_handle);
        assert_eq!(finished.passkey.name, "Phone");
        assert!(finished.passkey.backed_up);

        world.advance(Duration::from_secs(60));
        let (ceremony, options) = world.start_login().await;
        assert_eq!(options["userVerification"], "required");
        assert_eq!(options["allowCredentials"], json!([]), "the authenticator finds the credential");
        let again = world.finish_login(ceremony, passkey.get(&options, &Claims::default())).await;
        let again = again.expect("signs in");
        assert_eq!(again.member.id, signed_in.member.id);
        assert_ne!(again.session.id, signed_in.session.id, "T-ID-22: every sign-in has a session of its own");
        let caller = world.caller_of(&again).await;
        let listed = passkeys::list(&world.app, &caller).await.expect("lists");
        assert_eq!(listed[0].last_used_at, Some(world.now()));
        assert_eq!(world.audited("sign_in.succeeded").await, 2);
        assert_eq!(world.audited("member.created").await, 1);
        assert_eq!(world.audited("passkey.added").await, 1);
    }

    async fn no_attestation_is_kept(world: &World) {
        let (_, finished) = world.sign_up(&Claims::default()).await;
        let kept = finished.expect("registers").passkey.credential;
        assert_eq!(kept["cred"]["attestation"]["data"], "None");
        assert_eq!(kept["cred"]["attestation_format"], "none");
    }

    async fn t_id_10_counters_that_stay_at_zero_pass_again_and_again(world: &World) {
        let (passkey, finished) = world.sign_up(&counting(0)).await;
        finished.expect("registers");
        for _ in 0..3 {
            world.login_with(&passkey, &counting(0)).await.expect("signs in");
        }
        assert_eq!(world.audited("passkey.counter_regressed").await, 0);
    }

    async fn t_id_10_a_counter_that_does_not_rise_is_refused_and_flagged(world: &World) {
        let (passkey, finished) = world.sign_up(&counting(1)).await;
        finished.expect("registers");
        world.login_with(&passkey, &counting(5)).await.expect("rises");
        for counter in [5, 4, 0] {
            let refused = world.login_with(&passkey, &counting(counter)).await;
            assert_eq!(code_of(refused), Code::CeremonyRefused, "{counter} after 5");
            assert_eq!(world.refusal().await, "counter");
        }
        assert_eq!(world.audited("passkey.counter_regressed").await, 3);
        world.login_with(&passkey, &counting(6)).await.expect("rises again");
    }

    async fn t_id_10_backup_flags_that_contradict_each_other_are_refused(world: &World) {
        let impossible = Claims { backup_eligible: false, backed_up: true, ..Claims::default() };
        let (_, refused) = world.sign_up(&impossible).await;
        assert_eq!(code_of(refused), Code::CeremonyRefused);
        assert_eq!(world.refusal().await, "backup_state");

        let bound = Claims { backup_eligible: false, backed_up: false, ..Claims::default() };
        let (passkey, finished) = world.sign_up(&bound).await;
        finished.expect("registers");
        assert_eq!(code_of(world.login_with(&passkey, &impossible).await), Code::CeremonyRefused);
        assert_eq!(world.refusal().await, "backup_state");
        world.login_with(&passkey, &bound).await.expect("signs in");
    }

    async fn t_id_10_backup_eligibility_never_changes(world: &World) {
        let bound = Claims { backup_eligible: false, backed_up: false, ..Claims::default() };
        let synced = Claims::default();
        for (first, then) in [(&bound, &synced), (&synced, &bound)] {
            let (passkey, finished) = world.sign_up(first).await;
            finished.expect("registers");
            assert_eq!(code_of(world.login_with(&passkey, then).await), Code::CeremonyRefused);
            assert_eq!(world.refusal().await, "backup_eligibility");
        }
    }

    async fn the_backed_up_state_follows_the_authenticator(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims { backed_up: false, ..Claims::default() }).await;
        let signed_in = finished.expect("registers").signed_in.expect("a session");
        world.login_with(&passkey, &Claims::default()).await.expect("signs in");
        let caller = world.caller_of(&signed_in).await;
        assert!(passkeys::list(&world.app, &caller).await.expect("lists")[0].backed_up);
    }

    async fn t_id_11_a_replayed_assertion_is_refused(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        let (ceremony, options) = world.start_login().await;
        let answer = passkey.get(&options, &Claims::default());
        world.finish_login(ceremony, answer.clone()).await.expect("signs in");
        assert_eq!(code_of(world.finish_login(ceremony, answer.clone()).await), Code::CeremonyRefused);
        assert_eq!(world.refusal().await, "unknown");
        let (fresh, _) = world.start_login().await;
        assert_eq!(code_of(world.finish_login(fresh, answer).await), Code::CeremonyRefused);
        assert_eq!(world.refusal().await, "challenge");
    }

    async fn t_id_11_another_browsers_ceremony_is_refused_and_spent(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        let (ceremony, options) = world.start_login().await;
        let answer = passkey.get(&options, &Claims::default());
        let stolen = passkeys::login_finish(
            &world.app, &world.ctx(), None, ceremony, answer.clone(), &OTHER_BROWSER,
        ).await;
        assert_eq!(code_of(stolen), Code::CeremonyRefused);
        assert_eq!(world.refusal().await, "browser");
        assert_eq!(code_of(world.finish_login(ceremony, answer).await), Code::CeremonyRefused);
    }

    async fn t_id_11_lies_at_sign_in_are_refused(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        let honest = Claims::default();
        for (reason, claims) in [
            ("origin", Claims { origin: "https://evil.example".into(), ..honest.clone() }),
            ("origin", Claims { origin: "http://localhost:8081".into(), ..honest.clone() }),
            ("origin", Claims { origin: "https://localhost:8080".into(), ..honest.clone() }),
            ("rp_id", Claims { rp_id: "evil.example".into(), ..honest.clone() }),
            ("user_verification", Claims { user_verified: false, ..honest.clone() }),
            ("type", Claims { client_data_type: Some("webauthn.create"), ..honest.clone() }),
            ("cross_origin", Claims { cross_origin: true, ..honest.clone() }),
            ("challenge", Claims { challenge: Some("AAAA".into()), ..honest.clone() }),
            ("unknown_member", Claims { user_handle: Some(vec![9; 32]), ..honest.clone() }),
            ("user_handle", Claims { user_handle: Some(vec![9; 16]), ..honest.clone() }),
        ] {
            assert_eq!(code_of(world.login_with(&passkey, &claims).await), Code::CeremonyRefused, "{reason}");
            assert_eq!(world.refusal().await, reason);
        }
        world.login_with(&passkey, &honest).await.expect("signs in");
    }

    async fn t_id_11_lies_at_registration_are_refused(world: &World) {
        let honest = Claims::default();
        for (reason, claims) in [
            ("origin", Claims { origin: "https://evil.example".into(), ..honest.clone() }),
            ("rp_id", Claims { rp_id: "evil.example".into(), ..honest.clone() }),
            ("user_verification", Claims { user_verified: false, ..honest.clone() }),
            ("type", Claims { client_data_type: Some("webauthn.get"), ..honest.clone() }),
            ("cross_origin", Claims { cross_origin: true, ..honest.clone() }),
            ("challenge", Claims { challenge: Some("AAAA".into()), ..honest.clone() }),
            ("not_discoverable", Claims { discoverable: Some(false), ..honest.clone() }),
        ] {
            let (_, refused) = world.sign_up(&claims).await;
            assert_eq!(code_of(refused), Code::CeremonyRefused, "{reason}");
            assert_eq!(world.refusal().await, reason);
        }
        assert_eq!(world.audited("member.created").await, 0);
    }

    async fn t_id_11_another_members_credential_does_not_open_an_account(world: &World) {
        let (mine, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        let (theirs, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        let claims = Claims { user_handle: Some(theirs.user_handle.clone()), ..Claims::default() };
        assert_eq!(code_of(world.login_with(&mine, &claims).await), Code::CeremonyRefused);
        assert_eq!(world.refusal().await, "unknown_credential");
    }

    async fn t_id_11_a_bent_signature_is_refused(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        let (ceremony, options) = world.start_login().await;
        let mut answer = passkey.get(&options, &Claims::default());
        let other = passkey.get(&options, &counting(9));
        answer["response"]["authenticatorData"] = other["response"]["authenticatorData"].clone();
        assert_eq!(code_of(world.finish_login(ceremony, answer).await), Code::CeremonyRefused);
        assert_eq!(world.refusal().await, "signature");
    }

    async fn t_id_11_of_twenty_uses_at_once_one_succeeds(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        let (ceremony, options) = world.start_login().await;
        let answer = passkey.get(&options, &Claims::default());
        let ctx = world.ctx();
        let outcomes = at_once(&world.app, 20, move |app, _| {
            let (ctx, answer) = (ctx.clone(), answer.clone());
            async move { passkeys::login_finish(&app, &ctx, None, ceremony, answer, &BROWSER).await }
        }).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for refused in outcomes.into_iter().filter(Result::is_err) {
            assert_eq!(code_of(refused), Code::CeremonyRefused);
        }
    }

    async fn ceremonies_end_after_five_minutes_of_our_clock(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        let (ceremony, options) = world.start_login().await;
        world.advance(Duration::from_secs(299));
        world.finish_login(ceremony, passkey.get(&options, &Claims::default())).await.expect("in time");
        let (ceremony, options) = world.start_login().await;
        world.advance(Duration::from_secs(300));
        let late = world.finish_login(ceremony, passkey.get(&options, &Claims::default())).await;
        assert_eq!(code_of(late), Code::CeremonyRefused);
        assert_eq!(world.refusal().await, "expired");
    }

    async fn a_ceremony_serves_only_what_it_was_started_for(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        let signed_in = finished.expect("registers").signed_in.expect("a session");
        let caller = world.caller_of(&signed_in).await;
        // A sign-up finished by a signed-in member, and a member's addition finished without one.
        let (ceremony, options) = world.start_sign_up().await;
        let (_, answer) = SoftPasskey::create(&options, &Claims::default());
        assert_eq!(
            code_of(world.finish_registration(Some(&caller), ceremony, answer).await),
            Code::CeremonyRefused
        );
        let ctx = world.ctx();
        let started = passkeys::register_start(&world.app, &ctx, Some(&caller), None, None, &BROWSER);
        let started = started.await.expect("starts");
        let (_, answer) = SoftPasskey::create(&started.options, &Claims::default());
        assert_eq!(
            code_of(world.finish_registration(None, started.ceremony_id, answer).await),
            Code::CeremonyRefused
        );
        let (ceremony, options) = world.start_sign_up().await;
        let refused = world.finish_login(ceremony, passkey.get(&options, &Claims::default())).await;
        assert_eq!(code_of(refused), Code::CeremonyRefused);
    }

    async fn a_credential_is_registered_once(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        let (ceremony, options) = world.start_sign_up().await;
        let answer = passkey.attest(&options, &Claims::default());
        assert_eq!(code_of(world.finish_registration(None, ceremony, answer).await), Code::IdentityTaken);
        assert_eq!(world.audited("member.created").await, 1, "no member without a way in is left behind");
    }

    async fn a_member_has_a_bounded_number_of_passkeys(world: &World) {
        let caller = world.caller().await;
        for _ in 0..limits::PASSKEYS_PER_MEMBER_MAX {
            world.add_passkey(&caller).await.expect("adds");
        }
        assert_eq!(code_of(world.add_passkey(&caller).await), Code::Conflict);
    }

    async fn a_barred_member_stays_out(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        let mut member = finished.expect("registers").signed_in.expect("a session").member;
        member.status = mainstay_model::member::MemberStatus::Banned;
        let mut tx = world.app.write().await.expect("opens");
        tx.update_member(&member).await.expect("updates");
        tx.commit().await.expect("commits");
        assert_eq!(code_of(world.login_with(&passkey, &Claims::default()).await), Code::InvalidCredentials);
        assert_eq!(world.refusal().await, "banned");
    }

    async fn t_id_22_a_sign_in_replaces_the_session_that_the_browser_had(world: &World) {
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        let before = finished.expect("registers").signed_in.expect("a session");
        let (ceremony, options) = world.start_login().await;
        let answer = passkey.get(&options, &Claims::default());
        let replaces = Some(before.session.id);
        let after = passkeys::login_finish(&world.app, &world.ctx(), replaces, ceremony, answer, &BROWSER).await;
        assert_ne!(after.expect("signs in").session.id, before.session.id);
        assert_eq!(code_of(world.authenticate(&before.access_token).await), Code::SessionEnded);
    }

    async fn t_id_03_more_fields_in_a_credential_change_nothing(world: &World) {
        let (ceremony, options) = world.start_sign_up().await;
        let (_, mut answer) = SoftPasskey::create(&options, &Claims::default());
        answer["role"] = json!("operator");
        answer["user_id"] = json!("00000000-0000-0000-0000-000000000000");
        answer["email"] = json!("victim@example.com");
        answer["email_verified"] = json!(true);
        let finished = world.finish_registration(None, ceremony, answer).await.expect("registers");
        let member = finished.signed_in.expect("a session").member;
        assert_eq!(member.role, mainstay_model::member::Role::Member);
        assert_eq!(member.email, None);
    }

    async fn malformed_answers_are_told_apart_from_refused_ones(world: &World) {
        let (ceremony, options) = world.start_login().await;
        for answer in [json!(null), json!({}), json!({ "id": 7 }), json!([]), json!("x")] {
            assert_eq!(code_of(world.finish_login(ceremony, answer).await), Code::ValidationFailed);
        }
        let (passkey, finished) = world.sign_up(&Claims::default()).await;
        finished.expect("registers");
        world.finish_login(ceremony, passkey.get(&options, &Claims::default())).await.expect("still waits");
        let (ceremony, options) = world.start_login().await;
        let mut answer = passkey.get(&options, &Claims::default());
        answer["response"]["authenticatorData"] = json!("AAAA");
        assert_eq!(code_of(world.finish_login(ceremony, answer).await), Code::CeremonyRefused);
    }

    async fn where_passkeys_are_off_every_step_says_so(world: &World) {
        let mut capabilities = world.app.capabilities.clone();
        capabilities.set(
            mainstay_services::Capability::Passkey,
            mainstay_services::capability::State::Off("Switched off.".into()),
        );
        let options = crate::harness::NodeOptions { capabilities, seed: 9, ..crate::harness::NodeOptions::new() };
        let node = world.node(options, &world.bus).await.expect("starts");
        let ctx = world.ctx();
        let refused = passkeys::login_start(&node, &ctx, &BROWSER).await;
        assert_eq!(code_of(refused), Code::CapabilityUnavailable);
        let refused = passkeys::register_start(&node, &ctx, None, None, None, &BROWSER).await;
        assert_eq!(code_of(refused), Code::CapabilityUnavailable);
    }
}
