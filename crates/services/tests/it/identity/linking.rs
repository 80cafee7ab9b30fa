//! Whom a proof signs in, and whom it never does.

use mainstay_model::{MemberId, identity::Provider, member::Member, passkey::Passkey};
use mainstay_services::{
    Caller, Capability, Code,
    capability::State,
    identity::{email, oauth, passkeys, password},
    limits,
    ports::ProviderAccount,
};

use super::{
    BROWSER, World, at_once, code_of,
    provider::{apple, gmail, google_with},
    worlds,
};

const VICTIM: &str = "victim@gmail.com";

/// What an attacker prepared on an account with the victim's unproven address.
struct Prepared {
    member: Member,
    caller: Caller,
    access_token: String,
}

impl World {
    async fn prepare(&self) -> Prepared {
        let member = self.imported_member(VICTIM).await;
        let signed_in = self.sign_in(&member).await;
        let caller = self.caller_of(&signed_in).await;
        let state = self.depart(Provider::Apple, Some(&caller)).await;
        let code = self.apple.will_answer(apple("attacker"));
        self.arrive(Provider::Apple, Some(&caller), &state, &code, None).await.expect("links");
        let mut tx = self.app.write().await.expect("opens");
        tx.set_password_hash(member.id, "$argon2id$attacker", self.now()).await.expect("sets");
        tx.commit().await.expect("commits");
        self.give_passkey(member.id).await;
        Prepared { member, caller, access_token: signed_in.access_token }
    }

    /// A passkey that is there, whoever could use it.
    async fn give_passkey(&self, member_id: MemberId) {
        let mut tx = self.app.write().await.expect("opens");
        tx.insert_passkey(&Passkey {
            id: mainstay_model::PasskeyId::new(self.app.new_uuid()),
            member_id,
            credential_id: vec![1; 16],
            credential: serde_json::json!({}),
            name: "Mine".to_owned(),
            backed_up: false,
            created_at: self.now(),
            last_used_at: None,
        })
        .await
        .expect("inserts");
        tx.commit().await.expect("commits");
    }

    /// Nothing that was prepared opens the account any more.
    async fn assert_worthless(&self, prepared: &Prepared) {
        assert_eq!(code_of(self.authenticate(&prepared.access_token).await), Code::SessionEnded);
        let mut tx = self.app.read().await.expect("opens");
        let id = prepared.member.id;
        assert_eq!(tx.password_hash(id).await.expect("reads"), None);
        assert!(tx.passkeys_of_member(id).await.expect("reads").is_empty());
        let identities = tx.identities_of_member(id).await.expect("reads");
        assert!(identities.iter().all(|identity| identity.subject != "attacker"));
        drop(tx);
        let attacker = self.sign_in_by(Provider::Apple, apple("attacker")).await;
        assert_ne!(attacker.member.id, id, "the attacker's provider account opens an account of its own");
        self.run_jobs().await;
        assert_eq!(self.apple.revoked(), ["apple-refresh"]);
    }
}

worlds! {
    async fn t_id_01_an_account_made_before_is_worthless_once_the_victim_uses_a_code(world: &World) {
        let prepared = world.prepare().await;
        let signed_in = world.sign_in_by_code(VICTIM).await.expect("signs in");
        assert_eq!(signed_in.member.id, prepared.member.id);
        assert_eq!(signed_in.member.email_verified_at, Some(world.now()));
        world.assert_worthless(&prepared).await;
        world.authenticate(&signed_in.access_token).await.expect("the victim's own session lives");
        assert_eq!(world.audited("member.address_proven").await, 1);
    }

    async fn t_id_01_an_account_made_before_is_worthless_once_the_victim_uses_a_provider(world: &World) {
        let prepared = world.prepare().await;
        let signed_in = world.sign_in_by(Provider::Google, gmail("victim")).await;
        assert_eq!(signed_in.member.id, prepared.member.id);
        world.assert_worthless(&prepared).await;
        let again = world.sign_in_by(Provider::Google, gmail("victim")).await;
        assert_eq!(again.member.id, prepared.member.id);
    }

    async fn t_id_01_trips_and_codes_begun_before_the_proof_add_nothing_after_it(world: &World) {
        let prepared = world.prepare().await;
        let ctx = world.ctx();
        let state = world.depart(Provider::Apple, Some(&prepared.caller)).await;
        let code = world.apple.will_answer(apple("second-attacker"));
        let change = email::change_start(&world.app, &ctx, &prepared.caller, "m@evil.example", &BROWSER).await;
        let change = change.expect("starts");
        let change_code = world.last_code().await;
        let ceremony = passkeys::register_start(&world.app, &ctx, Some(&prepared.caller), None, None, &BROWSER);
        let ceremony = ceremony.await.expect("starts");

        world.sign_in_by_code(VICTIM).await.expect("signs in");

        // Apple's form post brings no session cookie; the session that began the trip is dead all the same.
        let late = world.arrive(Provider::Apple, None, &state, &code, None).await;
        assert_eq!(code_of(late), Code::SessionEnded);
        let (_, answer) = super::authenticator::SoftPasskey::create(
            &ceremony.options, &super::authenticator::Claims::default(),
        );
        let late = passkeys::register_finish(
            &world.app, &ctx, Some(&prepared.caller), None, ceremony.ceremony_id, answer, None, &BROWSER,
        ).await;
        assert_eq!(code_of(late), Code::SessionEnded);
        let late = email::change_finish(
            &world.app, &ctx, &prepared.caller, change.flow_id, &change_code, &BROWSER,
        ).await;
        assert_eq!(code_of(late), Code::SessionEnded);
        assert_eq!(world.reload(&prepared.member).await.email, prepared.member.email);
    }

    async fn t_id_01_an_address_that_a_provider_does_not_decide_about_is_not_proven(world: &World) {
        let attacker = world.sign_in_by(Provider::Google, google_with("attacker", "victim@corp.example")).await;
        assert_eq!(attacker.member.verified_email(), None);
        let victim = world.sign_in_by_code("victim@corp.example").await.expect("signs in");
        assert_eq!(code_of(world.authenticate(&attacker.access_token).await), Code::SessionEnded);
        let again = world.trip(Provider::Google, google_with("attacker", "victim@corp.example")).await;
        assert_eq!(code_of(again), Code::AccountExists);
        world.authenticate(&victim.access_token).await.expect("lives");
    }

    async fn t_id_02_an_unverified_address_neither_links_nor_signs_in(world: &World) {
        let victim = world.member_with_email("victim@corp.example").await;
        let unverified = ProviderAccount {
            email_verified: false,
            email_authoritative: true,
            ..google_with("attacker", "Victim@Corp.example")
        };
        let merely_verified = google_with("another-attacker", "victim@corp.example");
        assert_eq!(code_of(world.trip(Provider::Google, merely_verified).await), Code::AccountExists);
        assert_eq!(world.refusal().await, "account_exists");
        // What nobody verified does not even tell that there is an account.
        let signed_in = world.sign_in_by(Provider::Google, unverified).await;
        assert_ne!(signed_in.member.id, victim.id);
        assert_eq!(signed_in.member.email, None);
        let mut tx = world.app.read().await.expect("opens");
        assert!(tx.identities_of_member(victim.id).await.expect("reads").is_empty());
        assert!(tx.live_sessions_of_member(victim.id, world.now()).await.expect("reads").is_empty());
    }

    async fn t_id_02_an_unverified_address_of_nobody_is_not_stored(world: &World) {
        let account = ProviderAccount { email_verified: false, ..google_with("ada", "ada@corp.example") };
        let signed_in = world.sign_in_by(Provider::Google, account).await;
        assert_eq!(signed_in.member.email, None);
    }

    async fn an_address_that_the_provider_decides_about_opens_the_proven_account(world: &World) {
        let member = world.member_with_email("ada@gmail.com").await;
        let own = world.sign_in(&member).await;
        let signed_in = world.sign_in_by(Provider::Google, gmail("ada")).await;
        assert_eq!(signed_in.member.id, member.id);
        assert_eq!(signed_in.member.display_name, "Ada", "the name stays");
        world.authenticate(&own.access_token).await.expect("what was made after the proof lives on");
        assert_eq!(world.audited("identity.linked").await, 1);
        world.run_jobs().await;
        assert!(world.mailer.sent()[0].subject.contains("Google was linked"));
    }

    async fn a_new_person_becomes_a_new_member_with_the_proven_address(world: &World) {
        let signed_in = world.sign_in_by(Provider::Google, gmail("ada")).await;
        assert_eq!(signed_in.member.display_name, "Ada Lovelace");
        assert_eq!(signed_in.member.verified_email().map(ToString::to_string).as_deref(), Some("ada@gmail.com"));
        let by_code = world.sign_in_by_code("ada@gmail.com").await.expect("signs in");
        assert_eq!(by_code.member.id, signed_in.member.id);
        world.authenticate(&signed_in.access_token).await.expect("nothing died: it was proven before");
    }

    async fn the_subject_counts_and_not_the_address(world: &World) {
        let first = world.sign_in_by(Provider::Google, gmail("ada")).await;
        let renamed = ProviderAccount { email: Some("lovelace@gmail.com".to_owned()), ..gmail("ada") };
        let second = world.sign_in_by(Provider::Google, renamed).await;
        assert_eq!(second.member.id, first.member.id);
        assert_eq!(second.member.email, first.member.email, "the member's address is changed by the member");
        let same_subject_elsewhere = ProviderAccount { subject: "ada".to_owned(), ..apple("ada") };
        let third = world.sign_in_by(Provider::Apple, same_subject_elsewhere).await;
        assert_ne!(third.member.id, first.member.id);
    }

    async fn twenty_first_sign_ins_at_once_make_one_member(world: &World) {
        let mut trips = Vec::new();
        for _ in 0..20 {
            let state = world.depart(Provider::Google, None).await;
            trips.push((state, world.google.will_answer(gmail("ada"))));
        }
        let ctx = world.ctx();
        let outcomes = at_once(&world.app, 20, move |app, n| {
            let (ctx, (state, code)) = (ctx.clone(), trips[n].clone());
            async move {
                oauth::finish(&app, &ctx, Provider::Google, None, None, &state, Ok(&code), None, Some(&BROWSER)).await
            }
        }).await;
        let members: std::collections::BTreeSet<_> = outcomes
            .into_iter()
            .map(|outcome| outcome.expect("signs in").signed_in.expect("a session").member.id)
            .collect();
        assert_eq!(members.len(), 1);
        assert_eq!(world.audited("member.created").await, 1);
    }

    async fn a_signed_in_member_adds_an_identity_and_removes_it(world: &World) {
        let member = world.member_with_email("ada@example.com").await;
        let caller = world.caller_of(&world.sign_in(&member).await).await;
        let state = world.depart(Provider::Google, Some(&caller)).await;
        let code = world.google.will_answer(google_with("ada", "elsewhere@corp.example"));
        let finished = world.arrive(Provider::Google, Some(&caller), &state, &code, None).await.expect("links");
        assert!(finished.signed_in.is_none());
        world.run_jobs().await;
        let by_google = world.sign_in_by(Provider::Google, google_with("ada", "elsewhere@corp.example")).await;
        assert_eq!(by_google.member.id, member.id);

        let mut tx = world.app.read().await.expect("opens");
        let identity = tx.identities_of_member(member.id).await.expect("reads").remove(0);
        drop(tx);
        let stranger = world.caller().await;
        let ctx = world.ctx();
        let refused = oauth::remove_identity(&world.app, &ctx, &stranger, identity.id).await;
        assert_eq!(code_of(refused), Code::NotFound);
        oauth::remove_identity(&world.app, &ctx, &caller, identity.id).await.expect("removes");
        let after = world.sign_in_by(Provider::Google, google_with("ada", "elsewhere@corp.example")).await;
        assert_ne!(after.member.id, member.id);
        assert_eq!(world.audited("identity.unlinked").await, 1);
        world.run_jobs().await;
        let subjects: Vec<_> = world.mailer.sent().into_iter().map(|mail| mail.subject).collect();
        assert!(subjects[0].contains("was linked") && subjects[1].contains("was unlinked"), "{subjects:?}");
    }

    async fn an_identity_belongs_to_one_member(world: &World) {
        world.sign_in_by(Provider::Google, gmail("ada")).await;
        let caller = world.caller().await;
        let state = world.depart(Provider::Google, Some(&caller)).await;
        let code = world.google.will_answer(gmail("ada"));
        let taken = world.arrive(Provider::Google, Some(&caller), &state, &code, None).await;
        assert_eq!(code_of(taken), Code::IdentityTaken);
    }

    async fn adding_an_identity_needs_the_member_who_started_it(world: &World) {
        let caller = world.caller().await;
        let other = world.caller().await;
        for whom in [None, Some(&other)] {
            let state = world.depart(Provider::Google, Some(&caller)).await;
            let code = world.google.will_answer(gmail("ada"));
            let refused = world.arrive(Provider::Google, whom, &state, &code, None).await;
            assert_eq!(code_of(refused), Code::OauthStateRefused);
            assert_eq!(world.refusal().await, "state_of_other_member");
        }
        world.advance(limits::RECENT_SIGN_IN);
        let ctx = world.ctx();
        let late = oauth::start(&world.app, &ctx, Provider::Google, None, Some(&caller), &BROWSER).await;
        assert_eq!(code_of(late), Code::RecentSignInRequired);
    }

    async fn apples_form_post_adds_an_identity_without_session_cookies(world: &World) {
        let caller = world.caller().await;
        let state = world.depart(Provider::Apple, Some(&caller)).await;
        let code = world.apple.will_answer(apple("a"));
        world.arrive(Provider::Apple, None, &state, &code, None).await.expect("links");
        assert_eq!(world.sign_in_by(Provider::Apple, apple("a")).await.member.id, caller.member_id);

        let state = world.depart(Provider::Apple, Some(&caller)).await;
        let code = world.apple.will_answer(apple("b"));
        mainstay_services::sessions::logout(&world.app, &world.ctx(), caller.session_id).await.expect("ends");
        let late = world.arrive(Provider::Apple, None, &state, &code, None).await;
        assert_eq!(code_of(late), Code::SessionEnded);
    }

    async fn t_id_12_the_last_identity_stays(world: &World) {
        let signed_in = world.sign_in_by(Provider::Apple, apple("a")).await;
        let caller = world.caller_of(&signed_in).await;
        let mut tx = world.app.read().await.expect("opens");
        let identity = tx.identities_of_member(caller.member_id).await.expect("reads").remove(0);
        drop(tx);
        let ctx = world.ctx();
        let last = oauth::remove_identity(&world.app, &ctx, &caller, identity.id).await;
        assert_eq!(code_of(last), Code::LastWayIn);
        world.advance(limits::RECENT_SIGN_IN);
        let late = oauth::remove_identity(&world.app, &ctx, &caller, identity.id).await;
        assert_eq!(code_of(late), Code::RecentSignInRequired);
    }

    async fn t_id_12_what_is_switched_off_is_no_way_in(world: &World) {
        let signed_in = world.sign_in_by(Provider::Apple, apple("a")).await;
        let caller = world.caller_of(&signed_in).await;
        let state = world.depart(Provider::Google, Some(&caller)).await;
        let code = world.google.will_answer(google_with("ada", "ada@corp.example"));
        world.arrive(Provider::Google, Some(&caller), &state, &code, None).await.expect("links");
        world.give_passkey(caller.member_id).await;
        let mut tx = world.app.read().await.expect("opens");
        let identities = tx.identities_of_member(caller.member_id).await.expect("reads");
        drop(tx);
        let id_of = |provider| identities.iter().find(|one| one.provider == provider).expect("is linked").id;

        let mut options = crate::harness::NodeOptions { seed: 5, ..crate::harness::NodeOptions::new() };
        for capability in [Capability::AppleOauth, Capability::Passkey] {
            options.capabilities.set(capability, State::Off("Switched off.".into()));
        }
        let node = world.node(options, &world.bus).await.expect("starts");
        let ctx = world.ctx();
        let last = oauth::remove_identity(&node, &ctx, &caller, id_of(Provider::Google)).await;
        assert_eq!(code_of(last), Code::LastWayIn, "neither Apple nor the passkey opens anything here");
        oauth::remove_identity(&node, &ctx, &caller, id_of(Provider::Apple)).await.expect("Google stays");
        // Where passkeys are on, the passkey is another way.
        oauth::remove_identity(&world.app, &ctx, &caller, id_of(Provider::Google)).await.expect("removes");
    }

    async fn a_removed_identity_has_its_token_revoked(world: &World) {
        let member = world.member_with_email("ada@example.com").await;
        let caller = world.caller_of(&world.sign_in(&member).await).await;
        let state = world.depart(Provider::Apple, Some(&caller)).await;
        let code = world.apple.will_answer(apple("a"));
        world.arrive(Provider::Apple, Some(&caller), &state, &code, None).await.expect("links");
        let mut tx = world.app.read().await.expect("opens");
        let identity = tx.identities_of_member(member.id).await.expect("reads").remove(0);
        drop(tx);
        assert!(identity.sealed_token.is_some_and(|sealed| sealed != b"apple-refresh"));
        oauth::remove_identity(&world.app, &world.ctx(), &caller, identity.id).await.expect("removes");
        world.run_jobs().await;
        assert_eq!(world.apple.revoked(), ["apple-refresh"]);
    }

    async fn a_password_that_waited_for_another_proof_dies_with_it(world: &World) {
        let ctx = world.ctx();
        let secret = "attacker's password".into();
        let waiting = password::register(&world.app, &ctx, "ada@gmail.com", &secret, None, &BROWSER).await;
        let waiting = waiting.expect("starts");
        let code = world.last_code().await;
        world.sign_in_by(Provider::Google, gmail("ada")).await;
        let late = email::finish(&world.app, &ctx, None, waiting.flow_id, &code, &BROWSER).await;
        assert_eq!(code_of(late), Code::InvalidCode);
    }
}
