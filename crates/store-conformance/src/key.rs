//! Signing keys and service keys.

use mainstay_store::Error;

use crate::{AnyStore, read, sample, write};

/// Oldest first; changed, retired and removed by `kid`.
pub async fn signing_keys_are_a_ring(store: AnyStore) {
    let (newer, older) = (sample::signing_key("a", 10), sample::signing_key("b", 5));
    let mut tx = write(&store).await;
    assert_eq!(tx.signing_keys().await.expect("list"), []);
    tx.insert_signing_key(&newer).await.expect("insert");
    tx.insert_signing_key(&older).await.expect("insert");
    assert_eq!(tx.signing_keys().await.expect("list"), [older.clone(), newer.clone()]);
    let mut retired = older.clone();
    retired.sealed_private_key = vec![9];
    (retired.activates_at, retired.retires_at) = (sample::at(6), Some(sample::at(99)));
    assert!(tx.update_signing_key(&retired).await.expect("update"));
    assert!(!tx.update_signing_key(&sample::signing_key("c", 1)).await.expect("update"));
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.signing_keys().await.expect("list"), [retired, newer.clone()]);
    let mut tx = write(&store).await;
    assert!(tx.delete_signing_key("b").await.expect("delete"));
    assert!(!tx.delete_signing_key("b").await.expect("delete"));
    assert_eq!(tx.signing_keys().await.expect("list"), std::slice::from_ref(&newer));
    let again = tx.insert_signing_key(&newer).await;
    assert!(matches!(again, Err(Error::Constraint(_))), "{again:?}");
}

/// Found by prefix, listed newest first, touched forward, revoked once.
pub async fn service_keys_live_and_die(store: AnyStore) {
    let (mut one, mut two) = (sample::service_key(1), sample::service_key(2));
    two.scopes = vec![];
    let mut tx = write(&store).await;
    tx.insert_service_key(&one).await.expect("insert");
    tx.insert_service_key(&two).await.expect("insert");
    tx.commit().await.expect("commit");
    let mut tx = write(&store).await;
    assert_eq!(tx.service_key_by_prefix(&one.prefix).await.expect("find"), Some(one.clone()));
    assert_eq!(tx.service_key_by_prefix("msk_nobody").await.expect("find"), None);
    assert_eq!(tx.service_keys().await.expect("list"), [two.clone(), one.clone()]);
    for second in [50, 40] {
        tx.touch_service_key(one.id, sample::at(second)).await.expect("touch");
    }
    one.last_used_at = Some(sample::at(50));
    assert!(tx.revoke_service_key(two.id, sample::at(60)).await.expect("revoke"));
    assert!(!tx.revoke_service_key(two.id, sample::at(70)).await.expect("revoke"));
    assert!(!tx.revoke_service_key(sample::service_key(3).id, sample::at(70)).await.expect("revoke"));
    two.revoked_at = Some(sample::at(60));
    assert_eq!(tx.service_key_by_prefix(&two.prefix).await.expect("find"), Some(two.clone()));
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.service_keys().await.expect("list"), [two, one.clone()]);

    let mut same_prefix = sample::service_key(4);
    same_prefix.prefix = one.prefix;
    let outcome = write(&store).await.insert_service_key(&same_prefix).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
}
