//! Linked provider accounts.

use mainstay_model::identity::Provider;
use mainstay_store::{Error, IdentityInserted};

use crate::{AnyStore, read, sample, write};

/// A provider's account is one member's, found by issuer and subject.
pub async fn links_and_finds(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut identity = sample::identity(member.id);
    identity.sealed_token = Some(vec![1, 0, 2]);
    identity.last_used_at = Some(sample::at(3));
    let mut tx = write(&store).await;
    assert_eq!(tx.insert_identity(&identity).await.expect("insert"), IdentityInserted::Inserted);
    for owner in [&member, &other] {
        let mut again = sample::identity(owner.id);
        again.subject = identity.subject.clone();
        assert_eq!(tx.insert_identity(&again).await.expect("insert"), IdentityInserted::Taken);
    }
    let mut elsewhere = sample::identity(other.id);
    (elsewhere.provider, elsewhere.issuer) = (Provider::Apple, "https://appleid.apple.com".to_owned());
    (elsewhere.subject, elsewhere.email) = (identity.subject.clone(), None);
    assert_eq!(tx.insert_identity(&elsewhere).await.expect("insert"), IdentityInserted::Inserted);
    tx.commit().await.expect("commit");

    let mut tx = read(&store).await;
    for linked in [identity, elsewhere] {
        let found = tx.identity_by_subject(&linked.issuer, &linked.subject).await.expect("read");
        assert_eq!(found, Some(linked));
    }
    assert_eq!(tx.identity_by_subject("https://example.com", "nobody").await.expect("read"), None);
    let orphan = write(&store).await.insert_identity(&sample::identity(sample::member().id)).await;
    assert!(matches!(orphan, Err(Error::Constraint(_))), "{orphan:?}");
}

/// Oldest first, at most 100, and nobody else's.
pub async fn is_listed_oldest_first(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut tx = write(&store).await;
    let mut expected = Vec::new();
    for number in 0..103 {
        let mut identity = sample::identity(member.id);
        identity.created_at = sample::at(-number);
        tx.insert_identity(&identity).await.expect("insert");
        expected.push(identity);
    }
    expected.reverse();
    expected.truncate(100);
    assert_eq!(tx.identities_of_member(member.id).await.expect("list"), expected);
    assert_eq!(tx.identities_of_member(other.id).await.expect("list"), []);
}

/// A use changes address and time; a token stays unless there is a new one.
pub async fn a_use_is_noted(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut identity = sample::identity(member.id);
    let untouched = sample::identity(member.id);
    let mut tx = write(&store).await;
    tx.insert_identity(&identity).await.expect("insert");
    tx.insert_identity(&untouched).await.expect("insert");
    for (second, email, token) in
        [(1, Some(sample::email()), Some(&[7_u8, 0][..])), (2, None, None), (3, None, Some(&[8][..]))]
    {
        identity.email = email;
        identity.last_used_at = Some(sample::at(second));
        identity.sealed_token = token.map(<[u8]>::to_vec).or(identity.sealed_token);
        tx.touch_identity(identity.id, identity.email.as_ref(), token, sample::at(second))
            .await
            .expect("touch");
        let found = tx.identity_by_subject(&identity.issuer, &identity.subject).await.expect("read");
        assert_eq!(found.as_ref(), Some(&identity));
    }
    let found = tx.identity_by_subject(&untouched.issuer, &untouched.subject).await.expect("read");
    assert_eq!(found, Some(untouched));
    tx.touch_identity(sample::identity(member.id).id, None, None, sample::at(0)).await.expect("nobody's");
}

/// Only the owner's, and once.
pub async fn is_removed_by_its_owner(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let identity = sample::identity(member.id);
    let mut tx = write(&store).await;
    tx.insert_identity(&identity).await.expect("insert");
    assert!(!tx.delete_identity(other.id, identity.id).await.expect("delete"));
    assert!(tx.delete_identity(member.id, identity.id).await.expect("delete"));
    assert!(!tx.delete_identity(member.id, identity.id).await.expect("delete"));
    assert_eq!(tx.identities_of_member(member.id).await.expect("list"), []);
}
