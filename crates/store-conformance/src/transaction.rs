//! Transactions themselves.

use std::time::Duration;

use futures::FutureExt;
use mainstay_model::{page::PageRequest, session::RevokedReason};
use mainstay_store::{Access, Error, MemberUpdated, SealedValue};

use crate::{AnyStore, at_once, read, retention::expired_before, sample, write};

/// Nothing stays of what was not committed, and the store goes on.
pub async fn a_drop_rolls_back(store: AnyStore) {
    for _ in 0..30 {
        let member = sample::member();
        let mut tx = write(&store).await;
        tx.insert_member(&member).await.expect("insert");
        drop(tx);
        assert_eq!(read(&store).await.member_by_id(member.id).await.expect("read"), None);
    }
    sample::a_member(&store).await;
}

/// Every transaction that begins after a commit returned sees it.
pub async fn a_commit_is_seen_by_the_next(store: AnyStore) {
    at_once(8, |_| {
        let store = store.clone();
        async move {
            for _ in 0..5 {
                let member = sample::a_member(&store).await;
                for access in [Access::Read, Access::Snapshot, Access::Write] {
                    let mut tx = store.begin(access).await.expect("begin");
                    assert_eq!(tx.member_by_id(member.id).await.expect("read"), Some(member.clone()));
                    tx.commit().await.expect("commit");
                }
            }
        }
    })
    .await;
}

/// A transaction sees its own writes; others don't before its commit.
pub async fn nobody_sees_what_is_not_committed(store: AnyStore) {
    let member = sample::member();
    let mut tx = write(&store).await;
    tx.insert_member(&member).await.expect("insert");
    assert!(tx.member_by_id(member.id).await.expect("read").is_some());
    assert!(read(&store).await.member_by_id(member.id).await.expect("read").is_none());
    let mut snapshot = store.begin(Access::Snapshot).await.expect("begin");
    assert!(snapshot.member_by_id(member.id).await.expect("read").is_none());
    tx.commit().await.expect("commit");
    assert!(read(&store).await.member_by_id(member.id).await.expect("read").is_some());
}

/// What a snapshot sees does not move while others commit.
pub async fn a_snapshot_stands_still(store: AnyStore) {
    let before = sample::a_member(&store).await;
    let mut snapshot = store.begin(Access::Snapshot).await.expect("begin");
    assert!(snapshot.member_by_id(before.id).await.expect("read").is_some());
    let after = sample::a_member(&store).await;
    let mut tx = write(&store).await;
    let mut renamed = before.clone();
    renamed.display_name = "Grace".to_owned();
    assert_eq!(tx.update_member(&renamed).await.expect("update"), MemberUpdated::Updated);
    tx.commit().await.expect("commit");
    assert_eq!(snapshot.member_by_id(after.id).await.expect("read"), None);
    assert_eq!(snapshot.member_by_id(before.id).await.expect("read"), Some(before.clone()));
    snapshot.commit().await.expect("commit");
    let mut snapshot = store.begin(Access::Snapshot).await.expect("begin");
    assert_eq!(snapshot.member_by_id(before.id).await.expect("read"), Some(renamed));
}

/// A read that stays open is no snapshot.
pub async fn a_read_sees_the_newest(store: AnyStore) {
    let mut tx = read(&store).await;
    let page = PageRequest { limit: 9, before: None };
    let member = sample::a_member(&store).await;
    assert_eq!(tx.member_by_id(member.id).await.expect("read"), Some(member.clone()));
    assert_eq!(tx.notes_of_member(member.id, page).await.expect("read").items, []);
    tx.commit().await.expect("commit");
}

/// Changes and locks are refused where only reading was asked for.
pub async fn only_writers_write(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let (session, token) = sample::a_session(&store, member.id).await;
    let note = sample::note(member.id, "text");
    let late = sample::at(9_999);
    let before = expired_before(late);
    for access in [Access::Read, Access::Snapshot] {
        let mut tx = store.begin(access).await.expect("begin");
        let outcomes = [
            tx.insert_member(&sample::member()).await.map(drop),
            tx.update_member(&member).await.map(drop),
            tx.lock_member(member.id).await.map(drop),
            tx.lock_member_and_references(member.id).await.map(drop),
            tx.delete_member(member.id).await.map(drop),
            tx.insert_notes(std::slice::from_ref(&note)).await,
            tx.lock_session_by_refresh_hash(&token.hash).await.map(drop),
            tx.revoke_sessions_of_member(member.id, None, RevokedReason::Logout, sample::at(0))
                .await
                .map(drop),
            tx.touch_sessions(&[(session.id, sample::at(9))]).await,
            tx.claim_jobs(sample::at(0), sample::at(1), 1).await.map(drop),
            tx.take_lease("l", "h", sample::at(0), sample::at(1)).await.map(drop),
            tx.lock_name("name").await,
            tx.append_audit_events(&[sample::event("event", 0)]).await,
            tx.spend_once(&sample::fresh_hash(), sample::at(0)).await.map(drop),
            tx.delete_expired(&before, late, 1).await.map(drop),
            tx.revoke_oldest_sessions_of_member(member.id, 0, RevokedReason::Surplus, late).await.map(drop),
            tx.reseal(SealedValue::Job, member.id.uuid(), &[1], &[2]).await.map(drop),
        ];
        for (number, outcome) in outcomes.into_iter().enumerate() {
            assert!(matches!(outcome, Err(Error::ReadOnly(_))), "{access:?} {number}: {outcome:?}");
        }
        assert_eq!(tx.member_by_id(member.id).await.expect("still readable"), Some(member.clone()));
    }
    assert_eq!(read(&store).await.session_by_id(session.id).await.expect("read"), Some(session));
}

/// After an error nothing of the unit of work can be committed, not even what had worked.
pub async fn a_failed_statement_spoils_the_rest(store: AnyStore) {
    let member = sample::member();
    let mut tx = write(&store).await;
    tx.insert_member(&member).await.expect("insert");
    assert!(tx.insert_notes(&[sample::note(sample::member().id, "orphan")]).await.is_err());
    assert!(tx.member_by_id(member.id).await.is_err());
    assert!(tx.commit().await.is_err());
    assert_eq!(read(&store).await.member_by_id(member.id).await.expect("read"), None);
}

/// A statement whose answer nobody waited for may have happened or not, so it can't be committed.
pub async fn an_abandoned_statement_spoils_the_rest(store: AnyStore) {
    for _ in 0..20 {
        let member = sample::member();
        let mut tx = write(&store).await;
        if tx.insert_member(&member).now_or_never().is_some() {
            continue;
        }
        assert!(tx.commit().await.is_err());
        assert_eq!(read(&store).await.member_by_id(member.id).await.expect("read"), None);
    }
    sample::a_member(&store).await;
}

/// Some commit, some drop, some are cut off in the middle: exactly the committed ones stay.
pub async fn commits_and_drops_at_once_keep_apart(store: AnyStore) {
    let outcomes = at_once(48, |number| {
        let store = store.clone();
        async move {
            let member = sample::member();
            let id = member.id;
            let work = async {
                let mut tx = write(&store).await;
                tx.insert_member(&member).await.expect("insert");
                tx.set_password_hash(id, "x", sample::at(0)).await.expect("set");
                match number % 4 {
                    0 => drop(tx),
                    1 => {
                        let failed = tx.insert_notes(&[sample::note(sample::member().id, "orphan")]).await;
                        assert!(failed.is_err());
                    }
                    _ => tx.commit().await.expect("commit"),
                }
            };
            if number % 4 == 3 {
                // Cut off at any point; only when the work ended in time is its outcome known.
                let ended =
                    tokio::time::timeout(Duration::from_micros(137 * number as u64), work).await.is_ok();
                (id, ended.then_some(true))
            } else {
                work.await;
                (id, Some(number % 4 == 2))
            }
        }
    })
    .await;
    for (id, committed) in outcomes {
        let mut tx = read(&store).await;
        let (member, password) =
            (tx.member_by_id(id).await.expect("read"), tx.password_hash(id).await.expect("read"));
        assert_eq!(member.is_some(), password.is_some(), "half a transaction");
        if let Some(committed) = committed {
            assert_eq!(member.is_some(), committed);
        }
    }
}

/// Whoever gives up waiting for a transaction leaves no connection behind.
pub async fn abandoned_beginnings_leave_nothing(store: AnyStore) {
    let holder = write(&store).await;
    for access in [Access::Write, Access::Read, Access::Snapshot] {
        for number in 0..60 {
            let wait = Duration::from_micros(number * 20);
            drop(tokio::time::timeout(wait, store.begin(access)).await);
            drop(store.begin(access).now_or_never());
        }
    }
    drop(holder);
    at_once(40, |_| {
        let store = store.clone();
        async move {
            let member = sample::a_member(&store).await;
            assert!(read(&store).await.member_by_id(member.id).await.expect("read").is_some());
        }
    })
    .await;
    let state = store.pool_state();
    assert!(state.open <= state.max && state.idle <= state.open, "{state:?}");
}

/// Messages end up in logs.
pub async fn errors_tell_no_values(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut again = sample::member();
    again.id = member.id;
    again.display_name = "SECRET-NAME".to_owned();
    let mut texts = vec![write(&store).await.insert_member(&again).await.expect_err("taken").to_string()];
    let mut key = sample::signing_key("SECRET-KID", 0);
    key.public_jwk = "SECRET-JWK".to_owned();
    let mut tx = write(&store).await;
    tx.insert_signing_key(&key).await.expect("insert");
    texts.push(tx.insert_signing_key(&key).await.expect_err("taken").to_string());
    drop(tx);
    let mut bad = sample::passkey(member.id);
    (bad.credential_id, bad.name) = (vec![b'S'; 2_000], "SECRET-PASSKEY".to_owned());
    texts.push(write(&store).await.insert_passkey(&bad).await.expect_err("too long").to_string());
    let nul = sample::note(member.id, "SECRET\0");
    texts.push(write(&store).await.insert_notes(&[nul]).await.expect_err("NUL").to_string());
    for text in texts {
        assert!(!text.contains("SECRET") && !text.contains("example.com"), "{text}");
        assert!(!text.contains(&member.id.to_string()) && !text.contains("SSSS"), "{text}");
    }
}

/// After closing there is nothing to be had, and closing twice is fine.
pub async fn a_closed_store_refuses(store: AnyStore) {
    sample::a_member(&store).await;
    store.close().await;
    store.close().await;
    for access in [Access::Read, Access::Snapshot, Access::Write] {
        let outcome = store.begin(access).await.map(drop);
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    }
    assert!(matches!(store.ping().await, Err(Error::Unavailable(_))));
}

/// What readiness and metrics ask.
pub async fn is_ready_and_current(store: AnyStore) {
    store.ping().await.expect("ping");
    let schema = store.schema_state().await.expect("schema");
    assert!(schema.is_current(), "{schema:?}");
    assert!(schema.migrations.len() >= 6);
    assert_eq!(store.migrate().await.expect("migrate"), Vec::<i64>::new());
    assert!(["sqlite", "postgresql"].contains(&store.engine()));
    let tx = write(&store).await;
    let state = store.pool_state();
    assert!(state.open >= 1 && state.open <= state.max && state.idle < state.open, "{state:?}");
    drop(tx);
}
