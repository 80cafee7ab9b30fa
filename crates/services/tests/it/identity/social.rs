//! The legacy sign-in with a provider's token.

use mainstay_model::identity::Provider;
use mainstay_services::{Capability, Code, Result, capability::State, identity::social, sessions::SignedIn};

use super::{
    World, at_once, code_of,
    provider::{gmail, google_with},
    worlds,
};
use crate::harness::Engine;

impl World {
    async fn social(&self, token: &str) -> Result<SignedIn> {
        social::login(&self.app, &self.ctx(), None, Provider::Google, token).await
    }
}

worlds! {
    async fn a_token_signs_in_once(world: &World) {
        let token = world.google.will_answer(gmail("ada"));
        let signed_in = world.social(&token).await.expect("signs in");
        assert_eq!(code_of(world.social(&token).await), Code::IdTokenRefused);
        assert_eq!(world.refusal().await, "token_spent");
        let trip = world.sign_in_by(Provider::Google, gmail("ada")).await;
        assert_eq!(trip.member.id, signed_in.member.id, "the same rules of linking");
    }

    async fn of_twenty_uses_at_once_one_succeeds(world: &World) {
        let token = world.google.will_answer(gmail("ada"));
        let ctx = world.ctx();
        let outcomes = at_once(&world.app, 20, move |app, _| {
            let (ctx, token) = (ctx.clone(), token.clone());
            async move { social::login(&app, &ctx, None, Provider::Google, &token).await }
        }).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    }

    async fn another_spelling_of_the_signature_is_no_second_token(world: &World) {
        let token = world.google.will_answer(gmail("ada"));
        world.social(&token).await.expect("signs in");
        let spelled = world.google.will_answer(gmail("ada"));
        assert_ne!(spelled, token);
        world.social(&spelled).await.expect("another token is another token");
    }

    async fn t_id_02_a_token_with_a_known_address_is_spent_and_opens_nothing(world: &World) {
        world.member_with_email("victim@corp.example").await;
        let token = world.google.will_answer(google_with("attacker", "victim@corp.example"));
        assert_eq!(code_of(world.social(&token).await), Code::AccountExists);
        assert_eq!(code_of(world.social(&token).await), Code::IdTokenRefused, "spent by the refusal");
    }

    async fn a_refused_token_signs_nobody_in(world: &World) {
        assert_eq!(code_of(world.social("forged").await), Code::IdTokenRefused);
        assert_eq!(world.refusal().await, "id_token");
        assert_eq!(code_of(world.social(&"x".repeat(20_000)).await), Code::ValidationFailed);
    }
}

#[test]
fn behind_the_switch_there_is_nothing() {
    crate::harness::runtime().block_on(async {
        let off = |options: &mut crate::harness::NodeOptions| {
            options.capabilities.set(Capability::SocialLogin, State::Off("Off by default.".into()));
        };
        let world = World::start(Engine::Sqlite, off).await;
        let token = world.google.will_answer(gmail("ada"));
        assert_eq!(code_of(world.social(&token).await), Code::CapabilityUnavailable);
        assert_eq!(world.google.asked(), 0);
    });
}
