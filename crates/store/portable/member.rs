//! Members and their passwords.

use std::collections::HashSet;

use async_trait::async_trait;
use mainstay_model::{EmailAddress, MemberId, Timestamp, member::Member};
use mainstay_store::{MemberInserted, MemberStore, MemberUpdated, PasswordStore, Result};

use crate::{
    Tx, batch,
    codec::{Row, Ts},
    row,
    value::{Text, query},
};

macro_rules! columns {
    () => {
        "id, user_handle, display_name, language, role, status, email, email_verified_at, created_at, updated_at"
    };
}

fn member(row: &Row) -> Result<Member> {
    Ok(Member {
        id: MemberId::new(row::uuid(row, "id")?),
        user_handle: row::hash(row, "user_handle")?,
        display_name: row::get(row, "display_name")?,
        language: row::word(row, "language")?,
        role: row::word(row, "role")?,
        status: row::word(row, "status")?,
        email: row::email_opt(row, "email")?,
        email_verified_at: row::at_opt(row, "email_verified_at")?,
        created_at: row::at(row, "created_at")?,
        updated_at: row::at(row, "updated_at")?,
    })
}

#[async_trait]
impl MemberStore for Tx {
    async fn insert_member(&mut self, member: &Member) -> Result<MemberInserted> {
        // Only the address may clash; a second handle or id is a bug and stays an error.
        let rows = self
            .write(
                query(concat!(
                    "INSERT INTO members (",
                    columns!(),
                    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (email) DO NOTHING"
                ))
                .bind(member.id.uuid())
                .bind(&member.user_handle[..])
                .bind(Text(&member.display_name))
                .bind(member.language.code())
                .bind(member.role.as_str())
                .bind(member.status.as_str())
                .bind(member.email.as_ref().map(EmailAddress::as_str))
                .bind(member.email_verified_at.map(Ts))
                .bind(Ts(member.created_at))
                .bind(Ts(member.updated_at)),
            )
            .await?;
        Ok(if rows == 1 { MemberInserted::Inserted } else { MemberInserted::EmailTaken })
    }

    async fn member_by_id(&mut self, id: MemberId) -> Result<Option<Member>> {
        let found = self
            .one(query(concat!("SELECT ", columns!(), " FROM members WHERE id = $1")).bind(id.uuid()))
            .await?;
        row::read(found, member)
    }

    async fn active_members(&mut self, ids: &[MemberId]) -> Result<HashSet<MemberId>> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let rows = batch::active_members(self, ids).await?;
        rows.iter().map(|row| row::uuid(row, "id").map(MemberId::new)).collect()
    }

    async fn lock_member(&mut self, id: MemberId) -> Result<Option<Member>> {
        let found = self
            .write_one(
                query(concat!("SELECT ", columns!(), " FROM members WHERE id = $1", lock_rows!()))
                    .bind(id.uuid()),
            )
            .await?;
        row::read(found, member)
    }

    async fn lock_member_and_references(&mut self, id: MemberId) -> Result<Option<Member>> {
        let found = self
            .write_one(
                query(concat!("SELECT ", columns!(), " FROM members WHERE id = $1", lock_parent!()))
                    .bind(id.uuid()),
            )
            .await?;
        row::read(found, member)
    }

    async fn member_by_email(&mut self, email: &EmailAddress) -> Result<Option<Member>> {
        let found = self
            .one(query(concat!("SELECT ", columns!(), " FROM members WHERE email = $1")).bind(email.as_str()))
            .await?;
        row::read(found, member)
    }

    async fn member_by_user_handle(&mut self, user_handle: &[u8; 32]) -> Result<Option<Member>> {
        let found = self
            .one(
                query(concat!("SELECT ", columns!(), " FROM members WHERE user_handle = $1"))
                    .bind(&user_handle[..]),
            )
            .await?;
        row::read(found, member)
    }

    async fn update_member(&mut self, member: &Member) -> Result<MemberUpdated> {
        // The check and the write are one statement. A transaction that takes the address in the very same moment is not
        // seen by the check, but it is by the unique index, which waits for it to end: that one case ends as contention,
        // and when the unit of work is run again the check sees the address.
        let rows = self
            .write_raced(
                query(
                    "UPDATE members SET display_name = $2, language = $3, role = $4, status = $5, email = $6, \
                     email_verified_at = $7, updated_at = $8 WHERE id = $1 AND NOT EXISTS \
                     (SELECT 1 FROM members AS other WHERE other.email = $6 AND other.id <> $1)",
                )
                .bind(member.id.uuid())
                .bind(Text(&member.display_name))
                .bind(member.language.code())
                .bind(member.role.as_str())
                .bind(member.status.as_str())
                .bind(member.email.as_ref().map(EmailAddress::as_str))
                .bind(member.email_verified_at.map(Ts))
                .bind(Ts(member.updated_at)),
            )
            .await?;
        if rows == 1 {
            return Ok(MemberUpdated::Updated);
        }
        let exists = self.one(query("SELECT id FROM members WHERE id = $1").bind(member.id.uuid())).await?;
        Ok(if exists.is_some() { MemberUpdated::EmailTaken } else { MemberUpdated::Missing })
    }

    async fn delete_member(&mut self, id: MemberId) -> Result<bool> {
        let rows = self.write(query("DELETE FROM members WHERE id = $1").bind(id.uuid())).await?;
        Ok(rows == 1)
    }
}

#[async_trait]
impl PasswordStore for Tx {
    async fn password_hash(&mut self, member_id: MemberId) -> Result<Option<String>> {
        let found =
            self.one(query("SELECT hash FROM passwords WHERE member_id = $1").bind(member_id.uuid())).await?;
        row::read(found, |row| row::get(row, "hash"))
    }

    async fn set_password_hash(&mut self, member_id: MemberId, hash: &str, at: Timestamp) -> Result<()> {
        self.write(
            query(
                "INSERT INTO passwords (member_id, hash, updated_at) VALUES ($1, $2, $3) ON CONFLICT (member_id) \
                 DO UPDATE SET hash = excluded.hash, updated_at = excluded.updated_at",
            )
            .bind(member_id.uuid())
            .bind(Text(hash))
            .bind(Ts(at)),
        )
        .await?;
        Ok(())
    }

    async fn delete_password(&mut self, member_id: MemberId) -> Result<bool> {
        let rows =
            self.write(query("DELETE FROM passwords WHERE member_id = $1").bind(member_id.uuid())).await?;
        Ok(rows == 1)
    }
}
