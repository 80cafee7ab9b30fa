//! Trips to a provider: bound to one browser, one provider, one use and ten minutes.

use std::time::Duration;

use mainstay_model::identity::Provider;
use mainstay_services::{Code, identity::oauth, limits};

use super::{
    BROWSER, OTHER_BROWSER, at_once, code_of,
    provider::{apple, gmail},
    worlds,
};

worlds! {
    async fn t_id_08_the_flow_cookie_alone_is_enough_and_works_once(world: &World) {
        let state = world.depart(Provider::Apple, None).await;
        let code = world.apple.will_answer(apple("a"));
        let finished = world.arrive(Provider::Apple, None, &state, &code, None).await.expect("signs in");
        assert_eq!(finished.return_to, "/notes");
        assert!(finished.signed_in.is_some());
        let again = world.arrive(Provider::Apple, None, &state, &code, None).await;
        assert_eq!(code_of(again), Code::OauthStateRefused);
        assert_eq!(world.refusal().await, "state_unknown");
        assert_eq!(world.apple.asked(), 1);
    }

    async fn t_id_08_another_browser_and_no_browser_are_refused(world: &World) {
        for browser in [Some(&OTHER_BROWSER), None] {
            let state = world.depart(Provider::Apple, None).await;
            let code = world.apple.will_answer(apple("a"));
            let ctx = world.ctx();
            let refused = oauth::finish(
                &world.app, &ctx, Provider::Apple, None, None, &state, Ok(&code), None, browser,
            ).await;
            assert_eq!(code_of(refused), Code::OauthStateRefused);
            assert_eq!(world.refusal().await, "state_of_other_browser");
            let spent = world.arrive(Provider::Apple, None, &state, &code, None).await;
            assert_eq!(code_of(spent), Code::OauthStateRefused, "a refused state is spent");
        }
        assert_eq!(world.apple.asked(), 0, "the provider is not asked");
    }

    async fn t_id_08_another_providers_state_is_refused(world: &World) {
        let state = world.depart(Provider::Google, None).await;
        let code = world.apple.will_answer(apple("a"));
        let refused = world.arrive(Provider::Apple, None, &state, &code, None).await;
        assert_eq!(code_of(refused), Code::OauthStateRefused);
        assert_eq!(world.refusal().await, "state_of_other_provider");
    }

    async fn a_trip_ends_after_ten_minutes(world: &World) {
        let code = world.google.will_answer(gmail("ada"));
        let state = world.depart(Provider::Google, None).await;
        world.advance(limits::OAUTH_FLOW_TTL - Duration::from_secs(1));
        world.arrive(Provider::Google, None, &state, &code, None).await.expect("in time");
        let state = world.depart(Provider::Google, None).await;
        world.advance(limits::OAUTH_FLOW_TTL);
        let late = world.arrive(Provider::Google, None, &state, &code, None).await;
        assert_eq!(code_of(late), Code::OauthStateRefused);
        assert_eq!(world.refusal().await, "state_expired");
    }

    async fn of_twenty_callbacks_at_once_one_succeeds(world: &World) {
        let state = world.depart(Provider::Google, None).await;
        let code = world.google.will_answer(gmail("ada"));
        let ctx = world.ctx();
        let outcomes = at_once(&world.app, 20, move |app, _| {
            let (ctx, state, code) = (ctx.clone(), state.clone(), code.clone());
            async move {
                oauth::finish(&app, &ctx, Provider::Google, None, None, &state, Ok(&code), None, Some(&BROWSER)).await
            }
        }).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(world.google.asked(), 1);
    }

    async fn a_code_that_the_provider_refuses_signs_nobody_in(world: &World) {
        let state = world.depart(Provider::Google, None).await;
        let refused = world.arrive(Provider::Google, None, &state, "forged", None).await;
        assert_eq!(code_of(refused), Code::IdTokenRefused);
        assert_eq!(world.refusal().await, "id_token");

        let state = world.depart(Provider::Google, None).await;
        let ctx = world.ctx();
        for (word, reason) in [("access_denied", "denied_by_member"), ("<script>", "denied_by_provider")] {
            let state = if word == "access_denied" { state.clone() } else { world.depart(Provider::Google, None).await };
            let denied = oauth::finish(
                &world.app, &ctx, Provider::Google, None, None, &state, Err(word), None, Some(&BROWSER),
            ).await;
            let code = if word == "access_denied" { Code::AccessDenied } else { Code::IdTokenRefused };
            assert_eq!(code_of(denied), code);
            assert_eq!(world.refusal().await, reason);
        }
    }

    async fn an_account_without_a_subject_is_nobody(world: &World) {
        for subject in ["", &"s".repeat(256)] {
            let account = mainstay_services::ports::ProviderAccount { subject: subject.to_owned(), ..gmail("ada") };
            assert_eq!(code_of(world.trip(Provider::Google, account).await), Code::IdTokenRefused);
        }
        assert_eq!(world.audited("member.created").await, 0);
    }

    async fn a_provider_that_is_away_is_a_dependency_that_is_away(world: &World) {
        world.google.set_down(true);
        let refused = world.trip(Provider::Google, gmail("ada")).await;
        assert_eq!(code_of(refused), Code::DependencyUnavailable);
        world.google.set_down(false);
        world.trip(Provider::Google, gmail("ada")).await.expect("signs in");
    }

    async fn t_id_09_the_name_comes_once_and_stays(world: &World) {
        let user = r#"{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"victim@example.com"}"#;
        let state = world.depart(Provider::Apple, None).await;
        let code = world.apple.will_answer(apple("a"));
        let first = world.arrive(Provider::Apple, None, &state, &code, Some(user)).await.expect("signs in");
        let first = first.signed_in.expect("a session").member;
        assert_eq!(first.display_name, "Ada Lovelace");
        assert_eq!(first.email, None, "the address beside the name is signed by nobody");

        let second = world.sign_in_by(Provider::Apple, apple("a")).await.member;
        assert_eq!((second.id, second.display_name.as_str()), (first.id, "Ada Lovelace"));

        let user = r#"{"name":{"firstName":"Mallory"}}"#;
        let state = world.depart(Provider::Apple, None).await;
        let third = world.arrive(Provider::Apple, None, &state, &code, Some(user)).await.expect("signs in");
        assert_eq!(third.signed_in.expect("a session").member.display_name, "Ada Lovelace");
    }

    async fn t_id_03_what_the_browser_posts_about_itself_has_no_effect(world: &World) {
        let victim = world.member_with_email("victim@example.com").await;
        let user = format!(
            r#"{{"email":"victim@example.com","email_verified":true,"role":"operator","user_id":"{}","name":{{"firstName":"M"}}}}"#,
            victim.id
        );
        for provider in [Provider::Apple, Provider::Google] {
            let state = world.depart(provider, None).await;
            let account = if provider == Provider::Apple { apple("m") } else { gmail("m") };
            let code = world.provider(provider).will_answer(account);
            let finished = world.arrive(provider, None, &state, &code, Some(&user)).await.expect("signs in");
            let member = finished.signed_in.expect("a session").member;
            assert_ne!(member.id, victim.id);
            assert_eq!(member.role, mainstay_model::member::Role::Member);
            assert_ne!(member.email, victim.email);
        }
    }

    async fn only_paths_of_this_site_are_returned_to(world: &World) {
        for (asked, answered) in [("/notes?x=1", "/notes?x=1"), ("//evil.example", "/"), ("https://evil.example", "/")] {
            let ctx = world.ctx();
            let url = oauth::start(&world.app, &ctx, Provider::Google, Some(asked), None, &BROWSER).await;
            let url = url.expect("starts");
            let state = url.query_pairs().find(|(name, _)| name == "state").expect("has a state").1.into_owned();
            let code = world.google.will_answer(gmail("ada"));
            let finished = world.arrive(Provider::Google, None, &state, &code, None).await.expect("signs in");
            assert_eq!(finished.return_to, answered);
        }
    }

    async fn a_provider_without_configuration_is_unavailable_with_a_reason(world: &World) {
        // The second node has no providers.
        let node = world.second_node().await;
        let refused = oauth::start(&node, &world.ctx(), Provider::Google, None, None, &BROWSER).await;
        let error = refused.expect_err("refused");
        assert_eq!(error.code, Code::CapabilityUnavailable);
        assert!(error.capability.is_some());
    }

    async fn the_states_of_two_trips_differ_and_no_secret_is_stored(world: &World) {
        let first = world.depart(Provider::Google, None).await;
        let second = world.depart(Provider::Google, None).await;
        assert_ne!(first, second);
        let hash = mainstay_services::crypto::sha256(first.as_bytes());
        let mut tx = world.app.write().await.expect("opens");
        let flow = tx.take_oauth_flow(&hash).await.expect("reads").expect("is known by its hash");
        assert_ne!(flow.browser_hash, BROWSER);
        assert!(!flow.sealed_verifier.windows(8).any(|bytes| bytes == b"verifier"));
    }
}
