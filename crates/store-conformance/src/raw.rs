//! What can only be seen past the contract: an engine's test lends a connection of its own for it.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use mainstay_model::{
    HoldId,
    ledger::{Amount, Order},
};

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

/// Nor what was posted, nor a wallet below zero.
pub async fn the_ledger_refuses_changes(store: AnyStore, raw: &mut dyn Raw) {
    let mut tx = write(&store).await;
    let (ada, bob) = (sample::wallet(), sample::wallet());
    let (amount, expires_at) = (Amount::new(2).expect("an amount"), sample::at(1_000));
    let hold = sample::posting(Order::Hold { from: ada, to: bob, amount, expires_at });
    let release = sample::posting(Order::Release(HoldId::new(hold.id)));
    tx.post(&[sample::grant(ada, 5), hold, release]).await.expect("post");
    tx.insert_closing(&sample::closing(7)).await.expect("close");
    tx.commit().await.expect("commit");
    for statement in [
        "UPDATE ledger_transfers SET amount = 500",
        "UPDATE ledger_transfers SET reason = 'other'",
        "DELETE FROM ledger_transfers",
        "DELETE FROM ledger_accounts",
        "UPDATE ledger_holds SET state = 'held', settled_at = NULL",
        "DELETE FROM ledger_holds",
        "UPDATE ledger_closings SET points = 8",
        "DELETE FROM ledger_closings",
    ] {
        let refused = raw.execute(statement).await.expect_err(statement);
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
    for statement in [
        "UPDATE ledger_accounts SET balance = -1 WHERE kind = 'member'",
        "UPDATE ledger_accounts SET held = 6 WHERE kind = 'member'",
        "UPDATE ledger_accounts SET expiring = 6 WHERE kind = 'member'",
        "UPDATE ledger_accounts SET balance = 1 WHERE kind = 'issuance'",
        "UPDATE ledger_accounts SET closed_at = opened_at WHERE kind = 'member'",
    ] {
        let refused = raw.execute(statement).await.expect_err(statement);
        assert!(refused.to_lowercase().contains("check"), "{statement}: {refused}");
    }
    let totals = write(&store).await.ledger_totals().await.expect("totals");
    assert_eq!((totals.transfers, totals.entries, totals.balance), (1, 2, 0));
}
