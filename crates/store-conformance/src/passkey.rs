//! Passkeys.

use mainstay_store::{Access, PasskeyInserted};
use serde_json::json;

use crate::{AnyStore, at_once, read, sample, write};

/// Found by the authenticator's id, in any transaction; a known credential is refused.
pub async fn is_found_by_credential(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut passkey = sample::passkey(member.id);
    passkey.credential_id = vec![0; 1023];
    let mut tx = write(&store).await;
    assert_eq!(tx.insert_passkey(&passkey).await.expect("insert"), PasskeyInserted::Inserted);
    let mut again = sample::passkey(other.id);
    again.credential_id = passkey.credential_id.clone();
    assert_eq!(tx.insert_passkey(&again).await.expect("insert"), PasskeyInserted::Taken);
    tx.commit().await.expect("commit");
    for access in [Access::Read, Access::Snapshot, Access::Write] {
        let mut tx = store.begin(access).await.expect("begin");
        let found = tx.lock_passkey_by_credential_id(&passkey.credential_id).await.expect("find");
        assert_eq!(found.as_ref(), Some(&passkey));
        assert_eq!(tx.lock_passkey_by_credential_id(b"unknown").await.expect("find"), None);
    }
}

/// Oldest first, at most 100, and nobody else's.
pub async fn is_listed_oldest_first(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut tx = write(&store).await;
    let mut expected = Vec::new();
    for number in 0..102 {
        let mut passkey = sample::passkey(member.id);
        passkey.created_at = sample::at(-number);
        tx.insert_passkey(&passkey).await.expect("insert");
        expected.push(passkey);
    }
    expected.reverse();
    expected.truncate(100);
    assert_eq!(tx.passkeys_of_member(member.id).await.expect("list"), expected);
    assert_eq!(tx.passkeys_of_member(other.id).await.expect("list"), []);
}

/// The library's state, the flag and the time.
pub async fn a_use_is_noted(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut passkey = sample::passkey(member.id);
    let mut tx = write(&store).await;
    tx.insert_passkey(&passkey).await.expect("insert");
    passkey.credential =
        json!({ "counter": 7, "big": 9_007_199_254_740_993_i64, "text": "\u{1F511} \\u0000 \"x\"" });
    (passkey.backed_up, passkey.last_used_at) = (false, Some(sample::at(8)));
    tx.touch_passkey(passkey.id, &passkey.credential, false, sample::at(8)).await.expect("touch");
    tx.commit().await.expect("commit");
    let mut tx = read(&store).await;
    assert_eq!(tx.passkeys_of_member(member.id).await.expect("list"), [passkey]);
}

/// Renaming and removing name the owner.
pub async fn belongs_to_one_member(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let passkey = sample::passkey(member.id);
    let mut tx = write(&store).await;
    tx.insert_passkey(&passkey).await.expect("insert");
    tx.insert_passkey(&sample::passkey(member.id)).await.expect("insert");
    tx.insert_passkey(&sample::passkey(other.id)).await.expect("insert");
    assert!(!tx.rename_passkey(other.id, passkey.id, "Mine").await.expect("rename"));
    assert!(tx.rename_passkey(member.id, passkey.id, "Key 🔑").await.expect("rename"));
    assert!(!tx.delete_passkey(other.id, passkey.id).await.expect("delete"));
    let listed = tx.passkeys_of_member(member.id).await.expect("list");
    assert!(listed.iter().any(|found| found.id == passkey.id && found.name == "Key 🔑"));
    assert!(tx.delete_passkey(member.id, passkey.id).await.expect("delete"));
    assert!(!tx.delete_passkey(member.id, passkey.id).await.expect("delete"));
    tx.insert_passkey(&sample::passkey(member.id)).await.expect("insert");
    assert_eq!(tx.delete_passkeys_of_member(member.id).await.expect("delete"), 2);
    assert_eq!(tx.passkeys_of_member(member.id).await.expect("list"), []);
    assert_eq!(tx.passkeys_of_member(other.id).await.expect("list").len(), 1);
}

/// Of many sign-ins with one credential, each sees the counter that the one before left.
pub async fn a_lock_keeps_others_out(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut passkey = sample::passkey(member.id);
    passkey.credential = json!(0);
    let mut tx = write(&store).await;
    tx.insert_passkey(&passkey).await.expect("insert");
    tx.commit().await.expect("commit");
    at_once(8, |_| {
        let (store, credential_id) = (store.clone(), passkey.credential_id.clone());
        async move {
            let mut tx = write(&store).await;
            let found = tx.lock_passkey_by_credential_id(&credential_id).await.expect("lock").expect("one");
            let counter = found.credential.as_i64().expect("a number");
            tx.touch_passkey(found.id, &json!(counter + 1), true, sample::at(1)).await.expect("touch");
            tx.commit().await.expect("commit");
        }
    })
    .await;
    let mut tx = read(&store).await;
    assert_eq!(tx.passkeys_of_member(member.id).await.expect("list")[0].credential, json!(8));
}
