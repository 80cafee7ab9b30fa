//! Refresh tokens and their rotation.

use mainstay_model::session::{RefreshToken, Session};
use mainstay_store::{Error, Rotation};

use crate::{AnyStore, at_once, read, sample, write};

fn step(session: &Session, newest: &RefreshToken, second: i64) -> Rotation {
    Rotation {
        session_id: session.id,
        replaced_hash: newest.hash,
        successor_salt: sample::fresh_hash(),
        successor_hash: sample::fresh_hash(),
        generation: newest.generation + 1,
        at: sample::at(second),
        expires_at: sample::at(second + 3_600),
    }
}

/// The newest is marked and gets the salt, the one before loses it, and the session moves on.
pub async fn replaces_the_newest_token(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let (mut session, mut newest) = sample::a_session(&store, member.id).await;
    let (other, other_token) = sample::a_session(&store, member.id).await;
    let mut old: Vec<RefreshToken> = Vec::new();
    for second in 1..=4 {
        let mut tx = write(&store).await;
        assert!(tx.mark_generation_presented(session.id, second, sample::at(second)).await.expect("mark"));
        let locked = tx.lock_session_by_refresh_hash(&newest.hash).await.expect("lock").expect("a session");
        assert_eq!(locked.0.generation_presented_at, Some(sample::at(second)));
        let rotation = step(&locked.0, &locked.1, second);
        tx.rotate_sessions(std::slice::from_ref(&rotation)).await.expect("rotate");
        tx.commit().await.expect("commit");

        session.generation += 1;
        (session.last_seen_at, session.expires_at) = (rotation.at, rotation.expires_at);
        newest.replaced_at = Some(rotation.at);
        newest.successor_salt = Some(rotation.successor_salt);
        if let Some(before) = old.last_mut() {
            before.successor_salt = None;
        }
        old.push(newest);
        newest = RefreshToken {
            hash: rotation.successor_hash,
            session_id: session.id,
            generation: session.generation,
            created_at: rotation.at,
            replaced_at: None,
            successor_salt: None,
        };
        let mut tx = read(&store).await;
        for token in old.iter().chain([&newest]) {
            let found = tx.session_by_refresh_hash(&token.hash).await.expect("read");
            assert_eq!(found, Some((session.clone(), token.clone())));
        }
    }
    let found = read(&store).await.session_by_refresh_hash(&other_token.hash).await.expect("read");
    assert_eq!(found, Some((other, other_token)));
}

/// Many present the same token at once: one makes the successor, and all see that one.
pub async fn one_of_many_rotates(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let (session, token) = sample::a_session(&store, member.id).await;
    let rotated = at_once(12, |number| {
        let (store, hash) = (store.clone(), token.hash);
        async move {
            let mut tx = write(&store).await;
            let (session, token) =
                tx.lock_session_by_refresh_hash(&hash).await.expect("lock").expect("a session");
            let newest = token.generation == session.generation;
            assert_eq!(newest, token.replaced_at.is_none(), "session and token tell the same story");
            if newest {
                let second = i64::try_from(number).expect("small");
                tx.rotate_sessions(std::slice::from_ref(&step(&session, &token, second)))
                    .await
                    .expect("rotate");
            }
            tx.commit().await.expect("commit");
            newest
        }
    })
    .await;
    assert_eq!(rotated.iter().filter(|rotated| **rotated).count(), 1);
    let found = read(&store).await.session_by_id(session.id).await.expect("read").expect("a session");
    assert_eq!(found.generation, 2);
}

/// A step from anything else is an error, and nothing of it stays.
pub async fn only_the_newest_rotates(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let (session, token) = sample::a_session(&store, member.id).await;
    let mut tx = write(&store).await;
    tx.rotate_sessions(std::slice::from_ref(&step(&session, &token, 1))).await.expect("rotate");
    tx.commit().await.expect("commit");
    let before = read(&store).await.session_by_refresh_hash(&token.hash).await.expect("read");

    let mut again = write(&store).await;
    let outcome = again.rotate_sessions(std::slice::from_ref(&step(&session, &token, 2))).await;
    assert!(matches!(outcome, Err(Error::Constraint(_) | Error::Failed(_))), "{outcome:?}");
    assert!(again.commit().await.is_err());

    let mut skipping = step(&session, &token, 3);
    skipping.generation = 9;
    let mut tx = write(&store).await;
    let outcome = tx.rotate_sessions(std::slice::from_ref(&skipping)).await;
    assert!(matches!(outcome, Err(Error::Failed(_))), "{outcome:?}");
    assert!(tx.commit().await.is_err());
    assert_eq!(read(&store).await.session_by_refresh_hash(&token.hash).await.expect("read"), before);
}

/// The newest generation, the first time.
pub async fn first_use_is_noted_once(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let (session, token) = sample::a_session(&store, member.id).await;
    let mut tx = write(&store).await;
    assert!(!tx.mark_generation_presented(session.id, 2, sample::at(1)).await.expect("mark"));
    assert!(tx.mark_generation_presented(session.id, 1, sample::at(2)).await.expect("mark"));
    assert!(!tx.mark_generation_presented(session.id, 1, sample::at(3)).await.expect("mark"));
    let found = tx.session_by_id(session.id).await.expect("read").expect("a session");
    assert_eq!(found.generation_presented_at, Some(sample::at(2)));
    tx.rotate_sessions(std::slice::from_ref(&step(&session, &token, 4))).await.expect("rotate");
    let found = tx.session_by_id(session.id).await.expect("read").expect("a session");
    assert_eq!(found.generation_presented_at, None);
    assert!(!tx.mark_generation_presented(session.id, 1, sample::at(5)).await.expect("mark"));
    assert!(tx.mark_generation_presented(session.id, 2, sample::at(5)).await.expect("mark"));
}

/// Who waited for the lock sees a session that was ended meanwhile as ended.
pub async fn a_lock_shows_what_the_last_holder_left(store: AnyStore) {
    use mainstay_model::session::RevokedReason;

    let member = sample::a_member(&store).await;
    let (session, token) = sample::a_session(&store, member.id).await;
    let mut holder = write(&store).await;
    holder.lock_session_by_refresh_hash(&token.hash).await.expect("lock").expect("a session");
    let waiter = tokio::spawn({
        let (store, hash) = (store.clone(), token.hash);
        async move {
            let mut tx = write(&store).await;
            let locked = tx.lock_session_by_refresh_hash(&hash).await.expect("lock").expect("a session");
            tx.commit().await.expect("commit");
            locked.0
        }
    });
    tokio::task::yield_now().await;
    holder.revoke_session(session.id, RevokedReason::RefreshReuse, sample::at(1)).await.expect("revoke");
    holder.commit().await.expect("commit");
    let seen = waiter.await.expect("the waiter");
    // The waiter may also have come first, by luck; then there was nothing to see yet.
    assert!(matches!(seen.revoked_reason, None | Some(RevokedReason::RefreshReuse)));
    let found = read(&store).await.session_by_id(session.id).await.expect("read").expect("a session");
    assert_eq!(found.revoked_reason, Some(RevokedReason::RefreshReuse));
}

/// A batch answers in its own order, unknown and repeated hashes included, and moves several sessions at once; one step that is not
/// from the newest keeps the whole batch from being written.
pub async fn a_batch_is_locked_and_rotated_together(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut sessions = Vec::new();
    for _ in 0..5 {
        sessions.push(sample::a_session(&store, member.id).await);
    }
    let unknown = [9; 32];
    let hashes = [sessions[3].1.hash, unknown, sessions[0].1.hash, sessions[3].1.hash];
    let mut tx = write(&store).await;
    assert!(tx.lock_sessions_by_refresh_hashes(&[]).await.expect("lock").is_empty());
    let found = tx.lock_sessions_by_refresh_hashes(&hashes).await.expect("lock");
    let expected = [Some(sessions[3].clone()), None, Some(sessions[0].clone()), Some(sessions[3].clone())];
    assert_eq!(found, expected);

    let steps: Vec<_> = sessions.iter().map(|(session, token)| step(session, token, 1)).collect();
    tx.rotate_sessions(&[]).await.expect("nothing");
    tx.rotate_sessions(&steps).await.expect("rotate");
    tx.commit().await.expect("commit");
    for rotation in &steps {
        let mut tx = read(&store).await;
        let (session, token) =
            tx.session_by_refresh_hash(&rotation.successor_hash).await.expect("read").expect("the successor");
        assert_eq!((session.generation, session.expires_at, token.generation), (2, rotation.expires_at, 2));
        let (_, old) =
            tx.session_by_refresh_hash(&rotation.replaced_hash).await.expect("read").expect("the old one");
        assert_eq!((old.replaced_at, old.successor_salt), (Some(rotation.at), Some(rotation.successor_salt)));
    }

    // The first again from its old token, the second from its newest.
    let (second, newest) = read(&store)
        .await
        .session_by_refresh_hash(&steps[1].successor_hash)
        .await
        .expect("read")
        .expect("there");
    let mixed = [step(&sessions[0].0, &sessions[0].1, 2), step(&second, &newest, 2)];
    let mut tx = write(&store).await;
    assert!(tx.rotate_sessions(&mixed).await.is_err());
    assert!(tx.commit().await.is_err());
    let after = read(&store).await.session_by_id(second.id).await.expect("read").expect("there");
    assert_eq!(after.generation, 2, "half of a batch was kept");
}
