//! Linked provider accounts.

use async_trait::async_trait;
use mainstay_model::{EmailAddress, IdentityId, MemberId, Timestamp, identity::Identity};
use mainstay_store::{IdentityInserted, IdentityStore, Result};

use crate::{
    Tx,
    codec::{Row, Ts},
    row,
    value::{Text, query},
};

macro_rules! columns {
    () => {
        "id, member_id, provider, issuer, subject, email, sealed_token, created_at, last_used_at"
    };
}

fn identity(row: &Row) -> Result<Identity> {
    Ok(Identity {
        id: IdentityId::new(row::uuid(row, "id")?),
        member_id: MemberId::new(row::uuid(row, "member_id")?),
        provider: row::word(row, "provider")?,
        issuer: row::get(row, "issuer")?,
        subject: row::get(row, "subject")?,
        email: row::email_opt(row, "email")?,
        sealed_token: row::get(row, "sealed_token")?,
        created_at: row::at(row, "created_at")?,
        last_used_at: row::at_opt(row, "last_used_at")?,
    })
}

#[async_trait]
impl IdentityStore for Tx {
    async fn insert_identity(&mut self, identity: &Identity) -> Result<IdentityInserted> {
        let rows = self
            .write(
                query(concat!(
                    "INSERT INTO identities (",
                    columns!(),
                    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (issuer, subject) DO NOTHING"
                ))
                .bind(identity.id.uuid())
                .bind(identity.member_id.uuid())
                .bind(identity.provider.as_str())
                .bind(Text(&identity.issuer))
                .bind(Text(&identity.subject))
                .bind(identity.email.as_ref().map(EmailAddress::as_str))
                .bind(identity.sealed_token.as_deref())
                .bind(Ts(identity.created_at))
                .bind(identity.last_used_at.map(Ts)),
            )
            .await?;
        Ok(if rows == 1 { IdentityInserted::Inserted } else { IdentityInserted::Taken })
    }

    async fn identity_by_subject(&mut self, issuer: &str, subject: &str) -> Result<Option<Identity>> {
        let found = self
            .one(
                query(concat!("SELECT ", columns!(), " FROM identities WHERE issuer = $1 AND subject = $2"))
                    .bind(Text(issuer))
                    .bind(Text(subject)),
            )
            .await?;
        row::read(found, identity)
    }

    async fn identities_of_member(&mut self, member_id: MemberId) -> Result<Vec<Identity>> {
        let rows = self
            .all(
                query(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM identities WHERE member_id = $1 ORDER BY created_at, id LIMIT 100"
                ))
                .bind(member_id.uuid()),
            )
            .await?;
        row::read_all(&rows, identity)
    }

    async fn touch_identity(
        &mut self,
        id: IdentityId,
        email: Option<&EmailAddress>,
        sealed_token: Option<&[u8]>,
        at: Timestamp,
    ) -> Result<()> {
        self.write(
            query(
                "UPDATE identities SET email = $2, sealed_token = COALESCE($3, sealed_token), last_used_at = $4 \
                 WHERE id = $1",
            )
            .bind(id.uuid())
            .bind(email.map(EmailAddress::as_str))
            .bind(sealed_token)
            .bind(Ts(at)),
        )
        .await?;
        Ok(())
    }

    async fn delete_identity(&mut self, member_id: MemberId, id: IdentityId) -> Result<bool> {
        let rows = self
            .write(
                query("DELETE FROM identities WHERE id = $1 AND member_id = $2")
                    .bind(id.uuid())
                    .bind(member_id.uuid()),
            )
            .await?;
        Ok(rows == 1)
    }
}
