//! An operator takes back what a purchase gave. The purchase keeps that in mind, so that a refund does not take the same points once
//! more, and what a refund took is not taken by an operator.

use std::slice;

use mainstay_model::{
    PurchaseId,
    audit::NewAuditEvent,
    ledger::{Posting, Transfer, TransferKind},
};
use mainstay_store::Posted;

use crate::{
    App, Code, Error, Result, events,
    sabotage::{Guard, is_off},
    wallet,
};

/// What the cause of a purchase's postings begins with.
const CAUSE: &str = "purchase:";

/// The cause of a purchase's postings.
pub(super) fn cause(id: PurchaseId) -> String {
    format!("{CAUSE}{id}")
}

/// The purchase that a transfer gave points for.
pub(crate) fn granted_for(transfer: &Transfer) -> Option<PurchaseId> {
    let id = transfer.cause.strip_prefix(CAUSE).filter(|_| transfer.kind == TransferKind::Grant)?;
    id.parse().ok()
}

/// Undoes a grant of a purchase.
///
/// # Errors
/// [`Code::Conflict`] when a refund has taken back a part of it, or the database is away.
pub(crate) async fn undo_grant(
    app: &App,
    id: PurchaseId,
    transfer: &Transfer,
    posting: &Posting,
    event: &NewAuditEvent,
) -> Result<Posted> {
    let (posted, is_awaited) = app
        .retrying(|| async {
            let mut tx = app.write().await?;
            let name = tx.purchase_name(id).await?;
            tx.lock_purchase_names(name.as_slice()).await?;
            let found = tx.purchases_by_names(name.as_slice()).await?.into_iter().flatten().next();
            let posted = tx.post(slice::from_ref(posting)).await?;
            let is_new = posted.iter().any(|posted| matches!(posted, Posted::Done { is_replay: false, .. }));
            let mut is_awaited = false;
            if is_new {
                if let Some((mut purchase, _)) = found {
                    let (points, kept) = (transfer.amount.points(), purchase.kept());
                    if points > kept {
                        return Err(Error::new(
                            Code::Conflict,
                            format!(
                                "A refund took back a part of it: of the purchase's points {kept} are left, and this takes {points}."
                            ),
                        ));
                    }
                    purchase.reversed += if is_off(Guard::ReversalCounted) { 0 } else { points };
                    tx.settle_purchases(&[purchase]).await?;
                }
                tx.append_audit_events(slice::from_ref(event)).await?;
                is_awaited = wallet::tell(&mut *tx, &posted).await?;
            }
            tx.commit().await?;
            Ok((posted, is_awaited))
        })
        .await?;
    if is_awaited {
        events::announce(&*app.ports.bus).await;
    }
    let posted = posted.into_iter().next().ok_or_else(|| Error::internal("a posting has no outcome"))?;
    wallet::count_posted(&posted);
    Ok(posted)
}
