//! Members: what they change of themselves, and what operators do about them.

use std::sync::Arc;

use async_trait::async_trait;
use mainstay_model::{
    IdentityId, Language, TenantId,
    audit::Actor,
    identity::{Identity, Provider},
    member::{Member, Role},
    session::RevokedReason,
    tenant::{Membership, Tenant, TenantRole},
};
use mainstay_services::{
    Caller, Code,
    crypto::Purpose,
    limits, members,
    ports::{ExpectedNonce, IdentityProvider, ProviderAccount, ProviderError},
    tenants,
};
use mainstay_store::IdentityInserted;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    both_engines,
    harness::{NodeOptions, TestApp, refusal},
};

/// A provider that only notes which tokens were revoked.
#[derive(Default)]
struct Revocations(std::sync::Mutex<Vec<String>>);

#[async_trait]
impl IdentityProvider for Revocations {
    fn client_id(&self) -> &str {
        "client"
    }
    fn answers_by_form_post(&self) -> bool {
        true
    }
    fn authorize_url(&self, _: &str, _: &str, _: &str) -> url::Url {
        url::Url::parse("https://provider.example").expect("a URL")
    }
    async fn exchange(&self, _: &str, _: &str, _: &str) -> Result<ProviderAccount, ProviderError> {
        Err(ProviderError::Refused("not here".to_owned()))
    }
    async fn verify_id_token(&self, _: &str, _: ExpectedNonce<'_>) -> Result<ProviderAccount, ProviderError> {
        Err(ProviderError::Refused("not here".to_owned()))
    }
    async fn revoke(&self, token: &SecretString) -> Result<(), ProviderError> {
        self.0.lock().expect("not poisoned").push(token.expose_secret().to_owned());
        Ok(())
    }
}

async fn link_apple(test: &TestApp, member: &Member, token: &str) {
    let app = &test.app;
    let sealed = app.sealer.seal(&*app.ports.random, Purpose::ProviderToken, token.as_bytes());
    let identity = Identity {
        id: IdentityId::new(app.new_uuid()),
        member_id: member.id,
        provider: Provider::Apple,
        issuer: "https://appleid.apple.com".to_owned(),
        subject: member.id.to_string(),
        email: None,
        sealed_token: Some(sealed),
        created_at: test.now(),
        last_used_at: None,
    };
    let mut tx = app.write().await.expect("opens");
    assert_eq!(tx.insert_identity(&identity).await.expect("inserts"), IdentityInserted::Inserted);
    tx.commit().await.expect("commits");
}

async fn caller_of(test: &TestApp, member: &Member) -> Caller {
    let signed_in = test.sign_in(member).await;
    test.authenticate(&signed_in.access_token).await.expect("is live")
}

both_engines! {
    async fn members_see_themselves(test: &TestApp) {
        let ada = test.member_with_email("ada@example.com").await;
        let caller = caller_of(test, &ada).await;
        link_apple(test, &ada, "token").await;
        let tenant = tenants::create(&test.app, &test.ctx(), &caller, "Yard").await.expect("is made");
        let me = members::me(&test.app, &caller).await.expect("reads");
        assert_eq!((me.member.id, me.session.id, me.passkeys), (ada.id, caller.session_id, 0));
        assert_eq!(me.email.expect("an address").as_str(), "ada@example.com");
        assert_eq!((me.identities.len(), me.tenants), (1, vec![(tenant, TenantRole::Owner)]));
    }

    async fn an_unproven_address_is_not_shown(test: &TestApp) {
        let mut ada = test.member_with_email("ada@example.com").await;
        let caller = caller_of(test, &ada).await;
        ada.email_verified_at = None;
        let mut tx = test.app.write().await.expect("opens");
        tx.update_member(&ada).await.expect("writes");
        tx.commit().await.expect("commits");
        assert!(members::me(&test.app, &caller).await.expect("reads").email.is_none());
    }

    async fn members_change_their_name_and_language(test: &TestApp) {
        let (caller, ctx) = (test.caller().await, test.ctx());
        let change = async |name, language| members::update(&test.app, &ctx, &caller, name, language).await;
        change(Some("  Ada L. "), None).await.expect("changes");
        change(None, Some("he")).await.expect("changes");
        let me = members::by_id(&test.app, caller.member_id).await.expect("reads");
        assert_eq!((me.display_name.as_str(), me.language), ("Ada L.", Language::He));
        for (name, language, field) in [
            (Some("evil\u{202E}gnp"), None, "display_name"),
            (Some(&*"x".repeat(limits::LABEL_CHARS_MAX + 1)), None, "display_name"),
            (None, Some("xx"), "language"),
        ] {
            let error = change(name, language).await.expect_err("is refused");
            assert_eq!((error.code, error.fields[0].field.as_ref()), (Code::ValidationFailed, field));
        }
    }

    async fn deletion_needs_a_recent_sign_in(test: &TestApp) {
        let caller = test.caller().await;
        test.advance(limits::RECENT_SIGN_IN);
        let refused = members::delete_self(&test.app, &test.ctx(), &caller).await;
        assert_eq!(refusal(refused), Code::RecentSignInRequired);
        members::by_id(&test.app, caller.member_id).await.expect("is still there");
    }

    async fn deletion_removes_everything_and_tells_the_provider(test: &TestApp) {
        let apple = Arc::new(Revocations::default());
        let mut options = NodeOptions { seed: 2, ..NodeOptions::new() };
        options.identity_providers.insert(Provider::Apple, Arc::clone(&apple) as _);
        let app = test.node(options, &test.bus).await.expect("starts");
        let ada = test.member_with_email("ada@example.com").await;
        let caller = caller_of(test, &ada).await;
        link_apple(test, &ada, "apple-refresh-token").await;
        members::delete_self(&app, &test.ctx(), &caller).await.expect("is deleted");
        assert_eq!(refusal(members::by_id(&app, ada.id).await), Code::NotFound);
        assert_eq!(mainstay_services::jobs::run_due(&app).await.expect("runs"), 1);
        assert_eq!(*apple.0.lock().expect("not poisoned"), ["apple-refresh-token"]);
        let event = &test.audit_events().await[0];
        assert_eq!(
            (event.action.as_str(), &event.subject),
            ("member.deleted", &format!("member:{}", ada.id))
        );
        assert!(!event.detail.contains("ada"));
        // The address is free again.
        test.member_with_email("ada@example.com").await;
        assert_eq!(refusal(members::delete_self(&app, &test.ctx(), &caller).await), Code::SessionEnded);
    }

    async fn the_only_owner_of_others_can_not_delete_themselves(test: &TestApp) {
        let (owner, other, ctx) = (test.caller().await, test.caller().await, test.ctx());
        let tenant = tenants::create(&test.app, &ctx, &owner, "Yard").await.expect("is made");
        let id = other.member_id;
        tenants::add_member(&test.app, &ctx, &owner, tenant.id, id, TenantRole::Admin)
            .await
            .expect("is added");
        assert_eq!(refusal(members::delete_self(&test.app, &ctx, &owner).await), Code::Conflict);
        tenants::change_role(&test.app, &ctx, &owner, tenant.id, id, TenantRole::Owner)
            .await
            .expect("is raised");
        members::delete_self(&test.app, &ctx, &owner).await.expect("is deleted");
        // Alone in it, the other one may go too.
        members::delete_self(&test.app, &ctx, &other).await.expect("is deleted");
    }

    async fn a_deletion_beside_a_hand_over_leaves_no_tenant_without_owner(test: &TestApp) {
        let (app, ctx) = (&test.app, test.ctx());
        let (owner, third) = (test.caller().await, test.caller().await);
        for round in 0..8 {
            let heir = test.caller().await;
            let tenant = tenants::create(app, &ctx, &owner, "Yard").await.expect("is made").id;
            for id in [heir.member_id, third.member_id] {
                tenants::add_member(app, &ctx, &owner, tenant, id, TenantRole::Member).await.expect("is added");
            }
            let hand_over = async {
                tenants::change_role(app, &ctx, &owner, tenant, heir.member_id, TenantRole::Owner).await?;
                tenants::remove_member(app, &ctx, &owner, tenant, owner.member_id).await
            };
            let (deleted, handed) = tokio::join!(members::delete_self(app, &ctx, &heir), hand_over);
            let mut tx = app.read().await.expect("opens");
            assert!(
                tx.count_owners(tenant).await.expect("counts") > 0,
                "round {round}: {deleted:?}, {handed:?}"
            );
        }
    }

    async fn tenants_beyond_a_page_are_looked_at_too(test: &TestApp) {
        let (owner, other, ctx) = (test.caller().await, test.caller().await, test.ctx());
        let mut last = None;
        let mut tx = test.app.write().await.expect("opens");
        for number in 0..=limits::TENANTS_BATCH {
            let id = TenantId::new(test.app.new_uuid());
            let tenant = Tenant { id, name: format!("{number}"), created_at: test.now() };
            tx.insert_tenant(&tenant).await.expect("inserts");
            let (role, created_at) = (TenantRole::Owner, test.now());
            let membership = Membership { tenant_id: id, member_id: owner.member_id, role, created_at };
            tx.insert_membership(&membership).await.expect("inserts");
            last = last.max(Some(id));
        }
        tx.commit().await.expect("commits");
        let last = last.expect("a tenant");
        tenants::add_member(&test.app, &ctx, &owner, last, other.member_id, TenantRole::Member)
            .await
            .expect("is added");
        assert_eq!(refusal(members::delete_self(&test.app, &ctx, &owner).await), Code::Conflict);
    }

    async fn an_operator_is_made_by_id_or_proven_address(test: &TestApp) {
        let (ada, bob) = (test.member_with_email("ada@example.com").await, test.member().await);
        let (ctx, actor) = (test.ctx(), Actor::Operator("root".to_owned()));
        let promote =
            async |selector: &str| members::promote(&test.app, &ctx, &actor, selector, Role::Operator).await;
        assert_eq!(promote(" Ada@Example.com ").await.expect("rises").id, ada.id);
        assert_eq!(promote(&bob.id.to_string()).await.expect("rises").role, Role::Operator);
        for nobody in ["", "nobody@example.com", "0190b5a0-0000-7000-8000-000000000000", "ada"] {
            assert_eq!(refusal(promote(nobody).await), Code::NotFound);
        }
        // Once more changes nothing.
        promote("ada@example.com").await.expect("is so already");
        assert_eq!(test.audited("member.role_changed").await, 2);
        assert_eq!(test.audit_events().await[0].actor, "cli:root");
    }

    async fn an_unproven_address_makes_no_operator(test: &TestApp) {
        let mut mallory = test.member_with_email("boss@example.com").await;
        mallory.email_verified_at = None;
        let mut tx = test.app.write().await.expect("opens");
        tx.update_member(&mallory).await.expect("writes");
        tx.commit().await.expect("commits");
        let outcome =
            members::promote(&test.app, &test.ctx(), &Actor::System, "boss@example.com", Role::Operator)
                .await;
        assert_eq!(refusal(outcome), Code::NotFound);
    }

    async fn a_ban_ends_sessions_and_is_audited_once(test: &TestApp) {
        let ada = test.member().await;
        let signed_in = test.sign_in(&ada).await;
        let operator = test.caller().await;
        let (ctx, actor) = (test.ctx(), operator.actor());
        for _ in 0..2 {
            members::ban(&test.app, &ctx, &actor, ada.id, true).await.expect("is banned");
        }
        assert_eq!(test.audited("member.banned").await, 1);
        let mut tx = test.app.read().await.expect("opens");
        let session = tx.session_by_id(signed_in.session.id).await.expect("reads").expect("is kept");
        assert_eq!(session.revoked_reason, Some(RevokedReason::Banned));
        let own = members::ban(&test.app, &ctx, &actor, operator.member_id, true).await;
        assert_eq!(refusal(own), Code::Conflict);
        let missing = mainstay_model::MemberId::new(test.app.new_uuid());
        assert_eq!(refusal(members::ban(&test.app, &ctx, &actor, missing, true).await), Code::NotFound);
    }
}
