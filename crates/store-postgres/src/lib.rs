//! The production engine: PostgreSQL, directly or through a transaction pooler such as PgBouncer.
//!
//! What each module is for: `probe` finds out whether a pooler is in between, `pool` keeps our own connections, `pulse`
//! tells a slow server from one that is gone, `tx` is the transaction that the store's users hold, `migrate` applies the schema,
//! `batch` has the statements that only this dialect knows. Everything else is written once for both engines, in `crates/store/portable`.

#[macro_use]
mod dialect;

mod batch;
mod codec;
mod error;
mod inbox_batch;
mod ledger_batch;
mod migrate;
mod options;
mod outgoing_batch;
mod pool;
mod probe;
mod pulse;
mod purchase_batch;
mod store;
mod tx;
mod value;

#[path = "../../store/portable/audit.rs"]
mod audit;
#[path = "../../store/portable/ceremony.rs"]
mod ceremony;
#[path = "../../store/portable/checked.rs"]
mod checked;
#[path = "../../store/portable/identity.rs"]
mod identity;
#[path = "../../store/portable/inbox.rs"]
mod inbox;
#[path = "../../store/portable/job.rs"]
mod job;
#[path = "../../store/portable/key.rs"]
mod key;
#[path = "../../store/portable/ledger.rs"]
mod ledger;
#[path = "../../store/portable/ledger_books.rs"]
mod ledger_books;
#[path = "../../store/portable/ledger_row.rs"]
mod ledger_row;
#[path = "../../store/portable/member.rs"]
mod member;
#[path = "../../store/portable/merchant.rs"]
mod merchant;
#[path = "../../store/portable/migration.rs"]
mod migration;
#[path = "../../store/portable/note.rs"]
mod note;
#[path = "../../store/portable/offer.rs"]
mod offer;
#[path = "../../store/portable/outgoing.rs"]
mod outgoing;
#[path = "../../store/portable/passkey.rs"]
mod passkey;
#[path = "../../store/portable/purchase.rs"]
mod purchase;
#[path = "../../store/portable/purchase_rule.rs"]
mod purchase_rule;
#[path = "../../store/portable/redemption.rs"]
mod redemption;
#[path = "../../store/portable/retention.rs"]
mod retention;
#[path = "../../store/portable/row.rs"]
mod row;
#[path = "../../store/portable/seal.rs"]
mod seal;
#[path = "../../store/portable/session.rs"]
mod session;
#[path = "../../store/portable/tenant.rs"]
mod tenant;

pub(crate) use crate::tx::Tx;
pub use crate::{options::PostgresOptions, store::PostgresStore};
