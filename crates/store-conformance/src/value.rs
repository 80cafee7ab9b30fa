//! What fits into a column, on both engines alike.

use mainstay_model::Timestamp;
use mainstay_store::Error;
use serde_json::json;

use crate::{AnyStore, read, sample, write};

/// Megabytes, in a row and in a batch.
pub async fn long_text_is_kept(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut note = sample::note(member.id, &"długi tekst 🧵 ".repeat(100_000));
    note.tags = vec!["x".repeat(1_000_000)];
    let mut passkey = sample::passkey(member.id);
    passkey.credential = json!({ "long": "y".repeat(1_000_000) });
    let mut tx = write(&store).await;
    tx.insert_notes(std::slice::from_ref(&note)).await.expect("insert");
    tx.insert_passkey(&passkey).await.expect("insert");
    tx.commit().await.expect("commit");
    let mut tx = read(&store).await;
    assert_eq!(tx.note_by_id(member.id, note.id).await.expect("read"), Some(note));
    assert_eq!(tx.passkeys_of_member(member.id).await.expect("read"), [passkey]);
}

/// PostgreSQL has no NUL character in text or JSON, so neither engine takes it; bytes may hold it.
pub async fn nul_is_refused(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut named = sample::member();
    named.display_name = "a\0b".to_owned();
    let mut tagged = sample::note(member.id, "text");
    tagged.tags = vec!["a\0".to_owned()];
    let mut keyed = sample::passkey(member.id);
    keyed.credential = json!({ "deep": [{ "a\0": 1 }] });
    let mut waiting = sample::ceremony(None);
    waiting.state = json!(["\0"]);
    let mut event = sample::event("event", 0);
    event.subject = "\0".to_owned();
    let mut outcomes = vec![write(&store).await.insert_member(&named).await.map(drop)];
    outcomes.push(write(&store).await.insert_notes(&[sample::note(member.id, "\0")]).await);
    outcomes.push(write(&store).await.insert_notes(std::slice::from_ref(&tagged)).await);
    outcomes.push(write(&store).await.update_note(&tagged).await.map(drop));
    outcomes.push(write(&store).await.insert_passkey(&keyed).await.map(drop));
    outcomes.push(write(&store).await.insert_ceremony(&waiting).await);
    outcomes.push(write(&store).await.append_audit_events(&[event]).await);
    for outcome in outcomes {
        assert!(matches!(outcome, Err(Error::Failed(_))), "{outcome:?}");
    }
    let mut sealed = sample::job(0);
    sealed.sealed_payload = vec![0; 3];
    let mut tx = write(&store).await;
    tx.insert_jobs(std::slice::from_ref(&sealed)).await.expect("bytes");
    assert_eq!(tx.claim_jobs(sample::at(1), sample::at(2), 1).await.expect("claim"), [sealed]);
}

/// Scripts, combining marks, both normal forms, private use, quotes and SQL.
pub async fn every_character_is_kept(store: AnyStore) {
    let texts = [
        "é e\u{301} \u{202E}RTL\u{202C} \u{FEFF} \u{FFFF} \u{10FFFF} \u{1}\u{1f}\u{7f}\u{85}",
        "'; DROP TABLE members; --",
        "$1 ?1 :a @b %s {} \\ \\\\ \" '' `",
        "  ",
        "",
    ];
    let member = sample::a_member(&store).await;
    for text in texts {
        let mut note = sample::note(member.id, text);
        note.tags = vec![text.to_owned(), text.to_owned()];
        let mut changed = member.clone();
        changed.display_name = text.to_owned();
        let mut tx = write(&store).await;
        tx.insert_notes(std::slice::from_ref(&note)).await.expect("insert");
        tx.update_member(&changed).await.expect("update");
        tx.commit().await.expect("commit");
        let mut tx = read(&store).await;
        assert_eq!(tx.note_by_id(member.id, note.id).await.expect("read"), Some(note));
        assert_eq!(tx.member_by_id(member.id).await.expect("read"), Some(changed));
    }
}

/// From the first to the last moment of the years 0 to 9999, and on both sides of every epoch.
pub async fn moments_are_kept_to_the_microsecond(store: AnyStore) {
    for micros in [
        -62_167_219_200_000_000,
        -62_135_596_800_000_000,
        -1,
        0,
        1,
        946_684_799_999_999,
        946_684_800_000_000,
        1_750_000_000_000_001,
        253_402_300_799_999_999,
    ] {
        let mut member = sample::member();
        member.created_at = Timestamp::from_micros(micros);
        member.email_verified_at = Some(Timestamp::from_micros(micros));
        let mut note = sample::note(member.id, "batch");
        note.updated_at = Timestamp::from_micros(micros);
        let mut tx = write(&store).await;
        tx.insert_member(&member).await.expect("insert");
        tx.insert_notes(std::slice::from_ref(&note)).await.expect("insert");
        tx.commit().await.expect("commit");
        let mut tx = read(&store).await;
        assert_eq!(tx.note_by_id(member.id, note.id).await.expect("read"), Some(note));
        assert_eq!(tx.member_by_id(member.id).await.expect("read"), Some(member));
    }
}

/// Refused rather than bent.
pub async fn moments_beyond_are_refused(store: AnyStore) {
    let known = sample::a_member(&store).await;
    for micros in [i64::MIN, -62_167_219_200_000_001, 253_402_300_800_000_000, i64::MAX] {
        let mut member = sample::member();
        member.created_at = Timestamp::from_micros(micros);
        let outcome = write(&store).await.insert_member(&member).await;
        assert!(matches!(outcome, Err(Error::Failed(_))), "{outcome:?}");
        let mut note = sample::note(known.id, "batch");
        note.created_at = Timestamp::from_micros(micros);
        let outcome = write(&store).await.insert_notes(&[note]).await;
        assert!(matches!(outcome, Err(Error::Failed(_))), "{outcome:?}");
    }
}
