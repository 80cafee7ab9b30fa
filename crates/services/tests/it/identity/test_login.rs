//! The automated tests' own way in.

use mainstay_model::member::Role;
use mainstay_services::{
    Capability, Code, Result, capability::State, identity::test_login, sessions::SignedIn,
    settings::Environment,
};
use secrecy::ExposeSecret;

use super::{World, at_once, code_of, worlds};
use crate::harness::{Engine, NodeOptions, TEST_AUTH, runtime};

impl World {
    async fn test_login(
        &self,
        header: Option<&str>,
        seed: Option<&str>,
        role: Option<Role>,
    ) -> Result<SignedIn> {
        test_login::login(&self.app, &self.ctx(), None, header, "ada", seed, role).await
    }
}

worlds! {
    async fn the_same_identity_is_the_same_member(world: &World) {
        let first = world.test_login(Some(TEST_AUTH), None, None).await.expect("signs in");
        let second = world.test_login(Some(TEST_AUTH), None, None).await.expect("signs in");
        assert_eq!(first.member, second.member);
        assert_ne!(first.session.id, second.session.id);
        world.authenticate(&first.access_token).await.expect("lives");
    }

    async fn the_same_seed_gives_the_same_values(world: &World) {
        let first = world.test_login(Some(TEST_AUTH), Some("seed"), None).await.expect("signs in");
        let second = world.test_login(Some(TEST_AUTH), Some("seed"), None).await.expect("signs in");
        assert_eq!(first.session.id, second.session.id);
        assert_eq!(first.refresh_token.expose_secret(), second.refresh_token.expose_secret());
        let other = world.test_login(Some(TEST_AUTH), Some("other"), None).await.expect("signs in");
        assert_ne!(first.session.id, other.session.id);
    }

    async fn a_role_is_given_here_and_kept(world: &World) {
        let signed_in = world.test_login(Some(TEST_AUTH), None, Some(Role::Operator)).await.expect("signs in");
        assert_eq!(signed_in.member.role, Role::Operator);
        assert_eq!(world.caller_of(&signed_in).await.role, Role::Operator);
        let again = world.test_login(Some(TEST_AUTH), None, None).await.expect("signs in");
        assert_eq!(again.member.role, Role::Operator);
    }

    async fn twenty_first_sign_ins_at_once_make_one_member(world: &World) {
        let ctx = world.ctx();
        let outcomes = at_once(&world.app, 20, move |app, _| {
            let ctx = ctx.clone();
            async move { test_login::login(&app, &ctx, None, Some(TEST_AUTH), "bob", None, None).await }
        }).await;
        let members: std::collections::BTreeSet<_> =
            outcomes.into_iter().map(|outcome| outcome.expect("signs in").member.id).collect();
        assert_eq!(members.len(), 1);
    }

    async fn without_the_right_header_the_door_is_shut(world: &World) {
        for header in [None, Some(""), Some("wrong"), Some("test-header-of-the-harness ")] {
            assert_eq!(code_of(world.test_login(header, None, None).await), Code::Forbidden);
            assert_eq!(world.refusal().await, "header");
        }
        for identity in ["", " ", "a\0b"] {
            let refused = test_login::login(&world.app, &world.ctx(), None, Some(TEST_AUTH), identity, None, None).await;
            assert_eq!(code_of(refused), Code::ValidationFailed);
        }
    }
}

#[test]
fn a_refusal_stands_when_the_trail_can_not_be_written() {
    runtime().block_on(async {
        let world = World::start(Engine::Sqlite, |_| ()).await;
        world.store.set_down(true);
        assert_eq!(code_of(world.test_login(Some("wrong"), None, None).await), Code::Forbidden);
    });
}

fn shut(change: impl FnOnce(&mut NodeOptions)) {
    runtime().block_on(async {
        let world = World::start(Engine::Sqlite, change).await;
        let refused = world.test_login(Some(TEST_AUTH), None, None).await;
        assert_eq!(code_of(refused), Code::CapabilityUnavailable);
        assert_eq!(world.refusal().await, "switched_off");
        assert_eq!(world.audited("sign_in.succeeded").await, 0);
    });
}

#[test]
fn in_production_the_right_header_opens_nothing() {
    shut(|options| options.settings.environment = Environment::Prod);
}

#[test]
fn out_of_test_mode_the_right_header_opens_nothing() {
    shut(|options| options.settings.test_auth = None);
    shut(|options| options.settings.test_auth = Some("".into()));
    shut(|options| options.capabilities.set(Capability::TestLogin, State::Off("Off.".into())));
}
