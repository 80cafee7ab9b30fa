//! Tenants and memberships.

use mainstay_model::{MemberId, TenantId, tenant::TenantRole};
use mainstay_store::MembershipChange;
use uuid::Uuid;

use crate::{AnyStore, at_once, read, sample, write};

/// Made, read, locked.
pub async fn is_made_and_read(store: AnyStore) {
    let tenant = sample::tenant("Ünited");
    let mut tx = write(&store).await;
    tx.insert_tenant(&tenant).await.expect("insert");
    assert_eq!(tx.lock_tenant(tenant.id).await.expect("lock"), Some(tenant.clone()));
    tx.commit().await.expect("commit");
    let unknown = TenantId::new(Uuid::now_v7());
    assert_eq!(read(&store).await.tenant_by_id(tenant.id).await.expect("read"), Some(tenant));
    assert_eq!(read(&store).await.tenant_by_id(unknown).await.expect("read"), None);
    assert_eq!(write(&store).await.lock_tenant(unknown).await.expect("lock"), None);
}

/// Done, missing, exists.
pub async fn tells_outcomes(store: AnyStore) {
    let (tenant, member) = (sample::tenant("T"), sample::a_member(&store).await);
    let (no_tenant, nobody) = (TenantId::new(Uuid::now_v7()), MemberId::new(Uuid::now_v7()));
    let mut tx = write(&store).await;
    tx.insert_tenant(&tenant).await.expect("insert");
    for (tenant_id, member_id, outcome) in [
        (tenant.id, nobody, MembershipChange::Missing),
        (no_tenant, member.id, MembershipChange::Missing),
        (tenant.id, member.id, MembershipChange::Done),
        (tenant.id, member.id, MembershipChange::Exists),
    ] {
        let place = sample::membership(tenant_id, member_id, TenantRole::Admin, 1);
        assert_eq!(tx.insert_membership(&place).await.expect("insert"), outcome);
    }
    for role in TenantRole::ALL {
        let change = tx.update_membership(tenant.id, member.id, *role).await.expect("update");
        assert_eq!(change, MembershipChange::Done);
        let place = tx.membership(tenant.id, member.id).await.expect("read");
        assert_eq!(place, Some(sample::membership(tenant.id, member.id, *role, 1)));
    }
    let missing = MembershipChange::Missing;
    assert_eq!(tx.update_membership(tenant.id, nobody, TenantRole::Owner).await.expect("update"), missing);
    assert_eq!(tx.update_membership(no_tenant, member.id, TenantRole::Owner).await.expect("update"), missing);
    assert_eq!(tx.membership(tenant.id, nobody).await.expect("read"), None);
    assert_eq!(tx.count_owners(tenant.id).await.expect("count"), 1);
    assert_eq!(tx.delete_membership(no_tenant, member.id).await.expect("delete"), missing);
    assert_eq!(tx.delete_membership(tenant.id, member.id).await.expect("delete"), MembershipChange::Done);
    assert_eq!(tx.delete_membership(tenant.id, member.id).await.expect("delete"), missing);
    assert_eq!(tx.count_owners(tenant.id).await.expect("count"), 0);
    tx.commit().await.expect("commit");
}

/// A member's tenants by the bytes of their names, a tenant's members by age.
pub async fn lists_by_name_and_age(store: AnyStore) {
    let (member, mut other) = (sample::a_member(&store).await, sample::member());
    other.display_name = "Bob".to_owned();
    let mut tx = write(&store).await;
    tx.insert_member(&other).await.expect("insert");
    let mut tenants = Vec::new();
    for name in ["b", "a", "B", "é", "A b", "a"] {
        let tenant = sample::tenant(name);
        tx.insert_tenant(&tenant).await.expect("insert");
        let place = sample::membership(tenant.id, member.id, TenantRole::Member, 9);
        tx.insert_membership(&place).await.expect("insert");
        tenants.push(tenant);
    }
    let first = tenants[0].clone();
    let oldest = sample::membership(first.id, other.id, TenantRole::Owner, 3);
    tx.insert_membership(&oldest).await.expect("insert");
    tx.commit().await.expect("commit");

    let mut tx = read(&store).await;
    tenants.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()).then(a.id.cmp(&b.id)));
    let expected: Vec<_> = tenants.into_iter().map(|tenant| (tenant, TenantRole::Member)).collect();
    assert_eq!(tx.tenants_of_member(member.id).await.expect("list"), expected);
    assert_eq!(tx.tenants_of_member(other.id).await.expect("list"), [(first.clone(), TenantRole::Owner)]);
    let newest = sample::membership(first.id, member.id, TenantRole::Member, 9);
    assert_eq!(
        tx.members_of_tenant(first.id).await.expect("list"),
        [(oldest, "Bob".to_owned()), (newest, "Ada".to_owned())]
    );
    assert_eq!(tx.members_of_tenant(TenantId::new(Uuid::now_v7())).await.expect("list"), []);
}

/// In their order, after one, up to a limit.
pub async fn ids_are_paged(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut tx = write(&store).await;
    let mut ids = Vec::new();
    for (name, role) in [("c", TenantRole::Owner), ("a", TenantRole::Member), ("b", TenantRole::Admin)] {
        let tenant = sample::tenant(name);
        tx.insert_tenant(&tenant).await.expect("insert");
        tx.insert_membership(&sample::membership(tenant.id, member.id, role, 0)).await.expect("insert");
        ids.push(tenant.id);
    }
    ids.sort_unstable();
    assert_eq!(tx.tenant_ids_of_member(member.id, None, 9).await.expect("list"), ids);
    assert_eq!(tx.tenant_ids_of_member(member.id, None, 2).await.expect("list"), ids[..2]);
    assert_eq!(tx.tenant_ids_of_member(member.id, Some(ids[0]), 2).await.expect("list"), ids[1..]);
    assert_eq!(tx.tenant_ids_of_member(member.id, Some(ids[2]), 2).await.expect("list"), []);
    assert_eq!(tx.tenant_ids_of_member(other.id, None, 2).await.expect("list"), []);
}

/// Who locks the tenant and counts its owners can rely on the count.
pub async fn never_loses_its_last_owner(store: AnyStore) {
    let tenant = sample::tenant("T");
    let mut owners = Vec::new();
    for _ in 0..6 {
        owners.push(sample::a_member(&store).await.id);
    }
    let mut tx = write(&store).await;
    tx.insert_tenant(&tenant).await.expect("insert");
    for owner in &owners {
        let place = sample::membership(tenant.id, *owner, TenantRole::Owner, 0);
        tx.insert_membership(&place).await.expect("insert");
    }
    tx.commit().await.expect("commit");
    let left = at_once(owners.len(), |number| {
        let (store, tenant_id, owner) = (store.clone(), tenant.id, owners[number]);
        async move {
            let mut tx = write(&store).await;
            tx.lock_tenant(tenant_id).await.expect("lock").expect("a tenant");
            let may_leave = tx.count_owners(tenant_id).await.expect("count") > 1;
            if may_leave {
                tx.delete_membership(tenant_id, owner).await.expect("delete");
            }
            tx.commit().await.expect("commit");
            may_leave
        }
    })
    .await;
    assert_eq!(left.iter().filter(|left| **left).count(), owners.len() - 1);
    assert_eq!(read(&store).await.count_owners(tenant.id).await.expect("count"), 1);
}

/// Who locks a member with what refers to them can rely on the list of their tenants until they are gone.
pub async fn is_not_joined_behind_a_removal(store: AnyStore) {
    for _ in 0..10 {
        let member_id = sample::a_member(&store).await.id;
        let tenants: Vec<_> = (0..8).map(|_| sample::tenant("T")).collect();
        let mut tx = write(&store).await;
        for tenant in &tenants {
            tx.insert_tenant(tenant).await.expect("insert");
        }
        tx.commit().await.expect("commit");
        let removal = async {
            let mut tx = write(&store).await;
            tx.lock_member_and_references(member_id).await.expect("lock").expect("a member");
            let seen = tx.tenant_ids_of_member(member_id, None, 100).await.expect("list");
            // Time for the others to come in between, if they can.
            for _ in 0..5 {
                tx.member_by_id(member_id).await.expect("read").expect("a member");
            }
            assert!(tx.delete_member(member_id).await.expect("delete"));
            tx.commit().await.expect("commit");
            seen
        };
        let joining = at_once(tenants.len(), |number| {
            let (store, tenant_id) = (store.clone(), tenants[number].id);
            async move {
                let mut tx = write(&store).await;
                tx.lock_tenant(tenant_id).await.expect("lock").expect("a tenant");
                let place = sample::membership(tenant_id, member_id, TenantRole::Owner, 0);
                let outcome = tx.insert_membership(&place).await.expect("insert");
                tx.commit().await.expect("commit");
                (outcome == MembershipChange::Done).then_some(tenant_id)
            }
        });
        let (seen, joined) = futures::join!(removal, joining);
        for tenant_id in joined.into_iter().flatten() {
            assert!(seen.contains(&tenant_id), "a tenant was joined and lost behind the removal's back");
        }
    }
}
