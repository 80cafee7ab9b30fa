//! Notes.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mainstay_model::{NoteId, page::PageRequest};
use mainstay_services::{Capabilities, Code, limits, members, notes};

use crate::{
    both_engines,
    harness::{NodeOptions, TestApp, refusal},
};

fn tags(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|&tag| tag.to_owned()).collect()
}

both_engines! {
    async fn con_1_a_note_is_written_read_changed_and_removed(test: &TestApp) {
        let (app, caller) = (&test.app, test.caller().await);
        let written = notes::create(app, &caller, "one\ntwo", &tags(&["a", " b ", "a"]), true)
            .await
            .expect("is written");
        assert_eq!(
            (written.text.as_str(), &written.tags, written.pinned),
            ("one\ntwo", &tags(&["a", "b"]), true)
        );
        assert_eq!(notes::get(app, &caller, written.id).await.expect("reads"), written);

        test.advance(Duration::from_secs(1));
        let changed =
            notes::update(app, &caller, written.id, Some("three"), None, None).await.expect("changes");
        assert_eq!((changed.text.as_str(), &changed.tags, changed.pinned), ("three", &written.tags, true));
        assert_eq!((changed.created_at, changed.updated_at), (written.created_at, test.now()));
        let none: &[String] = &[];
        let changed =
            notes::update(app, &caller, written.id, None, Some(none), Some(false)).await.expect("changes");
        assert_eq!((changed.text.as_str(), changed.tags.len(), changed.pinned), ("three", 0, false));
        assert_eq!(notes::get(app, &caller, written.id).await.expect("reads"), changed);

        notes::delete(app, &caller, written.id).await.expect("is removed");
        assert_eq!(refusal(notes::get(app, &caller, written.id).await), Code::NotFound);
        assert_eq!(refusal(notes::delete(app, &caller, written.id).await), Code::NotFound);
        // Everyday changes leave no line in the trail.
        assert_eq!(test.audit_events().await.len(), 1);
    }

    async fn con_1_another_members_note_does_not_exist(test: &TestApp) {
        let (app, ada, bob) = (&test.app, test.caller().await, test.caller().await);
        let note = notes::create(app, &ada, "secret", &[], false).await.expect("is written");
        let nothing = NoteId::new(app.new_uuid());
        for id in [note.id, nothing] {
            assert_eq!(refusal(notes::get(app, &bob, id).await), Code::NotFound);
            assert_eq!(refusal(notes::update(app, &bob, id, Some("x"), None, None).await), Code::NotFound);
            assert_eq!(refusal(notes::delete(app, &bob, id).await), Code::NotFound);
        }
        let page = PageRequest { limit: 10, before: Some(note.id.uuid()) };
        assert!(notes::list(app, &bob, page).await.expect("lists").items.is_empty());
        assert_eq!(notes::get(app, &ada, note.id).await.expect("reads"), note);
    }

    async fn con_1_values_out_of_bounds_are_refused(test: &TestApp) {
        let (app, caller) = (&test.app, test.caller().await);
        let long = "x".repeat(limits::NOTE_TEXT_CHARS_MAX + 1);
        let many: Vec<_> = (0..=limits::NOTE_TAGS_MAX).map(|n| n.to_string()).collect();
        let wide = vec!["x".repeat(limits::NOTE_TAG_CHARS_MAX + 1)];
        for (text, labels, field) in [
            ("", vec![], "text"),
            (" \n ", vec![], "text"),
            ("nul\0", vec![], "text"),
            (long.as_str(), vec![], "text"),
            ("fine", many, "tags"),
            ("fine", wide, "tags"),
            ("fine", tags(&[" "]), "tags"),
            ("fine", tags(&["two\nlines"]), "tags"),
        ] {
            let error = notes::create(app, &caller, text, &labels, false).await.expect_err("is refused");
            assert_eq!((error.code, error.fields[0].field.as_ref()), (Code::ValidationFailed, field));
        }
        let longest = "я".repeat(limits::NOTE_TEXT_CHARS_MAX);
        notes::create(app, &caller, &longest, &[], false).await.expect("just fits");
    }

    async fn con_1_pages_follow_one_another(test: &TestApp) {
        let (app, caller) = (&test.app, test.caller().await);
        let mut written = Vec::new();
        for number in 0..5 {
            test.advance(Duration::from_millis(2));
            written.insert(
                0,
                notes::create(app, &caller, &number.to_string(), &[], false).await.expect("is written"),
            );
        }
        let (mut read, mut before) = (Vec::new(), None);
        for length in [2, 2, 1] {
            let page = notes::list(app, &caller, PageRequest { limit: 2, before }).await.expect("lists");
            assert_eq!(page.items.len(), length);
            (before, read) = (page.next, [read, page.items].concat());
        }
        assert_eq!((before, read), (None, written));
        // A limit out of bounds is taken as the nearest one.
        assert_eq!(
            notes::list(app, &caller, PageRequest { limit: 0, before: None })
                .await
                .expect("lists")
                .items
                .len(),
            1
        );
        notes::list(app, &caller, PageRequest { limit: u32::MAX, before: None }).await.expect("lists");
    }

    async fn parallel_notes_share_transactions(test: &TestApp) {
        let caller = test.caller().await;
        let writes = test.store.counts().1;
        let requests: Vec<_> = (0..200)
            .map(|number| {
                let (app, caller) = (Arc::clone(&test.app), caller.clone());
                tokio::spawn(
                    async move { notes::create(&app, &caller, &number.to_string(), &[], false).await },
                )
            })
            .collect();
        let mut ids = BTreeSet::new();
        for (number, request) in requests.into_iter().enumerate() {
            let note = request.await.expect("joins").expect("is written");
            assert_eq!(note.text, number.to_string());
            ids.insert(note.id);
        }
        assert_eq!(ids.len(), 200);
        let transactions = test.store.counts().1 - writes;
        assert!(transactions < 100, "{transactions} transactions for 200 notes");
    }

    async fn one_deleted_member_fails_nobody_elses_note(test: &TestApp) {
        let (gone, here) = (test.caller().await, test.caller().await);
        members::delete_self(&test.app, &test.ctx(), &gone).await.expect("is deleted");
        let requests: Vec<_> = (0..40)
            .map(|number| {
                let app = Arc::clone(&test.app);
                let caller = if number % 4 == 0 { gone.clone() } else { here.clone() };
                tokio::spawn(async move { notes::create(&app, &caller, "x", &[], false).await })
            })
            .collect();
        for (number, request) in requests.into_iter().enumerate() {
            let outcome = request.await.expect("joins");
            if number % 4 == 0 {
                assert_eq!(refusal(outcome), Code::SessionEnded);
            } else {
                outcome.expect("is written");
            }
        }
    }

    async fn without_a_database_every_note_is_told_so(test: &TestApp) {
        let caller = test.caller().await;
        test.store.set_down(true);
        let outcomes =
            futures::future::join_all((0..10).map(|_| notes::create(&test.app, &caller, "x", &[], false)))
                .await;
        for outcome in outcomes {
            assert_eq!(refusal(outcome), Code::DependencyUnavailable);
        }
        test.store.set_down(false);
        notes::create(&test.app, &caller, "x", &[], false).await.expect("is written");
    }

    async fn t_op_13_a_panic_below_fails_its_batch_only(test: &TestApp) {
        let caller = test.caller().await;
        test.store.panic_next(1);
        assert_eq!(refusal(notes::create(&test.app, &caller, "x", &[], false).await), Code::Internal);
        notes::create(&test.app, &caller, "x", &[], false).await.expect("is written");
    }

    async fn parallel_changes_of_different_fields_both_stay(test: &TestApp) {
        let (app, caller) = (&test.app, test.caller().await);
        for _ in 0..10 {
            let note = notes::create(app, &caller, "before", &[], false).await.expect("is written");
            let (text, pinned) = tokio::join!(
                notes::update(app, &caller, note.id, Some("after"), None, None),
                notes::update(app, &caller, note.id, None, None, Some(true)),
            );
            text.and(pinned).expect("both are written");
            let note = notes::get(app, &caller, note.id).await.expect("reads");
            assert_eq!((note.text.as_str(), note.pinned), ("after", true));
        }
    }

    async fn cap_2_switched_off_notes_say_so(test: &TestApp) {
        let options = NodeOptions { seed: 2, capabilities: Capabilities::default(), ..NodeOptions::new() };
        let app = test.node(options, &test.bus).await.expect("starts");
        let caller = test.caller().await;
        assert_eq!(refusal(notes::create(&app, &caller, "x", &[], false).await), Code::CapabilityUnavailable);
    }
}
