//! Passwords behind their switch.

use std::time::Duration;

use mainstay_model::member::Member;
use mainstay_services::{
    Code, Error, Result,
    capability::State,
    identity::{email, password},
    sessions::SignedIn,
};
use secrecy::SecretString;

use super::{BROWSER, World, code_of, from, worlds};
use crate::harness::NodeOptions;

const ADA: &str = "ada@example.com";
const RIGHT: &str = "correct horse battery";

impl World {
    async fn login(&self, email: &str, password: &str) -> Result<SignedIn> {
        password::login(&self.app, &self.ctx(), None, email, &SecretString::from(password)).await
    }

    /// A member with a bcrypt password, as imports bring them.
    async fn member_with_password(&self, email: &str) -> Member {
        let member = self.member_with_email(email).await;
        let hash = bcrypt::hash(RIGHT, 4).expect("hashes");
        let mut tx = self.app.write().await.expect("opens");
        tx.set_password_hash(member.id, &hash, self.now()).await.expect("sets");
        tx.commit().await.expect("commits");
        member
    }

    async fn stored_hash(&self, member: &Member) -> Option<String> {
        self.app.read().await.expect("opens").password_hash(member.id).await.expect("reads")
    }
}

fn waits(error: &Error) -> Duration {
    assert_eq!(error.code, Code::SignInBackoff);
    error.retry_after.expect("says when")
}

worlds! {
    async fn an_imported_bcrypt_password_signs_in_and_becomes_argon2id(world: &World) {
        let member = world.member_with_password(ADA).await;
        let signed_in = world.login("Ada@Example.com", RIGHT).await.expect("signs in");
        assert_eq!(signed_in.member.id, member.id);
        let upgraded = world.stored_hash(&member).await.expect("is there");
        assert!(upgraded.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{upgraded}");
        world.login(ADA, RIGHT).await.expect("still signs in");
        assert_eq!(world.stored_hash(&member).await, Some(upgraded), "what is current stays");
    }

    async fn unknown_accounts_and_wrong_passwords_look_the_same(world: &World) {
        world.member_with_password(ADA).await;
        world.member_with_email("no-password@example.com").await;
        let mut seen = Vec::new();
        for (email, password) in [
            (ADA, "wrong password"), ("nobody@example.com", RIGHT), ("no-password@example.com", RIGHT),
            ("no address", RIGHT),
        ] {
            let error = world.login(email, password).await.expect_err("refused");
            seen.push((error.code, error.detail));
        }
        assert!(seen.iter().all(|one| one == &seen[0]), "{seen:?}");
        assert_eq!(seen[0].0, Code::InvalidCredentials);
    }

    async fn failures_back_off_and_are_forgotten_after_a_success(world: &World) {
        world.member_with_password(ADA).await;
        for _ in 0..5 {
            assert_eq!(code_of(world.login(ADA, "wrong password").await), Code::InvalidCredentials);
        }
        let mut last = Duration::ZERO;
        for _ in 0..4 {
            let wait = waits(&world.login(ADA, RIGHT).await.expect_err("even the right password waits"));
            assert!(wait > last, "{wait:?} after {last:?}");
            last = wait;
            world.advance(wait);
            assert_eq!(code_of(world.login(ADA, "wrong password").await), Code::InvalidCredentials);
        }
        world.advance(Duration::from_secs(15 * 60));
        world.login(ADA, RIGHT).await.expect("never longer than a quarter of an hour");
        for _ in 0..4 {
            assert_eq!(code_of(world.login(ADA, "wrong password").await), Code::InvalidCredentials);
        }
        world.login(ADA, RIGHT).await.expect("the failures before the success are forgotten");
    }

    async fn a_wait_that_begins_is_in_the_trail_and_what_it_refuses_is_not(world: &World) {
        let member = world.member_with_password(ADA).await;
        for _ in 0..4 {
            let _ = world.login(ADA, "wrong password").await;
        }
        assert_eq!(world.audited("sign_in.backed_off").await, 0);
        for _ in 0..10 {
            let _ = world.login(ADA, "wrong password").await;
        }
        assert_eq!(world.audited("sign_in.backed_off").await, 1);
        let events = world.audit_events().await;
        let event = events.iter().find(|event| event.action == "sign_in.backed_off").expect("is there");
        assert!(event.subject.contains(&member.id.to_string()), "{}", event.subject);
        assert!(event.detail.contains(r#""seconds":1"#), "{}", event.detail);
        // From one network address to many accounts.
        for n in 0..30 {
            let _ = world.login(&format!("nobody-{n}@example.com"), "wrong password").await;
        }
        assert_eq!(world.audited("sign_in.backed_off").await, 2);
    }

    async fn waiting_tells_nothing_about_who_exists(world: &World) {
        world.member_with_password(ADA).await;
        let mut waited = Vec::new();
        for (email, ip) in [(ADA, "203.0.113.1"), ("nobody@example.com", "203.0.113.2")] {
            let ctx = from(world.ctx(), ip);
            let wrong = SecretString::from("wrong password");
            let mut codes = Vec::new();
            for _ in 0..7 {
                codes.push(code_of(password::login(&world.app, &ctx, None, email, &wrong).await));
            }
            waited.push(codes);
        }
        assert_eq!(waited[0], waited[1]);
        assert_eq!(waited[0].last(), Some(&Code::SignInBackoff));
    }

    async fn a_strangers_failures_leave_the_members_other_ways_open(world: &World) {
        let member = world.member_with_password(ADA).await;
        let stranger = from(world.ctx(), "198.51.100.9");
        let wrong = SecretString::from("wrong password");
        for _ in 0..30 {
            let _ = password::login(&world.app, &stranger, None, ADA, &wrong).await;
        }
        waits(&world.login(ADA, RIGHT).await.expect_err("the password waits"));
        assert_eq!(world.sign_in_by_code(ADA).await.expect("the code works").member.id, member.id);
    }

    async fn successes_from_one_network_address_never_wait(world: &World) {
        world.member_with_password(ADA).await;
        for n in 0..30 {
            assert!(world.login(ADA, RIGHT).await.is_ok(), "{n}");
        }
    }

    async fn tries_at_once_do_not_slip_past_the_wait(world: &World) {
        world.member_with_password(ADA).await;
        let ctx = world.ctx();
        let outcomes = super::at_once(&world.app, 200, move |app, _| {
            let ctx = ctx.clone();
            async move { password::login(&app, &ctx, None, ADA, &SecretString::from("wrong password")).await.map(|_| ()) }
        }).await;
        let tried = outcomes.into_iter().filter(|outcome| {
            outcome.as_ref().is_err_and(|error| error.code == Code::InvalidCredentials)
        }).count();
        assert_eq!(tried, 5, "the four that are free, and the one that the first wait follows from");
    }

    async fn a_sign_up_waits_for_the_mailed_code(world: &World) {
        let ctx = world.ctx();
        let secret = SecretString::from(RIGHT);
        let started = password::register(&world.app, &ctx, ADA, &secret, Some("Ada"), &BROWSER).await.expect("starts");
        assert_eq!(code_of(world.login(ADA, RIGHT).await), Code::InvalidCredentials, "not before the proof");
        let code = world.last_code().await;
        let signed_in = email::finish(&world.app, &ctx, None, started.flow_id, &code, &BROWSER).await.expect("signs in");
        assert_eq!(signed_in.member.display_name, "Ada");
        assert_eq!(world.login(ADA, RIGHT).await.expect("signs in").member.id, signed_in.member.id);
    }

    async fn t_id_13_signing_up_with_a_known_address_looks_the_same_and_changes_nothing(world: &World) {
        let member = world.member_with_password(ADA).await;
        let before = world.stored_hash(&member).await;
        let ctx = world.ctx();
        let secret = SecretString::from("the attacker's choice");
        let mut seen = Vec::new();
        for email in [ADA, "new@example.com"] {
            let before = world.store.counts();
            let started = password::register(&world.app, &ctx, email, &secret, None, &BROWSER).await.expect("starts");
            let after = world.store.counts();
            seen.push((started.expires_in, after.0 - before.0, after.1 - before.1, world.run_jobs().await));
        }
        assert_eq!(seen[0], seen[1]);
        let mails = world.mailer.sent();
        assert_eq!(super::code_in(&mails[0].text), None, "the owner is told, and gets no code");
        assert!(super::code_in(&mails[1].text).is_some());
        assert_eq!(world.stored_hash(&member).await, before);
    }

    async fn t_id_01_signing_up_with_an_unproven_address_starts_the_account_over(world: &World) {
        let member = world.imported_member(ADA).await;
        let earlier = world.sign_in(&member).await;
        let ctx = world.ctx();
        let secret = SecretString::from(RIGHT);
        let started = password::register(&world.app, &ctx, ADA, &secret, None, &BROWSER).await.expect("starts");
        let code = world.last_code().await;
        email::finish(&world.app, &ctx, None, started.flow_id, &code, &BROWSER).await.expect("signs in");
        assert_eq!(code_of(world.authenticate(&earlier.access_token).await), Code::SessionEnded);
        assert_eq!(world.login(ADA, RIGHT).await.expect("signs in").member.id, member.id);
    }

    async fn passwords_have_bounds(world: &World) {
        for password in ["", "short", &"x".repeat(257)] {
            let refused = password::register(
                &world.app, &world.ctx(), ADA, &SecretString::from(password), None, &BROWSER,
            ).await;
            assert_eq!(code_of(refused), Code::ValidationFailed, "{} bytes", password.len());
        }
        let long = world.login(ADA, &"x".repeat(100_000)).await;
        assert_eq!(code_of(long), Code::InvalidCredentials);
    }

    async fn a_barred_member_stays_out_whatever_the_password(world: &World) {
        let mut member = world.member_with_password(ADA).await;
        member.status = mainstay_model::member::MemberStatus::Banned;
        let mut tx = world.app.write().await.expect("opens");
        tx.update_member(&member).await.expect("updates");
        tx.commit().await.expect("commits");
        assert_eq!(code_of(world.login(ADA, RIGHT).await), Code::InvalidCredentials);
    }

    async fn behind_the_switch_there_is_nothing(world: &World) {
        world.member_with_password(ADA).await;
        let mut options = NodeOptions { seed: 5, ..NodeOptions::new() };
        options.capabilities.set(mainstay_services::Capability::Password, State::Off("Off by default.".into()));
        let node = world.node(options, &world.bus).await.expect("starts");
        let secret = SecretString::from(RIGHT);
        let refused = password::login(&node, &world.ctx(), None, ADA, &secret).await;
        assert_eq!(code_of(refused), Code::CapabilityUnavailable);
        let refused = password::register(&node, &world.ctx(), ADA, &secret, None, &BROWSER).await;
        assert_eq!(code_of(refused), Code::CapabilityUnavailable);
    }
}
