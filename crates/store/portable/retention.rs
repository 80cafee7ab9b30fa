//! Removing what has run out, a bounded number of rows at a time. Rows that somebody has locked wait for the next turn.

use async_trait::async_trait;
use mainstay_model::Timestamp;
use mainstay_store::{ExpiredBefore, ExpiredRows, Result, RetentionStore};

use crate::{Tx, codec::Ts, value::query};

macro_rules! delete_expired {
    ($table:literal, $key:literal, $condition:literal) => {
        delete_expired!($table, $key, $key, $condition)
    };
    ($table:literal, $row:literal, $key:literal, $condition:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $row,
            " IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $condition,
            " LIMIT $2",
            skip_locked!(),
            ")"
        )
    };
}

/// The events stay: their names are what keeps one from having its effect twice.
const REMOVE_BODIES: &str = concat!(
    "UPDATE inbox_events SET body = $4, body_removed_at = $3 WHERE id IN (SELECT id FROM inbox_events \
     WHERE updated_at < $1 AND body_removed_at IS NULL AND state IN ('done', 'ignored') ORDER BY updated_at LIMIT $2",
    skip_locked!(),
    ")"
);

#[async_trait]
impl RetentionStore for Tx {
    async fn delete_expired(
        &mut self,
        before: &ExpiredBefore,
        now: Timestamp,
        limit: u32,
    ) -> Result<ExpiredRows> {
        let expired =
            |sql: &'static str, before: Timestamp| query(sql).bind(Ts(before)).bind(i64::from(limit));
        Ok(ExpiredRows {
            sessions: self
                .write(expired(
                    delete_expired!("sessions", "id", "expires_at < $1 OR revoked_at < $1"),
                    before.sessions,
                ))
                .await?,
            ceremonies: self
                .write(expired(delete_expired!("ceremonies", "id", "expires_at < $1"), before.flows))
                .await?,
            oauth_flows: self
                .write(expired(delete_expired!("oauth_flows", "id", "expires_at < $1"), before.flows))
                .await?,
            email_flows: self
                .write(expired(delete_expired!("email_flows", "id", "expires_at < $1"), before.flows))
                .await?,
            spent: self
                .write(expired(delete_expired!("spent_values", "hash", "expires_at < $1"), before.flows))
                .await?,
            jobs: self
                .write(expired(delete_expired!("jobs", "id", "set_aside AND run_at < $1"), before.jobs))
                .await?,
            posting_keys: self
                .write(expired(delete_expired!("ledger_keys", "key", "created_at < $1"), before.posting_keys))
                .await?,
            outgoing_events: self
                .write(expired(
                    delete_expired!("outgoing_events", "id", "occurred_at < $1"),
                    before.outgoing_events,
                ))
                .await?,
            endpoint_secrets: self
                .write(expired(
                    delete_expired!("webhook_endpoint_secrets", "id", "expires_at < $1"),
                    before.flows,
                ))
                .await?,
            inbox_bodies: self
                .write(expired(REMOVE_BODIES, before.inbox_bodies).bind(Ts(now)).bind(&b""[..]))
                .await?,
        })
    }
}
