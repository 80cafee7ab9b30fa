//! What a team's own back ends hear of postings. An event has the id of its transfer.

use mainstay_model::{
    ledger::{AccountKind, AccountRef, Settlement, TransferKind},
    outgoing::{EventType, OutgoingEvent},
};
use mainstay_store::{Posted, Receipt, Result, Tx};
use serde_json::{Value, json};

use crate::events;

/// Writes the events of what was just posted into its transaction. Answers whether anybody is to hear of them; then
/// [`events::announce`] wakes the workers after the commit.
///
/// # Errors
/// When the database is away.
pub(crate) async fn tell(tx: &mut dyn Tx, posted: &[Posted]) -> Result<bool> {
    let mut told = Vec::new();
    for posted in posted {
        if let Posted::Done { receipt: Receipt::Transfer(settlement), companion, is_replay: false } = posted {
            told.extend(event(settlement, companion.as_deref()));
            told.extend(companion.as_deref().and_then(|companion| event(companion, None)));
        }
    }
    Ok(tx.insert_outgoing_events(&told).await? > 0)
}

fn event(settlement: &Settlement, companion: Option<&Settlement>) -> Option<OutgoingEvent> {
    let transfer = &settlement.transfer;
    let event_type = match transfer.kind {
        TransferKind::Grant => EventType::PointsGranted,
        TransferKind::Redemption | TransferKind::Capture => EventType::PointsRedeemed,
        TransferKind::Reversal | TransferKind::ClawBack | TransferKind::Debt => EventType::PointsReversed,
        TransferKind::Transfer => EventType::PointsTransferred,
        TransferKind::Expiry => EventType::PointsExpired,
        // A repayment belongs to its grant, and who is gone is told nobody about.
        TransferKind::Repayment | TransferKind::Forfeit => return None,
    };
    let data = json!({
        "transfer_id": transfer.id,
        "kind": transfer.kind,
        "amount": transfer.amount.points(),
        "from": side(transfer.debit, settlement.debit.balance),
        // Of a grant that paid a debt at once, what is left after that.
        "to": side(transfer.credit, paying(companion).unwrap_or(settlement.credit.balance)),
        "cause": transfer.cause,
        "reverses": transfer.reverses,
    });
    Some(events::event(transfer.id.uuid(), transfer.created_at, event_type, &data))
}

/// What its member has after a payment of a debt.
fn paying(companion: Option<&Settlement>) -> Option<i64> {
    companion.filter(|paid| paid.transfer.kind == TransferKind::Repayment).map(|paid| paid.debit.balance)
}

/// Whose account it is, and what it has after the transfer; nothing for accounts of the ledger's own.
fn side(account: AccountRef, balance: i64) -> Value {
    match account.kind {
        AccountKind::Member => json!({ "member_id": account.id, "balance": balance }),
        AccountKind::Merchant => json!({ "merchant_id": account.id }),
        AccountKind::Debt => json!({ "member_id": account.wallet(), "debt": -balance }),
        AccountKind::Issuance | AccountKind::Expired => Value::Null,
    }
}
