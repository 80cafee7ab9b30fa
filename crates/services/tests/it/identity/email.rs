//! Mailed codes, and the address of a member.

use std::time::Duration;

use mainstay_model::{EmailFlowId, Language, identity::Provider};
use mainstay_services::{
    Code,
    identity::{email, known_browser, ways},
    limits,
    ports::ProviderAccount,
};

use super::{
    BROWSER, OTHER_BROWSER, at_once, code_of, from,
    provider::{apple, google_with},
    worlds,
};

const ADA: &str = "ada@example.com";

worlds! {
    async fn first_contact_makes_a_member_and_the_second_finds_them(world: &World) {
        let first = world.sign_in_by_code(ADA).await.expect("signs in");
        assert_eq!(first.member.verified_email().map(ToString::to_string).as_deref(), Some(ADA));
        let second = world.sign_in_by_code(ADA).await.expect("signs in");
        assert_eq!(second.member.id, first.member.id);
        assert_ne!(second.session.id, first.session.id);
        world.authenticate(&first.access_token).await.expect("other sessions live on");
    }

    async fn t_id_13_known_and_unknown_addresses_cost_the_same(world: &World) {
        world.member_with_email(ADA).await;
        let ctx = world.ctx();
        let mut seen = Vec::new();
        for address in [ADA, "nobody@example.com"] {
            let before = world.store.counts();
            let started = email::start(&world.app, &ctx, address, None, &BROWSER).await.expect("starts");
            let after = world.store.counts();
            let jobs = world.run_jobs().await;
            seen.push((started.expires_in, after.0 - before.0, after.1 - before.1, jobs));
        }
        assert_eq!(seen[0], seen[1]);
        let mails = world.mailer.sent();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0].subject, mails[1].subject);
    }

    async fn t_id_14_a_mail_has_no_link_but_the_configured_address(world: &World) {
        let caller = world.caller().await;
        world.member_with_email(ADA).await;
        email::change_start(&world.app, &world.ctx(), &caller, ADA, &BROWSER).await.expect("starts");
        world.run_jobs().await;
        let text = world.mailer.sent()[0].text.clone();
        let links: Vec<_> = text.split_whitespace().filter(|word| word.contains("://")).collect();
        assert_eq!(links, ["http://localhost:8080/"]);
    }

    async fn t_id_15_of_twenty_posts_at_once_one_succeeds(world: &World) {
        let (flow_id, code) = world.mailed_code(ADA).await;
        let ctx = world.ctx();
        let outcomes = at_once(&world.app, 20, move |app, _| {
            let (ctx, code) = (ctx.clone(), code.clone());
            async move { email::finish(&app, &ctx, None, flow_id, &code, &BROWSER).await }
        }).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for refused in outcomes.into_iter().filter(Result::is_err) {
            assert_eq!(code_of(refused), Code::InvalidCode);
        }
        assert_eq!(world.audited("member.created").await, 1);
    }

    async fn t_id_16_eleven_minutes_old_is_too_old(world: &World) {
        let (flow_id, code) = world.mailed_code(ADA).await;
        world.advance(Duration::from_secs(11 * 60));
        let late = email::finish(&world.app, &world.ctx(), None, flow_id, &code, &BROWSER).await;
        assert_eq!(code_of(late), Code::InvalidCode);
        assert_eq!(world.refusal().await, "code_expired");
        let (flow_id, code) = world.mailed_code(ADA).await;
        world.advance(Duration::from_secs(10 * 60 - 1));
        email::finish(&world.app, &world.ctx(), None, flow_id, &code, &BROWSER).await.expect("in time");
    }

    async fn t_id_16b_one_mailbox_is_one_account(world: &World) {
        let first = world.sign_in_by_code(ADA).await.expect("signs in");
        for spelling in ["Ada@Example.COM", " ada@example.com ", "ada@ｅｘａｍｐｌｅ.com"] {
            let again = world.sign_in_by_code(spelling).await.expect("signs in");
            assert_eq!(again.member.id, first.member.id, "{spelling}");
        }
        for look_alike in ["ada＠example.com", "аda@example.com", "ada@example.com@evil.example", "ada", ""] {
            let refused = email::start(&world.app, &world.ctx(), look_alike, None, &BROWSER).await;
            assert_eq!(code_of(refused), Code::ValidationFailed, "{look_alike}");
        }
    }

    async fn a_code_works_only_in_the_browser_that_asked(world: &World) {
        let (flow_id, code) = world.mailed_code(ADA).await;
        let stolen = email::finish(&world.app, &world.ctx(), None, flow_id, &code, &OTHER_BROWSER).await;
        assert_eq!(code_of(stolen), Code::InvalidCode);
        assert_eq!(world.refusal().await, "code_of_other_browser");
        email::finish(&world.app, &world.ctx(), None, flow_id, &code, &BROWSER).await.expect("signs in");
    }

    async fn five_wrong_tries_end_a_code(world: &World) {
        let (flow_id, code) = world.mailed_code(ADA).await;
        let wrong = if code == "00000000" { "00000001" } else { "00000000" };
        for _ in 0..limits::EMAIL_CODE_ATTEMPTS_MAX {
            let refused = email::finish(&world.app, &world.ctx(), None, flow_id, wrong, &BROWSER).await;
            assert_eq!(code_of(refused), Code::InvalidCode);
            assert_eq!(world.refusal().await, "code_wrong");
        }
        let too_late = email::finish(&world.app, &world.ctx(), None, flow_id, &code, &BROWSER).await;
        assert_eq!(code_of(too_late), Code::InvalidCode);
        assert_eq!(world.refusal().await, "code_tries_used_up");
    }

    async fn wrong_tries_at_once_are_all_counted(world: &World) {
        let (flow_id, code) = world.mailed_code(ADA).await;
        let ctx = world.ctx();
        let wrong: Vec<_> = (0..20).map(|n| format!("{:08}", (code.parse::<u32>().expect("digits") + 1 + n) % 100_000_000)).collect();
        at_once(&world.app, 20, move |app, n| {
            let (ctx, wrong) = (ctx.clone(), wrong[n].clone());
            async move { email::finish(&app, &ctx, None, flow_id, &wrong, &BROWSER).await.map(|_| ()) }
        }).await;
        let too_late = email::finish(&world.app, &world.ctx(), None, flow_id, &code, &BROWSER).await;
        assert_eq!(code_of(too_late), Code::InvalidCode);
    }

    async fn one_network_address_can_not_guess_for_ever(world: &World) {
        let mut tried = 0;
        while tried < 60 {
            // Another address of the same /64, and another code, every time.
            let ctx = from(world.ctx(), &format!("2001:db8::{tried:x}"));
            let flow = EmailFlowId::new(world.app.new_uuid());
            match code_of(email::finish(&world.app, &ctx, None, flow, "00000000", &BROWSER).await) {
                Code::InvalidCode => tried += 1,
                Code::SignInBackoff => break,
                code => panic!("{code:?}"),
            }
        }
        assert!((20..40).contains(&tried), "{tried}");
        let elsewhere = from(world.ctx(), "2001:db8:0:1::1");
        let flow = EmailFlowId::new(world.app.new_uuid());
        let other = email::finish(&world.app, &elsewhere, None, flow, "00000000", &BROWSER).await;
        assert_eq!(code_of(other), Code::InvalidCode, "the next household does not wait");
    }

    async fn only_the_newest_code_works(world: &World) {
        let (old_flow, old_code) = world.mailed_code(ADA).await;
        let (flow, code) = world.mailed_code(ADA).await;
        for (flow, code) in [(old_flow, &old_code), (old_flow, &code), (flow, &old_code)] {
            let refused = email::finish(&world.app, &world.ctx(), None, flow, code, &BROWSER).await;
            assert_eq!(code_of(refused), Code::InvalidCode);
        }
        email::finish(&world.app, &world.ctx(), None, flow, &code, &BROWSER).await.expect("signs in");
    }

    async fn a_stranger_who_asks_for_the_same_address_takes_no_code_away(world: &World) {
        let (flow, code) = world.mailed_code(ADA).await;
        let stranger = from(world.ctx(), "198.51.100.9");
        let theirs = email::start(&world.app, &stranger, ADA, None, &OTHER_BROWSER).await.expect("starts");
        let their_code = world.last_code().await;
        email::finish(&world.app, &world.ctx(), None, flow, &code, &BROWSER).await.expect("signs in");
        // The proof of an address ends every code of it, whoever asked.
        let late = email::finish(&world.app, &stranger, None, theirs.flow_id, &their_code, &BROWSER).await;
        assert_eq!(code_of(late), Code::InvalidCode);
    }

    async fn a_code_is_typed_as_people_type(world: &World) {
        let (flow_id, code) = world.mailed_code(ADA).await;
        let typed = format!(" {} {} ", &code[..4], &code[4..]);
        email::finish(&world.app, &world.ctx(), None, flow_id, &typed, &BROWSER).await.expect("signs in");
    }

    async fn no_code_is_in_the_database(world: &World) {
        let (flow_id, code) = world.mailed_code(ADA).await;
        let mut tx = world.app.write().await.expect("opens");
        let flow = tx.attempt_email_flow(flow_id).await.expect("reads").expect("is there");
        assert_ne!(flow.code_hash, mainstay_services::crypto::sha256(code.as_bytes()));
        assert_ne!(flow.browser_hash, BROWSER);
    }

    async fn a_mail_is_in_the_members_or_the_wished_language(world: &World) {
        let mut member = world.member_with_email(ADA).await;
        member.language = Language::Ru;
        let mut tx = world.app.write().await.expect("opens");
        tx.update_member(&member).await.expect("updates");
        tx.commit().await.expect("commits");
        let wishes =
            [(None, "ru"), (Some("he"), "he"), (Some("ar-EG"), "ar"), (Some("es_MX"), "es"), (Some("xx"), "ru")];
        for (wish, language) in wishes {
            email::start(&world.app, &world.ctx(), ADA, wish, &BROWSER).await.expect("starts");
            world.run_jobs().await;
            assert_eq!(world.mailer.sent().pop().expect("a mail").language, language);
        }
    }

    async fn a_mailbox_is_not_flooded(world: &World) {
        let mut refusals = 0;
        for n in 0..60 {
            // Two askers, so that the one's own quota is not what stops them.
            let ctx = from(world.ctx(), &format!("203.0.113.{}", n % 6));
            match email::start(&world.app, &ctx, ADA, None, &BROWSER).await {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.code, Code::RateLimited);
                    assert!(error.retry_after.is_some());
                    refusals += 1;
                }
            }
        }
        assert_eq!(refusals, 20);
        email::start(&world.app, &world.ctx(), "bob@example.com", None, &BROWSER).await.expect("others get mail");
    }

    async fn who_floods_a_mailbox_keeps_its_owner_from_no_code(world: &World) {
        world.sign_in_by_code(ADA).await.expect("signs in");
        let (ada, bob) = (ADA.parse().expect("an address"), "bob@example.com".parse().expect("an address"));
        let known = |mark: String| {
            let mut ctx = from(world.ctx(), "198.51.100.77");
            ctx.known_browser = Some(mark);
            ctx
        };
        let mut refused = 0;
        for n in 0..60 {
            let ctx = from(world.ctx(), &format!("203.0.113.{}", n % 6));
            refused += usize::from(email::start(&world.app, &ctx, ADA, None, &OTHER_BROWSER).await.is_err());
        }
        assert!(refused > 0);
        let start = async |ctx: &mainstay_services::RequestContext| {
            email::start(&world.app, ctx, ADA, None, &BROWSER).await.map(drop)
        };
        // A new browser, and marks that are none of this address or of ours, are strangers.
        let own = known_browser::mark(&world.app, &ada);
        let mut bent = own.clone().into_bytes();
        bent[30] = if bent[30] == b'A' { b'B' } else { b'A' };
        let bent = String::from_utf8(bent).expect("ASCII");
        for mark in [known_browser::mark(&world.app, &bob), bent, String::new(), "A".repeat(75), own[..60].to_owned()] {
            assert_eq!(code_of(start(&known(mark)).await), Code::RateLimited);
        }
        // The owner's browser has a quota of its own, and so has the next one, up to a bound for both.
        let mut sent = 0;
        for mark in [own, known_browser::mark(&world.app, &ada), known_browser::mark(&world.app, &ada)] {
            let ctx = known(mark);
            let mut of_this = 0;
            while start(&ctx).await.is_ok() {
                of_this += 1;
            }
            assert!(of_this <= limits::MAILS_PER_ASKER.limit);
            sent += of_this;
        }
        assert_eq!(sent, limits::MAILS_OF_KNOWN_BROWSERS.limit);
    }

    async fn a_browser_is_not_known_for_ever(world: &World) {
        let ada = ADA.parse().expect("an address");
        let mut ctx = from(world.ctx(), "198.51.100.77");
        ctx.known_browser = Some(known_browser::mark(&world.app, &ada));
        let flood = async || while email::start(&world.app, &world.ctx(), ADA, None, &OTHER_BROWSER).await.is_ok() {};
        world.advance(limits::KNOWN_BROWSER_TTL - Duration::from_secs(1));
        flood().await;
        ctx.ip = world.ctx().ip;
        email::start(&world.app, &ctx, ADA, None, &BROWSER).await.expect("is known");
        world.advance(Duration::from_secs(1));
        flood().await;
        assert_eq!(code_of(email::start(&world.app, &ctx, ADA, None, &BROWSER).await), Code::RateLimited);
    }

    async fn t_id_12_who_returns_by_a_code_is_shown_and_told_what_opens_the_account(world: &World) {
        let first = world.sign_in_by_code(ADA).await.expect("signs in");
        world.run_jobs().await;
        assert_eq!(world.mailer.sent().len(), 1, "at the first contact there is nothing to tell");
        let google = world.sign_in_by(Provider::Google, ProviderAccount { email_authoritative: true, ..google_with("g", ADA) }).await;
        assert_eq!(google.member.id, first.member.id);
        let mut member = world.reload(&first.member).await;
        member.language = Language::Es;
        let mut tx = world.app.write().await.expect("opens");
        tx.update_member(&member).await.expect("updates");
        tx.commit().await.expect("commits");
        let again = world.sign_in_by_code(ADA).await.expect("signs in");
        world.run_jobs().await;
        let told = world.mailer.sent().pop().expect("a mail");
        assert_eq!((told.to.as_str(), told.language.as_str()), (ADA, "es"));
        assert!(told.text.contains("- Google\n") && told.text.contains(": 3\n"), "{}", told.text);
        assert!(!told.text.contains("llaves de acceso:") && !told.text.contains("contraseña"), "{}", told.text);
        let caller = world.caller_of(&again).await;
        let ways = ways::list(&world.app, &caller).await.expect("lists");
        assert_eq!((ways.passkeys.len(), ways.identities.len(), ways.has_password), (0, 1, false));
        assert_eq!(ways.sessions.len(), 3);
    }

    async fn without_the_limiter_the_door_is_shut_except_in_dev(world: &World) {
        world.limiter.set_down(true);
        world.sign_in_by_code(ADA).await.expect("a developer's machine lets through");
        let mut options = crate::harness::NodeOptions { seed: 5, ..crate::harness::NodeOptions::new() };
        options.settings.environment = mainstay_services::settings::Environment::Staging;
        let node = world.node(options, &world.bus).await.expect("starts");
        let shut = email::start(&node, &world.ctx(), ADA, None, &BROWSER).await;
        assert_eq!(code_of(shut), Code::DependencyUnavailable);
        let shut = email::finish(&node, &world.ctx(), None, EmailFlowId::new(node.new_uuid()), "1", &BROWSER).await;
        assert_eq!(code_of(shut), Code::DependencyUnavailable);
    }

    async fn t_id_04_changing_the_address_kills_the_codes_of_both(world: &World) {
        let member = world.member_with_email(ADA).await;
        let caller = world.caller_of(&world.sign_in(&member).await).await;
        let ctx = world.ctx();
        let (old_flow, old_code) = world.mailed_code(ADA).await;
        let (new_flow, new_code) = world.mailed_code("ada@new.example").await;
        let change = email::change_start(&world.app, &ctx, &caller, "ada@new.example", &BROWSER).await.expect("starts");
        let code = world.last_code().await;
        email::change_finish(&world.app, &ctx, &caller, change.flow_id, &code, &BROWSER).await.expect("changes");

        let member = world.reload(&member).await;
        assert_eq!(member.verified_email().map(ToString::to_string).as_deref(), Some("ada@new.example"));
        for (flow, code) in [(old_flow, old_code), (new_flow, new_code)] {
            let dead = email::finish(&world.app, &ctx, None, flow, &code, &BROWSER).await;
            assert_eq!(code_of(dead), Code::InvalidCode);
        }
        world.run_jobs().await;
        let told = world.mailer.sent().pop().expect("a mail");
        assert_eq!(told.to, ADA);
        assert!(told.subject.contains("address of your"));
        assert_eq!(world.audited("member.email_changed").await, 1);
        let stranger = world.sign_in_by_code(ADA).await.expect("signs in");
        assert_ne!(stranger.member.id, member.id, "the old address is nobody's now");
    }

    async fn t_id_04_changing_and_removing_need_a_fresh_sign_in(world: &World) {
        let member = world.member_with_email(ADA).await;
        let caller = world.caller_of(&world.sign_in(&member).await).await;
        world.advance(limits::RECENT_SIGN_IN);
        let ctx = world.ctx();
        let late = email::change_start(&world.app, &ctx, &caller, "ada@new.example", &BROWSER).await;
        assert_eq!(code_of(late), Code::RecentSignInRequired);
        assert_eq!(code_of(email::remove(&world.app, &ctx, &caller).await), Code::RecentSignInRequired);
    }

    async fn t_id_04_removing_the_address_kills_its_codes(world: &World) {
        let signed_in = world.sign_in_by(Provider::Apple, apple("a")).await;
        let caller = world.caller_of(&signed_in).await;
        let ctx = world.ctx();
        let change = email::change_start(&world.app, &ctx, &caller, ADA, &BROWSER).await.expect("starts");
        let code = world.last_code().await;
        email::change_finish(&world.app, &ctx, &caller, change.flow_id, &code, &BROWSER).await.expect("adds");
        let (flow, code) = world.mailed_code(ADA).await;
        email::remove(&world.app, &ctx, &caller).await.expect("removes");
        assert_eq!(code_of(email::finish(&world.app, &ctx, None, flow, &code, &BROWSER).await), Code::InvalidCode);
        assert_eq!(world.reload(&signed_in.member).await.email, None);
        assert_eq!(code_of(email::remove(&world.app, &ctx, &caller).await), Code::NotFound);
    }

    async fn t_id_12_the_only_address_stays(world: &World) {
        let signed_in = world.sign_in_by_code(ADA).await.expect("signs in");
        let caller = world.caller_of(&signed_in).await;
        assert_eq!(code_of(email::remove(&world.app, &world.ctx(), &caller).await), Code::LastWayIn);
    }

    async fn t_id_13_changing_to_a_taken_address_looks_the_same_and_gives_nothing(world: &World) {
        let owner = world.member_with_email(ADA).await;
        let caller = world.caller().await;
        let ctx = world.ctx();
        let free = email::change_start(&world.app, &ctx, &caller, "free@example.com", &BROWSER).await.expect("starts");
        let taken = email::change_start(&world.app, &ctx, &caller, ADA, &BROWSER).await.expect("starts");
        assert_eq!(taken.expires_in, free.expires_in);
        world.run_jobs().await;
        // Both are due in the same moment, so either may be sent first.
        let mail = world.mailer.sent().into_iter().rfind(|mail| mail.to == ADA).expect("a mail");
        assert_eq!(super::code_in(&mail.text), None);
        let refused = email::change_finish(&world.app, &ctx, &caller, taken.flow_id, "00000000", &BROWSER).await;
        assert_eq!(code_of(refused), Code::InvalidCode);
        assert_eq!(world.reload(&owner).await.email, owner.email);
    }

    async fn a_code_serves_only_what_it_was_asked_for(world: &World) {
        let caller = world.caller().await;
        let other = world.caller().await;
        let ctx = world.ctx();
        let change = email::change_start(&world.app, &ctx, &caller, ADA, &BROWSER).await.expect("starts");
        let code = world.last_code().await;
        let as_sign_in = email::finish(&world.app, &ctx, None, change.flow_id, &code, &BROWSER).await;
        assert_eq!(code_of(as_sign_in), Code::InvalidCode);
        assert_eq!(world.refusal().await, "code_for_other_purpose");
        let by_other = email::change_finish(&world.app, &ctx, &other, change.flow_id, &code, &BROWSER).await;
        assert_eq!(code_of(by_other), Code::InvalidCode);
        email::change_finish(&world.app, &ctx, &caller, change.flow_id, &code, &BROWSER).await.expect("changes");

        let (flow, code) = world.mailed_code("bob@example.com").await;
        let as_change = email::change_finish(&world.app, &ctx, &caller, flow, &code, &BROWSER).await;
        assert_eq!(code_of(as_change), Code::InvalidCode);
    }

    async fn of_two_members_at_once_one_gets_the_address(world: &World) {
        let (first, second) = (world.caller().await, world.caller().await);
        let ctx = world.ctx();
        let one = email::change_start(&world.app, &ctx, &first, ADA, &BROWSER).await.expect("starts");
        let one_code = world.last_code().await;
        // A second code for the same address would end the first; so the other member gets it by sign-in.
        let (flow, code) = world.mailed_code(ADA).await;
        email::finish(&world.app, &ctx, None, flow, &code, &BROWSER).await.expect("signs in");
        let late = email::change_finish(&world.app, &ctx, &first, one.flow_id, &one_code, &BROWSER).await;
        assert_eq!(code_of(late), Code::InvalidCode, "the proof ended every other code of the address");
        assert!(email::change_start(&world.app, &ctx, &second, ADA, &BROWSER).await.is_ok());
    }
}
