//! What can only be seen past the contract: an engine's test lends a connection of its own for it.

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use crate::{AnyStore, audit, sample, write};

/// A connection to the store's database that runs any statement.
pub trait Raw: Send {
    /// Runs statements; an error comes back as its text.
    fn execute<'a>(&'a mut self, statements: &'a str) -> BoxFuture<'a, Result<(), String>>;
    /// Every table of ours with its columns, in order.
    fn tables(&mut self) -> BoxFuture<'_, BTreeMap<String, Vec<String>>>;
}

/// Not even a statement of one's own changes what was written down.
pub async fn the_audit_trail_refuses_changes(store: AnyStore, raw: &mut dyn Raw) {
    let mut tx = write(&store).await;
    tx.append_audit_events(&[sample::event("one", 1), sample::event("two", 2)]).await.expect("append");
    tx.commit().await.expect("commit");
    for statement in [
        "UPDATE audit_events SET actor = 'nobody'",
        "UPDATE audit_events SET sequence = 9 WHERE sequence = 2",
        "DELETE FROM audit_events",
        "DELETE FROM audit_events WHERE sequence = 1",
        "UPDATE audit_events SET detail = '{}' WHERE sequence = 1",
        "UPDATE audit_base SET sequence = 1",
        "UPDATE audit_base SET sequence = 7, hash = (SELECT hash FROM audit_events WHERE sequence = 1)",
        "DELETE FROM audit_base",
    ] {
        let refused = raw.execute(statement).await.expect_err(statement);
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
    assert_eq!(audit::verify(&store).await.len(), 2);
}
