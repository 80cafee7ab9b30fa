//! Members and their passwords.

use std::collections::HashSet;

use mainstay_model::{
    Language, MemberId,
    ceremony::EmailPurpose,
    member::{MemberStatus, Role},
    page::PageRequest,
    tenant::TenantRole,
};
use mainstay_store::{Error, IdentityInserted, MemberInserted, MemberUpdated, PasskeyInserted};
use uuid::Uuid;

use crate::{AnyStore, at_once, read, sample, write};

/// By id, address and handle; none for what is not there.
pub async fn is_found_by_what_is_known(store: AnyStore) {
    let member = sample::member();
    let mut tx = write(&store).await;
    assert_eq!(tx.insert_member(&member).await.expect("insert"), MemberInserted::Inserted);
    assert_eq!(tx.member_by_id(member.id).await.expect("own write"), Some(member.clone()));
    tx.commit().await.expect("commit");

    let mut tx = read(&store).await;
    let email = member.email.clone().expect("an address");
    assert_eq!(tx.member_by_id(member.id).await.expect("by id"), Some(member.clone()));
    assert_eq!(tx.member_by_email(&email).await.expect("by address"), Some(member.clone()));
    assert_eq!(tx.member_by_user_handle(&member.user_handle).await.expect("by handle"), Some(member));
    assert_eq!(tx.member_by_id(MemberId::new(Uuid::now_v7())).await.expect("by id"), None);
    assert_eq!(tx.member_by_email(&sample::email()).await.expect("by address"), None);
    assert_eq!(tx.member_by_user_handle(&sample::fresh_hash()).await.expect("by handle"), None);
}

/// Those who are there and not banned, whether the transaction writes or reads.
pub async fn who_is_active_is_found_together(store: AnyStore) {
    let (one, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut banned = sample::a_member(&store).await;
    banned.status = MemberStatus::Banned;
    let mut tx = write(&store).await;
    assert_eq!(tx.update_member(&banned).await.expect("update"), MemberUpdated::Updated);
    let ids = [one.id, banned.id, MemberId::new(Uuid::now_v7()), other.id, one.id];
    let active = HashSet::from([one.id, other.id]);
    assert_eq!(tx.active_members(&ids).await.expect("own writes"), active);
    tx.commit().await.expect("commit");

    let mut tx = read(&store).await;
    assert_eq!(tx.active_members(&ids).await.expect("read"), active);
    assert!(tx.active_members(&[]).await.expect("nobody").is_empty());
}

/// A second member with the address is told so and not written; members without one are many; other clashes are bugs.
pub async fn an_address_belongs_to_one(store: AnyStore) {
    let first = sample::a_member(&store).await;
    let mut second = sample::member();
    second.email = first.email.clone();
    let mut tx = write(&store).await;
    assert_eq!(tx.insert_member(&second).await.expect("insert"), MemberInserted::EmailTaken);
    assert_eq!(tx.member_by_id(second.id).await.expect("read"), None);
    for _ in 0..2 {
        let mut without = sample::member();
        (without.email, without.email_verified_at) = (None, None);
        assert_eq!(tx.insert_member(&without).await.expect("insert"), MemberInserted::Inserted);
        assert_eq!(tx.member_by_id(without.id).await.expect("read"), Some(without));
    }
    tx.commit().await.expect("commit");

    let mut same_handle = sample::member();
    same_handle.user_handle = first.user_handle;
    let outcome = write(&store).await.insert_member(&same_handle).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
    let mut same_id = sample::member();
    same_id.id = first.id;
    let outcome = write(&store).await.insert_member(&same_id).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}

/// Everything that may change does, and what may not does not.
pub async fn is_changed_in_every_field(store: AnyStore) {
    let before = sample::a_member(&store).await;
    let mut after = before.clone();
    after.display_name = "Адa עדה 🦀".to_owned();
    after.role = Role::Operator;
    after.status = MemberStatus::Banned;
    after.email = Some(sample::email());
    after.email_verified_at = None;
    after.updated_at = sample::at(9);
    for language in Language::ALL {
        after.language = language;
        let mut changed = after.clone();
        changed.user_handle = sample::fresh_hash();
        changed.created_at = sample::at(99);
        let mut tx = write(&store).await;
        assert_eq!(tx.update_member(&changed).await.expect("update"), MemberUpdated::Updated);
        assert_eq!(tx.lock_member(after.id).await.expect("read"), Some(after.clone()));
        tx.commit().await.expect("commit");
    }
    after.email = None;
    let mut tx = write(&store).await;
    assert_eq!(tx.update_member(&after).await.expect("update"), MemberUpdated::Updated);
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.member_by_id(after.id).await.expect("read"), Some(after));
}

/// The address of another, the own one, nobody's, and no member.
pub async fn change_tells_outcomes(store: AnyStore) {
    let (one, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut tx = write(&store).await;
    let mut greedy = one.clone();
    greedy.email = other.email.clone();
    greedy.display_name = "Mallory".to_owned();
    assert_eq!(tx.update_member(&greedy).await.expect("update"), MemberUpdated::EmailTaken);
    assert_eq!(tx.member_by_id(one.id).await.expect("read"), Some(one.clone()));
    assert_eq!(tx.update_member(&one).await.expect("update"), MemberUpdated::Updated);
    assert_eq!(tx.update_member(&sample::member()).await.expect("update"), MemberUpdated::Missing);
    assert_eq!(tx.lock_member(sample::member().id).await.expect("lock"), None);
    assert_eq!(tx.lock_member_and_references(sample::member().id).await.expect("lock"), None);
    assert_eq!(tx.lock_member_and_references(one.id).await.expect("lock"), Some(one));
    assert!(!tx.delete_member(sample::member().id).await.expect("delete"));
    tx.commit().await.expect("commit");
}

/// Of many sign-ups with one address at the same time, one succeeds.
pub async fn a_race_for_an_address_has_one_winner(store: AnyStore) {
    let email = sample::email();
    let outcomes = at_once(12, |_| {
        let (store, mut member) = (store.clone(), sample::member());
        member.email = Some(email.clone());
        async move {
            let mut tx = write(&store).await;
            let outcome = tx.insert_member(&member).await.expect("insert");
            tx.commit().await.expect("commit");
            outcome
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|o| **o == MemberInserted::Inserted).count(), 1, "{outcomes:?}");
}

/// Of many who change to one address at the same time, one succeeds; a loser is told that it is taken, or to try again.
pub async fn a_race_of_changes_has_one_winner(store: AnyStore) {
    let email = sample::email();
    let mut members = Vec::new();
    for _ in 0..8 {
        members.push(sample::a_member(&store).await);
    }
    let outcomes = at_once(members.len(), |number| {
        let (store, mut member) = (store.clone(), members[number].clone());
        member.email = Some(email.clone());
        async move {
            loop {
                let mut tx = write(&store).await;
                match tx.update_member(&member).await {
                    Ok(outcome) => {
                        tx.commit().await.expect("commit");
                        return outcome;
                    }
                    Err(error) => assert!(error.is_retryable(), "{error}"),
                }
            }
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|o| **o == MemberUpdated::Updated).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|o| *o != MemberUpdated::Missing), "{outcomes:?}");
}

/// Who locks, reads and writes loses no update of another.
pub async fn a_lock_keeps_others_out(store: AnyStore) {
    let mut member = sample::member();
    member.display_name = "0".to_owned();
    let mut tx = write(&store).await;
    tx.insert_member(&member).await.expect("insert");
    tx.commit().await.expect("commit");
    let id = member.id;
    at_once(10, |_| {
        let store = store.clone();
        async move {
            let mut tx = write(&store).await;
            let mut member = tx.lock_member(id).await.expect("lock").expect("a member");
            let count: u32 = member.display_name.parse().expect("a number");
            tokio::task::yield_now().await;
            member.display_name = (count + 1).to_string();
            tx.update_member(&member).await.expect("update");
            tx.commit().await.expect("commit");
        }
    })
    .await;
    let member = read(&store).await.member_by_id(id).await.expect("read").expect("a member");
    assert_eq!(member.display_name, "10");
}

/// Nothing of a removed member stays, and nobody else loses anything.
pub async fn removal_takes_all_that_hangs_on_it(store: AnyStore) {
    let mut kept = Vec::new();
    for _ in 0..2 {
        let member = sample::member();
        let (session, token) = sample::session(member.id);
        let (ceremony, oauth_flow) = (sample::ceremony(Some(member.id)), sample::oauth_flow(Some(member.id)));
        let mut email_flow = sample::email_flow(&sample::email(), Some(member.id));
        email_flow.purpose = EmailPurpose::ChangeAddress;
        let (identity, passkey) = (sample::identity(member.id), sample::passkey(member.id));
        let (tenant, note) = (sample::tenant("T"), sample::note(member.id, "text"));
        let place = sample::membership(tenant.id, member.id, TenantRole::Owner, 0);
        let mut tx = write(&store).await;
        tx.insert_member(&member).await.expect("member");
        tx.set_password_hash(member.id, "$argon2id$", sample::at(0)).await.expect("password");
        assert_eq!(tx.insert_identity(&identity).await.expect("identity"), IdentityInserted::Inserted);
        assert_eq!(tx.insert_passkey(&passkey).await.expect("passkey"), PasskeyInserted::Inserted);
        tx.insert_ceremony(&ceremony).await.expect("ceremony");
        tx.insert_oauth_flow(&oauth_flow).await.expect("flow");
        tx.insert_email_flow(&email_flow).await.expect("flow");
        tx.insert_session(&session, &token).await.expect("session");
        tx.insert_tenant(&tenant).await.expect("tenant");
        tx.insert_membership(&place).await.expect("membership");
        tx.insert_notes(&[note]).await.expect("note");
        tx.commit().await.expect("commit");
        kept.push((member, session, token, ceremony, oauth_flow, email_flow, identity, passkey, tenant));
    }
    let mut tx = write(&store).await;
    assert!(tx.delete_member(kept[0].0.id).await.expect("delete"));
    assert!(!tx.delete_member(kept[0].0.id).await.expect("delete again"));
    tx.commit().await.expect("commit");

    for (number, row) in kept.iter().enumerate() {
        let there = number == 1;
        let (member, session, token, ceremony, oauth_flow, email_flow, identity, passkey, tenant) = row;
        let mut tx = write(&store).await;
        let page = PageRequest { limit: 10, before: None };
        assert_eq!(tx.member_by_id(member.id).await.expect("read").is_some(), there);
        assert_eq!(tx.password_hash(member.id).await.expect("read").is_some(), there);
        let linked = tx.identity_by_subject(&identity.issuer, &identity.subject).await.expect("read");
        assert_eq!(linked.is_some(), there);
        let found = tx.lock_passkey_by_credential_id(&passkey.credential_id).await.expect("read");
        assert_eq!(found.is_some(), there);
        assert_eq!(tx.session_by_id(session.id).await.expect("read").is_some(), there);
        assert_eq!(tx.session_by_refresh_hash(&token.hash).await.expect("read").is_some(), there);
        assert_eq!(tx.take_ceremony(ceremony.id).await.expect("take").is_some(), there);
        assert_eq!(tx.take_oauth_flow(&oauth_flow.state_hash).await.expect("take").is_some(), there);
        assert_eq!(tx.delete_email_flow(email_flow.id).await.expect("delete"), there);
        assert_eq!(tx.membership(tenant.id, member.id).await.expect("read").is_some(), there);
        assert!(tx.tenant_by_id(tenant.id).await.expect("read").is_some());
        assert_eq!(tx.notes_of_member(member.id, page).await.expect("read").items.len(), usize::from(there));
    }
}

/// Set, replaced, read and removed.
pub async fn has_a_password(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut tx = write(&store).await;
    assert_eq!(tx.password_hash(member.id).await.expect("read"), None);
    assert!(!tx.delete_password(member.id).await.expect("delete"));
    for hash in ["$2b$12$first", "$argon2id$second"] {
        tx.set_password_hash(member.id, hash, sample::at(0)).await.expect("set");
        assert_eq!(tx.password_hash(member.id).await.expect("read").as_deref(), Some(hash));
    }
    tx.commit().await.expect("commit");
    let mut tx = write(&store).await;
    assert!(tx.delete_password(member.id).await.expect("delete"));
    assert_eq!(tx.password_hash(member.id).await.expect("read"), None);
    let nobody = tx.set_password_hash(MemberId::new(Uuid::now_v7()), "x", sample::at(0)).await;
    assert!(matches!(nobody, Err(Error::Constraint(_))), "{nobody:?}");
}

/// A proof without an address is a bug.
pub async fn proof_needs_an_address(store: AnyStore) {
    let mut member = sample::member();
    member.email = None;
    let outcome = write(&store).await.insert_member(&member).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}
