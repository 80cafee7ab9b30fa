//! Tenants (IDN-9).

use mainstay_model::{MemberId, tenant::TenantRole};
use mainstay_services::{Caller, Code, Result, tenants};

use crate::{
    both_engines,
    harness::{TestApp, refusal},
};
use TenantRole::{Admin, Member, Owner};

/// A tenant with an owner, an admin and a member.
struct Yard {
    id: mainstay_model::TenantId,
    owner: Caller,
    admin: Caller,
    member: Caller,
    stranger: Caller,
}

async fn yard(test: &TestApp) -> Yard {
    let (owner, admin) = (test.caller().await, test.caller().await);
    let (member, stranger) = (test.caller().await, test.caller().await);
    let id = tenants::create(&test.app, &test.ctx(), &owner, "Yard").await.expect("is made").id;
    add(test, &owner, id, admin.member_id, Admin).await.expect("is added");
    add(test, &owner, id, member.member_id, Member).await.expect("is added");
    Yard { id, owner, admin, member, stranger }
}

async fn add(
    test: &TestApp,
    caller: &Caller,
    id: mainstay_model::TenantId,
    member_id: MemberId,
    role: TenantRole,
) -> Result<()> {
    tenants::add_member(&test.app, &test.ctx(), caller, id, member_id, role).await.map(|_| ())
}

async fn change(test: &TestApp, yard: &Yard, caller: &Caller, whom: &Caller, role: TenantRole) -> Result<()> {
    tenants::change_role(&test.app, &test.ctx(), caller, yard.id, whom.member_id, role).await.map(|_| ())
}

async fn remove(test: &TestApp, yard: &Yard, caller: &Caller, whom: &Caller) -> Result<()> {
    tenants::remove_member(&test.app, &test.ctx(), caller, yard.id, whom.member_id).await
}

async fn role_of(test: &TestApp, yard: &Yard, whom: &Caller) -> Option<TenantRole> {
    let scope = tenants::enter(&test.app, whom, yard.id).await.ok()?;
    Some(scope.role())
}

both_engines! {
    async fn idn_9_who_makes_a_tenant_owns_it(test: &TestApp) {
        let (caller, ctx) = (test.caller().await, test.ctx());
        let tenant = tenants::create(&test.app, &ctx, &caller, "  Yard ").await.expect("is made");
        assert_eq!(tenant.name, "Yard");
        assert_eq!(tenants::list(&test.app, &caller).await.expect("lists"), [(tenant.clone(), Owner)]);
        assert_eq!(tenants::get(&test.app, &caller, tenant.id).await.expect("reads"), (tenant, Owner));
        assert_eq!(test.audited("tenant.created").await, 1);
        assert_eq!(refusal(tenants::create(&test.app, &ctx, &caller, " ").await), Code::ValidationFailed);
    }

    async fn idn_9_a_member_has_a_role_in_each_of_several_tenants(test: &TestApp) {
        let yard = yard(test).await;
        let own = tenants::create(&test.app, &test.ctx(), &yard.member, "Own").await.expect("is made");
        let roles: Vec<_> = tenants::list(&test.app, &yard.member)
            .await
            .expect("lists")
            .into_iter()
            .map(|(tenant, role)| (tenant.id, role))
            .collect();
        assert_eq!(roles, [(own.id, Owner), (yard.id, Member)]);
    }

    async fn idn_9_to_a_stranger_a_tenant_does_not_exist(test: &TestApp) {
        let yard = yard(test).await;
        let (app, stranger) = (&test.app, &yard.stranger);
        let missing = mainstay_model::TenantId::new(app.new_uuid());
        for id in [yard.id, missing] {
            assert_eq!(refusal(tenants::enter(app, stranger, id).await), Code::NotFound);
            assert_eq!(refusal(tenants::get(app, stranger, id).await), Code::NotFound);
            assert_eq!(refusal(tenants::members(app, stranger, id).await), Code::NotFound);
            assert_eq!(refusal(add(test, stranger, id, stranger.member_id, Owner).await), Code::NotFound);
        }
        assert_eq!(refusal(change(test, &yard, stranger, &yard.member, Owner).await), Code::NotFound);
        assert_eq!(refusal(remove(test, &yard, stranger, &yard.member).await), Code::NotFound);
    }

    async fn idn_9_members_see_each_other(test: &TestApp) {
        let yard = yard(test).await;
        let listed = tenants::members(&test.app, &yard.member, yard.id).await.expect("lists");
        let roles: Vec<_> =
            listed.iter().map(|(membership, name)| (membership.role, name.as_str())).collect();
        assert_eq!(roles.len(), 3);
        assert!(roles.contains(&(Owner, "Ada")) && roles.contains(&(Member, "Ada")));
    }

    async fn idn_9_roles_are_managed_up_to_ones_own(test: &TestApp) {
        let yard = yard(test).await;
        let Yard { id, owner, admin, member, stranger } = &yard;
        // A member manages nobody.
        assert_eq!(refusal(add(test, member, *id, stranger.member_id, Member).await), Code::Forbidden);
        assert_eq!(refusal(change(test, &yard, member, member, Admin).await), Code::Forbidden);
        assert_eq!(refusal(remove(test, &yard, member, admin).await), Code::Forbidden);
        // An admin neither makes nor touches owners.
        assert_eq!(refusal(add(test, admin, *id, stranger.member_id, Owner).await), Code::Forbidden);
        assert_eq!(refusal(change(test, &yard, admin, admin, Owner).await), Code::Forbidden);
        assert_eq!(refusal(change(test, &yard, admin, owner, Member).await), Code::Forbidden);
        assert_eq!(refusal(remove(test, &yard, admin, owner).await), Code::Forbidden);
        // Up to their own role they manage.
        add(test, admin, *id, stranger.member_id, Member).await.expect("is added");
        change(test, &yard, admin, stranger, Admin).await.expect("is raised");
        remove(test, &yard, admin, stranger).await.expect("is removed");
        change(test, &yard, owner, admin, Owner).await.expect("is raised");
        change(test, &yard, admin, owner, Member).await.expect("is lowered by another owner");
        assert_eq!(role_of(test, &yard, owner).await, Some(Member));
        assert_eq!(test.audited("tenant.member_added").await, 3);
        assert_eq!(test.audited("tenant.member_role_changed").await, 3);
        assert_eq!(test.audited("tenant.member_removed").await, 1);
    }

    async fn idn_9_the_last_owner_stays(test: &TestApp) {
        let yard = yard(test).await;
        assert_eq!(refusal(remove(test, &yard, &yard.owner, &yard.owner).await), Code::Conflict);
        assert_eq!(refusal(change(test, &yard, &yard.owner, &yard.owner, Member).await), Code::Conflict);
        change(test, &yard, &yard.owner, &yard.admin, Owner).await.expect("is raised");
        remove(test, &yard, &yard.owner, &yard.owner).await.expect("leaves");
        assert_eq!(role_of(test, &yard, &yard.owner).await, None);
    }

    async fn idn_9_two_owners_who_leave_at_once_leave_one(test: &TestApp) {
        let yard = yard(test).await;
        change(test, &yard, &yard.owner, &yard.admin, Owner).await.expect("is raised");
        let (one, two) = tokio::join!(
            remove(test, &yard, &yard.owner, &yard.owner),
            remove(test, &yard, &yard.admin, &yard.admin),
        );
        assert_ne!(one.is_ok(), two.is_ok());
        assert_eq!(refusal(one.and(two)), Code::Conflict);
    }

    async fn idn_9_anybody_may_leave(test: &TestApp) {
        let yard = yard(test).await;
        remove(test, &yard, &yard.member, &yard.member).await.expect("leaves");
        assert_eq!(role_of(test, &yard, &yard.member).await, None);
        assert_eq!(refusal(remove(test, &yard, &yard.owner, &yard.member).await), Code::NotFound);
    }

    async fn idn_9_nobody_is_added_twice_and_no_ghost_ever(test: &TestApp) {
        let yard = yard(test).await;
        let again = add(test, &yard.owner, yard.id, yard.member.member_id, Admin).await;
        assert_eq!(refusal(again), Code::Conflict);
        assert_eq!(role_of(test, &yard, &yard.member).await, Some(Member));
        let ghost = MemberId::new(test.app.new_uuid());
        assert_eq!(refusal(add(test, &yard.owner, yard.id, ghost, Member).await), Code::NotFound);
        let stranger = change(test, &yard, &yard.owner, &yard.stranger, Member).await;
        assert_eq!(refusal(stranger), Code::NotFound);
    }

    async fn idn_9_a_scope_demands_roles(test: &TestApp) {
        let yard = yard(test).await;
        let scope = tenants::enter(&test.app, &yard.admin, yard.id).await.expect("enters");
        assert_eq!((scope.tenant().id, scope.role()), (yard.id, Admin));
        scope.require(Member).and(scope.require(Admin)).expect("may");
        assert_eq!(refusal(scope.require(Owner)), Code::Forbidden);
    }
}
