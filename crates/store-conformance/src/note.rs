//! Notes.

use mainstay_model::{NoteId, page::PageRequest};
use mainstay_store::Error;
use uuid::Uuid;

use crate::{AnyStore, read, sample, write};

/// Text, tags in their order, pin and times.
pub async fn is_kept_as_written(store: AnyStore) {
    let member = sample::a_member(&store).await;
    let mut note = sample::note(member.id, "one\ntwo\t\"three\" \\u0041 'four' {}[] \u{7f}");
    let mut tx = write(&store).await;
    tx.insert_notes(std::slice::from_ref(&note)).await.expect("insert");
    assert_eq!(tx.note_by_id(member.id, note.id).await.expect("read"), Some(note.clone()));
    (note.text, note.tags, note.pinned) = ("new".to_owned(), vec![], true);
    note.updated_at = sample::at(77);
    assert!(tx.update_note(&note).await.expect("update"));
    tx.commit().await.expect("commit");
    assert_eq!(read(&store).await.note_by_id(member.id, note.id).await.expect("read"), Some(note));
}

/// Hundreds at once, of several members; one that can't be written spoils all.
pub async fn a_batch_is_one_statement(store: AnyStore) {
    let (one, two) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut notes: Vec<_> = (0..500)
        .map(|number| sample::note(if number % 2 == 0 { one.id } else { two.id }, &number.to_string()))
        .collect();
    notes[3].pinned = true;
    let mut tx = write(&store).await;
    tx.insert_notes(&notes).await.expect("insert");
    tx.commit().await.expect("commit");
    let page = PageRequest { limit: 500, before: None };
    let found = read(&store).await.notes_of_member(two.id, page).await.expect("list");
    let mut expected: Vec<_> = notes.into_iter().filter(|note| note.member_id == two.id).collect();
    expected.sort_by_key(|note| std::cmp::Reverse(note.id));
    assert_eq!(found.items, expected);

    let stranger = sample::note(sample::member().id, "orphan");
    let outcome = write(&store).await.insert_notes(&[sample::note(one.id, "fine"), stranger]).await;
    assert!(matches!(outcome, Err(Error::Constraint(_))), "{outcome:?}");
    let found = read(&store).await.notes_of_member(one.id, page).await.expect("list");
    assert_eq!(found.items.len(), 250);
}

/// Each note once, the cursor is none on the last page.
pub async fn is_paged_newest_first(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut tx = write(&store).await;
    let mut ids = Vec::new();
    for number in 0..7 {
        let note = sample::note(member.id, &number.to_string());
        ids.push(note.id);
        tx.insert_notes(&[note, sample::note(other.id, "other")]).await.expect("insert");
    }
    tx.commit().await.expect("commit");
    ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    for limit in [1, 2, 3, 6, 7, 8] {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit, before };
            let page = read(&store).await.notes_of_member(member.id, page).await.expect("list");
            assert!(page.items.len() <= limit as usize);
            seen.extend(page.items.iter().map(|note| note.id));
            assert_eq!(page.next.is_some(), seen.len() < ids.len(), "limit {limit}");
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, ids, "limit {limit}");
    }
}

/// No statement reaches another's note.
pub async fn belongs_to_one_member(store: AnyStore) {
    let (member, other) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let note = sample::note(member.id, "mine");
    let mut tx = write(&store).await;
    tx.insert_notes(std::slice::from_ref(&note)).await.expect("insert");
    assert_eq!(tx.note_by_id(other.id, note.id).await.expect("read"), None);
    let mut stolen = note.clone();
    (stolen.member_id, stolen.text) = (other.id, "theirs".to_owned());
    assert!(!tx.update_note(&stolen).await.expect("update"));
    assert!(!tx.delete_note(other.id, note.id).await.expect("delete"));
    assert_eq!(tx.note_by_id(member.id, note.id).await.expect("read"), Some(note.clone()));
    assert!(tx.delete_note(member.id, note.id).await.expect("delete"));
    assert!(!tx.delete_note(member.id, note.id).await.expect("delete"));
    assert!(!tx.update_note(&note).await.expect("update"));
    assert_eq!(tx.note_by_id(member.id, NoteId::new(Uuid::now_v7())).await.expect("read"), None);
}

/// Many at once, in the order of the question; another member's note and one that does not exist are no answer.
pub async fn many_are_read_at_once(store: AnyStore) {
    let (one, two) = (sample::a_member(&store).await, sample::a_member(&store).await);
    let mut notes: Vec<_> = (0..60)
        .map(|n| sample::note(if n % 2 == 0 { one.id } else { two.id }, &format!("\"{n}\"\n\u{1F512}")))
        .collect();
    notes[7].pinned = true;
    let mut tx = write(&store).await;
    tx.insert_notes(&notes).await.expect("insert");
    tx.commit().await.expect("commit");
    let mut tx = read(&store).await;
    assert!(tx.notes_by_ids(&[]).await.expect("read").is_empty());
    let mut wanted: Vec<_> = notes.iter().rev().map(|note| (note.member_id, note.id)).collect();
    wanted.push((two.id, notes[0].id));
    wanted.push((one.id, NoteId::new(Uuid::from_u128(1))));
    wanted.push((one.id, notes[0].id));
    let mut expected: Vec<_> = notes.iter().rev().cloned().map(Some).collect();
    expected.extend([None, None, Some(notes[0].clone())]);
    assert_eq!(tx.notes_by_ids(&wanted).await.expect("read"), expected);
}
