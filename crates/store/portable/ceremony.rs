//! Sign-ins under way. Taking one is deleting it, so of many takers at once one gets the row.

use async_trait::async_trait;
use mainstay_model::{
    CeremonyId, EmailAddress, EmailFlowId, MemberId, OAuthFlowId, SecretHash, Timestamp,
    ceremony::{Ceremony, EmailFlow},
    identity::OAuthFlow,
};
use mainstay_store::{CeremonyStore, Result};

use crate::{
    Tx,
    codec::{Row, Ts},
    row,
    value::{Document, Text, query},
};

macro_rules! ceremony_columns {
    () => {
        "id, kind, browser_hash, member_id, state, created_at, expires_at"
    };
}

macro_rules! oauth_flow_columns {
    () => {
        "id, state_hash, browser_hash, provider, nonce, sealed_verifier, return_to, link_member_id, created_at, \
         expires_at"
    };
}

macro_rules! email_flow_columns {
    () => {
        "id, email, purpose, code_hash, browser_hash, member_id, sealed_payload, attempts, created_at, expires_at"
    };
}

fn member_id(row: &Row, column: &str) -> Result<Option<MemberId>> {
    Ok(row::get::<Option<uuid::Uuid>>(row, column)?.map(MemberId::new))
}

fn ceremony(row: &Row) -> Result<Ceremony> {
    Ok(Ceremony {
        id: CeremonyId::new(row::uuid(row, "id")?),
        kind: row::word(row, "kind")?,
        browser_hash: row::hash(row, "browser_hash")?,
        member_id: member_id(row, "member_id")?,
        state: row::json(row, "state")?,
        created_at: row::at(row, "created_at")?,
        expires_at: row::at(row, "expires_at")?,
    })
}

fn oauth_flow(row: &Row) -> Result<OAuthFlow> {
    Ok(OAuthFlow {
        id: OAuthFlowId::new(row::uuid(row, "id")?),
        state_hash: row::hash(row, "state_hash")?,
        browser_hash: row::hash(row, "browser_hash")?,
        provider: row::word(row, "provider")?,
        nonce: row::get(row, "nonce")?,
        sealed_verifier: row::get(row, "sealed_verifier")?,
        return_to: row::get(row, "return_to")?,
        link_member_id: member_id(row, "link_member_id")?,
        created_at: row::at(row, "created_at")?,
        expires_at: row::at(row, "expires_at")?,
    })
}

fn email_flow(row: &Row) -> Result<EmailFlow> {
    Ok(EmailFlow {
        id: EmailFlowId::new(row::uuid(row, "id")?),
        email: row::word(row, "email")?,
        purpose: row::word(row, "purpose")?,
        code_hash: row::hash(row, "code_hash")?,
        browser_hash: row::hash(row, "browser_hash")?,
        member_id: member_id(row, "member_id")?,
        sealed_payload: row::get(row, "sealed_payload")?,
        attempts: row::get(row, "attempts")?,
        created_at: row::at(row, "created_at")?,
        expires_at: row::at(row, "expires_at")?,
    })
}

#[async_trait]
impl CeremonyStore for Tx {
    async fn insert_ceremony(&mut self, ceremony: &Ceremony) -> Result<()> {
        self.write(
            query(concat!(
                "INSERT INTO ceremonies (",
                ceremony_columns!(),
                ") VALUES ($1, $2, $3, $4, $5, $6, $7)"
            ))
            .bind(ceremony.id.uuid())
            .bind(ceremony.kind.as_str())
            .bind(&ceremony.browser_hash[..])
            .bind(ceremony.member_id.map(MemberId::uuid))
            .bind(Document(&ceremony.state))
            .bind(Ts(ceremony.created_at))
            .bind(Ts(ceremony.expires_at)),
        )
        .await?;
        Ok(())
    }

    async fn take_ceremony(&mut self, id: CeremonyId) -> Result<Option<Ceremony>> {
        let taken = self
            .write_one(
                query(concat!("DELETE FROM ceremonies WHERE id = $1 RETURNING ", ceremony_columns!()))
                    .bind(id.uuid()),
            )
            .await?;
        row::read(taken, ceremony)
    }

    async fn insert_oauth_flow(&mut self, flow: &OAuthFlow) -> Result<()> {
        self.write(
            query(concat!(
                "INSERT INTO oauth_flows (",
                oauth_flow_columns!(),
                ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            ))
            .bind(flow.id.uuid())
            .bind(&flow.state_hash[..])
            .bind(&flow.browser_hash[..])
            .bind(flow.provider.as_str())
            .bind(Text(&flow.nonce))
            .bind(&flow.sealed_verifier[..])
            .bind(Text(&flow.return_to))
            .bind(flow.link_member_id.map(MemberId::uuid))
            .bind(Ts(flow.created_at))
            .bind(Ts(flow.expires_at)),
        )
        .await?;
        Ok(())
    }

    async fn take_oauth_flow(&mut self, state_hash: &SecretHash) -> Result<Option<OAuthFlow>> {
        let taken = self
            .write_one(
                query(concat!(
                    "DELETE FROM oauth_flows WHERE state_hash = $1 RETURNING ",
                    oauth_flow_columns!()
                ))
                .bind(&state_hash[..]),
            )
            .await?;
        row::read(taken, oauth_flow)
    }

    async fn insert_email_flow(&mut self, flow: &EmailFlow) -> Result<()> {
        // The unique (email, purpose, browser_hash) makes the newest the only one, however often its browser asks in the same moment.
        self.write(
            query(concat!(
                "INSERT INTO email_flows (",
                email_flow_columns!(),
                ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (email, purpose, browser_hash) \
                 DO UPDATE SET id = excluded.id, code_hash = excluded.code_hash, member_id = excluded.member_id, sealed_payload = excluded.sealed_payload, \
                 attempts = excluded.attempts, created_at = excluded.created_at, expires_at = excluded.expires_at"
            ))
            .bind(flow.id.uuid())
            .bind(flow.email.as_str())
            .bind(flow.purpose.as_str())
            .bind(&flow.code_hash[..])
            .bind(&flow.browser_hash[..])
            .bind(flow.member_id.map(MemberId::uuid))
            .bind(flow.sealed_payload.as_deref())
            .bind(flow.attempts)
            .bind(Ts(flow.created_at))
            .bind(Ts(flow.expires_at)),
        )
        .await?;
        Ok(())
    }

    async fn attempt_email_flow(&mut self, id: EmailFlowId) -> Result<Option<EmailFlow>> {
        let counted = self
            .write_one(
                query(concat!(
                    "UPDATE email_flows SET attempts = attempts + 1 WHERE id = $1 RETURNING ",
                    email_flow_columns!()
                ))
                .bind(id.uuid()),
            )
            .await?;
        row::read(counted, email_flow)
    }

    async fn delete_email_flow(&mut self, id: EmailFlowId) -> Result<bool> {
        let rows = self.write(query("DELETE FROM email_flows WHERE id = $1").bind(id.uuid())).await?;
        Ok(rows == 1)
    }

    async fn delete_email_flows_of_address(&mut self, email: &EmailAddress) -> Result<u64> {
        self.write(query("DELETE FROM email_flows WHERE email = $1").bind(email.as_str())).await
    }

    async fn delete_email_flows_of_member(&mut self, member_id: MemberId) -> Result<u64> {
        self.write(query("DELETE FROM email_flows WHERE member_id = $1").bind(member_id.uuid())).await
    }

    async fn spend_once(&mut self, hash: &SecretHash, expires_at: Timestamp) -> Result<bool> {
        let rows = self
            .write(
                query("INSERT INTO spent_values (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING")
                    .bind(&hash[..])
                    .bind(Ts(expires_at)),
            )
            .await?;
        Ok(rows == 1)
    }
}
