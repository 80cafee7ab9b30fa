//! Sessions.

use mainstay_model::{
    SessionId,
    session::{RevokedReason, SignInMethod},
};
use mainstay_store::Error;
use uuid::Uuid;

use crate::{AnyStore, read, sample, write};

/// As written, with every method, by id and by its token.
pub async fn is_found_by_id_and_token(store: AnyStore) {
    let member = sample::a_member(&store).await;
    for method in SignInMethod::ALL {
        let (mut session, mut token) = sample::session(member.id);
        session.method = *method;
        (session.created_ip, session.created_agent) = (String::new(), "Ü".repeat(400));
        session.generation_presented_at = Some(sample::at(2));
        (session.revoked_at, session.revoked_reason) = (Some(sample::at(3)), Some(RevokedReason::Replaced));
        (token.replaced_at, token.successor_salt) = (Some(sample::at(1)), Some([7; 32]));
        let mut tx = write(&store).await;
        tx.insert_session(&session, &token).await.expect("insert");
        tx.commit().await.expect("commit");
        let mut tx = read(&store).await;
        assert_eq!(tx.session_by_id(session.id).await.expect("read"), Some(session.clone()));
        let found = tx.session_by_refresh_hash(&token.hash).await.expect("read");
        assert_eq!(found, Some((session, token)));
    }
    let mut tx = write(&store).await;
    assert_eq!(tx.session_by_id(SessionId::new(Uuid::now_v7())).await.expect("read"), None);
    assert_eq!(tx.session_by_refresh_hash(&[0; 32]).await.expect("read"), None);
    assert_eq!(tx.lock_session_by_refresh_hash(&[0; 32]).await.expect("read"), None);
    let (session, token) = sample::session(sample::member().id);
    let orphan = tx.insert_session(&session, &token).await;
    assert!(matches!(orphan, Err(Error::Constraint(_))), "{orphan:?}");
}

/// Live ones only, newest first, at most 100, and nobody else's.
pub async fn lists_live_ones(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let now = sample::at(1_000);
    let mut tx = write(&store).await;
    let mut expected = Vec::new();
    for number in 0..103 {
        let (mut session, token) = sample::session(member.id);
        session.created_at = sample::at(number);
        tx.insert_session(&session, &token).await.expect("insert");
        expected.push(session);
    }
    for dead in 0..3 {
        let (mut session, token) = sample::session(member.id);
        session.created_at = sample::at(500);
        match dead {
            0 => session.expires_at = now,
            1 => session.absolute_expires_at = now,
            _ => {
                (session.revoked_at, session.revoked_reason) = (Some(now), Some(RevokedReason::Logout));
            }
        }
        tx.insert_session(&session, &token).await.expect("insert");
    }
    expected.reverse();
    expected.truncate(100);
    assert_eq!(tx.live_sessions_of_member(member.id, now).await.expect("list"), expected);
    assert_eq!(tx.live_sessions_of_member(other.id, now).await.expect("list"), []);
}

/// Later times win, in one batch and across batches, and each session gets its own.
pub async fn is_touched_forward_only(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let (one, _) = sample::a_session(&store, member.id).await;
    let (two, _) = sample::a_session(&store, member.id).await;
    let (three, _) = sample::a_session(&store, member.id).await;
    let unknown = SessionId::new(Uuid::now_v7());
    for batch in [
        vec![
            (one.id, sample::at(10)),
            (two.id, sample::at(20)),
            (one.id, sample::at(30)),
            (unknown, sample::at(5)),
        ],
        vec![(one.id, sample::at(15)), (two.id, sample::at(21)), (three.id, sample::at(-50))],
        vec![],
    ] {
        let mut tx = write(&store).await;
        tx.touch_sessions(&batch).await.expect("touch");
        tx.commit().await.expect("commit");
    }
    let mut tx = read(&store).await;
    for (session, seen) in [(one, 30), (two, 21), (three, 0)] {
        let found = tx.session_by_id(session.id).await.expect("read").expect("a session");
        assert_eq!(found.last_seen_at, sample::at(seen));
        assert_eq!(found.expires_at, session.expires_at);
    }
}

/// The first reason stays.
pub async fn is_revoked_once(store: AnyStore) {
    let member = sample::a_member(&store).await;
    for reason in RevokedReason::ALL {
        let (session, _) = sample::a_session(&store, member.id).await;
        let mut tx = write(&store).await;
        assert!(tx.revoke_session(session.id, *reason, sample::at(5)).await.expect("revoke"));
        let again =
            tx.revoke_session(session.id, RevokedReason::Logout, sample::at(6)).await.expect("revoke");
        assert!(!again);
        tx.commit().await.expect("commit");
        let found = read(&store).await.session_by_id(session.id).await.expect("read").expect("a session");
        assert_eq!((found.revoked_at, found.revoked_reason), (Some(sample::at(5)), Some(*reason)));
    }
    let mut tx = write(&store).await;
    let unknown = SessionId::new(Uuid::now_v7());
    assert!(!tx.revoke_session(unknown, RevokedReason::Logout, sample::at(6)).await.expect("revoke"));
}

/// The newest stay, and what is over does not count.
pub async fn the_oldest_are_revoked(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut tx = write(&store).await;
    let mut sessions = Vec::new();
    // Written out of order: what counts is when they began.
    for began in [3, 1, 4, 2] {
        let (mut session, token) = sample::session(member.id);
        session.created_at = sample::at(began);
        tx.insert_session(&session, &token).await.expect("insert");
        sessions.push((began, session.id));
    }
    let (mut over, token) = sample::session(member.id);
    (over.created_at, over.expires_at) = (sample::at(5), sample::at(9));
    tx.insert_session(&over, &token).await.expect("insert");
    let (foreign, token) = sample::session(other.id);
    tx.insert_session(&foreign, &token).await.expect("insert");
    sessions.sort_unstable();
    for (kept, ended) in [(4, &sessions[4..]), (2, &sessions[..2]), (2, &sessions[4..]), (0, &sessions[2..])]
    {
        let mut found = tx
            .revoke_oldest_sessions_of_member(member.id, kept, RevokedReason::Surplus, sample::at(10))
            .await
            .expect("revoke");
        found.sort_unstable();
        let mut ended: Vec<_> = ended.iter().map(|(_, id)| *id).collect();
        ended.sort_unstable();
        assert_eq!(found, ended, "{kept} kept");
    }
    let first = tx.session_by_id(sessions[0].1).await.expect("read").expect("a session");
    assert_eq!(
        (first.revoked_at, first.revoked_reason),
        (Some(sample::at(10)), Some(RevokedReason::Surplus))
    );
    for untouched in [over, foreign] {
        assert_eq!(tx.session_by_id(untouched.id).await.expect("read"), Some(untouched));
    }
}

/// All of one member's, except the one that asks.
pub async fn all_but_one_are_revoked(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(sample::a_session(&store, member.id).await.0.id);
    }
    let (foreign, _) = sample::a_session(&store, other.id).await;
    let mut tx = write(&store).await;
    tx.revoke_session(sessions[0], RevokedReason::Logout, sample::at(1)).await.expect("revoke");
    let mut ended = tx
        .revoke_sessions_of_member(member.id, Some(sessions[3]), RevokedReason::Banned, sample::at(2))
        .await
        .expect("revoke");
    ended.sort_unstable();
    assert_eq!(ended, sessions[1..3]);
    let ended = tx
        .revoke_sessions_of_member(member.id, None, RevokedReason::RoleChanged, sample::at(3))
        .await
        .expect("revoke");
    assert_eq!(ended, sessions[3..]);
    tx.commit().await.expect("commit");
    let mut tx = read(&store).await;
    for (id, reason) in sessions.iter().zip([
        RevokedReason::Logout,
        RevokedReason::Banned,
        RevokedReason::Banned,
        RevokedReason::RoleChanged,
    ]) {
        let found = tx.session_by_id(*id).await.expect("read").expect("a session");
        assert_eq!(found.revoked_reason, Some(reason));
    }
    assert_eq!(tx.session_by_id(foreign.id).await.expect("read"), Some(foreign));
}

/// With its tokens.
pub async fn is_removed(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let (session, token) = sample::a_session(&store, member.id).await;
    let (other, _) = sample::a_session(&store, member.id).await;
    let mut tx = write(&store).await;
    assert!(tx.delete_session(session.id).await.expect("delete"));
    assert!(!tx.delete_session(session.id).await.expect("delete"));
    assert_eq!(tx.session_by_refresh_hash(&token.hash).await.expect("read"), None);
    assert_eq!(tx.session_by_id(other.id).await.expect("read"), Some(other));
    tx.insert_session(&session, &token).await.expect("its values may be used again");
}
