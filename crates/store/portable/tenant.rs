//! Tenants and memberships.

use async_trait::async_trait;
use mainstay_model::{
    MemberId, TenantId,
    tenant::{Membership, Tenant, TenantRole},
};
use mainstay_store::{MembershipChange, Result, TenantStore};
use uuid::Uuid;

use crate::{
    Tx,
    codec::{Row, Ts},
    row,
    value::{Text, query},
};

fn tenant(row: &Row) -> Result<Tenant> {
    Ok(Tenant {
        id: TenantId::new(row::uuid(row, "id")?),
        name: row::get(row, "name")?,
        created_at: row::at(row, "created_at")?,
    })
}

fn membership(row: &Row) -> Result<Membership> {
    Ok(Membership {
        tenant_id: TenantId::new(row::uuid(row, "tenant_id")?),
        member_id: MemberId::new(row::uuid(row, "member_id")?),
        role: row::word(row, "role")?,
        created_at: row::at(row, "created_at")?,
    })
}

const fn done_or(rows: u64, otherwise: MembershipChange) -> MembershipChange {
    if rows == 1 { MembershipChange::Done } else { otherwise }
}

#[async_trait]
impl TenantStore for Tx {
    async fn insert_tenant(&mut self, tenant: &Tenant) -> Result<()> {
        self.write(
            query("INSERT INTO tenants (id, name, created_at) VALUES ($1, $2, $3)")
                .bind(tenant.id.uuid())
                .bind(Text(&tenant.name))
                .bind(Ts(tenant.created_at)),
        )
        .await?;
        Ok(())
    }

    async fn tenant_by_id(&mut self, id: TenantId) -> Result<Option<Tenant>> {
        let found =
            self.one(query("SELECT id, name, created_at FROM tenants WHERE id = $1").bind(id.uuid())).await?;
        row::read(found, tenant)
    }

    async fn lock_tenant(&mut self, id: TenantId) -> Result<Option<Tenant>> {
        let locked = self
            .write_one(
                query(concat!("SELECT id, name, created_at FROM tenants WHERE id = $1", lock_parent!()))
                    .bind(id.uuid()),
            )
            .await?;
        row::read(locked, tenant)
    }

    async fn tenants_of_member(&mut self, member_id: MemberId) -> Result<Vec<(Tenant, TenantRole)>> {
        let rows = self
            .all(
                query(concat!(
                    "SELECT t.id, t.name, t.created_at, m.role FROM memberships AS m \
                     JOIN tenants AS t ON t.id = m.tenant_id WHERE m.member_id = $1 ORDER BY t.name",
                    bytewise!(),
                    ", t.id LIMIT 1000"
                ))
                .bind(member_id.uuid()),
            )
            .await?;
        row::read_all(&rows, |row| Ok((tenant(row)?, row::word(row, "role")?)))
    }

    async fn tenant_ids_of_member(
        &mut self,
        member_id: MemberId,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantId>> {
        let rows = self
            .all(
                query(
                    "SELECT tenant_id FROM memberships WHERE member_id = $1 AND tenant_id > $2 \
                     ORDER BY tenant_id LIMIT $3",
                )
                .bind(member_id.uuid())
                .bind(after.map_or(Uuid::nil(), TenantId::uuid))
                .bind(i64::from(limit)),
            )
            .await?;
        row::read_all(&rows, |row| row::uuid(row, "tenant_id").map(TenantId::new))
    }

    async fn membership(&mut self, tenant_id: TenantId, member_id: MemberId) -> Result<Option<Membership>> {
        let found = self
            .one(
                query(
                    "SELECT tenant_id, member_id, role, created_at FROM memberships \
                     WHERE tenant_id = $1 AND member_id = $2",
                )
                .bind(tenant_id.uuid())
                .bind(member_id.uuid()),
            )
            .await?;
        row::read(found, membership)
    }

    async fn members_of_tenant(&mut self, tenant_id: TenantId) -> Result<Vec<(Membership, String)>> {
        let rows = self
            .all(
                query(
                    "SELECT m.tenant_id, m.member_id, m.role, m.created_at, p.display_name FROM memberships AS m \
                     JOIN members AS p ON p.id = m.member_id WHERE m.tenant_id = $1 \
                     ORDER BY m.created_at, m.member_id LIMIT 1000",
                )
                .bind(tenant_id.uuid()),
            )
            .await?;
        row::read_all(&rows, |row| Ok((membership(row)?, row::get(row, "display_name")?)))
    }

    async fn insert_membership(&mut self, membership: &Membership) -> Result<MembershipChange> {
        // The rows that it refers to are locked against removal as they are found, so that the foreign keys hold.
        let rows = self
            .write(
                query(concat!(
                    "INSERT INTO memberships (tenant_id, member_id, role, created_at) \
                     SELECT t.id, p.id, $3, $4 FROM tenants AS t CROSS JOIN members AS p \
                     WHERE t.id = $1 AND p.id = $2",
                    keep_rows!(),
                    " ON CONFLICT (tenant_id, member_id) DO NOTHING"
                ))
                .bind(membership.tenant_id.uuid())
                .bind(membership.member_id.uuid())
                .bind(membership.role.as_str())
                .bind(Ts(membership.created_at)),
            )
            .await?;
        if rows == 1 {
            return Ok(MembershipChange::Done);
        }
        let exists = self.membership(membership.tenant_id, membership.member_id).await?.is_some();
        Ok(if exists { MembershipChange::Exists } else { MembershipChange::Missing })
    }

    async fn update_membership(
        &mut self,
        tenant_id: TenantId,
        member_id: MemberId,
        role: TenantRole,
    ) -> Result<MembershipChange> {
        let rows = self
            .write(
                query("UPDATE memberships SET role = $3 WHERE tenant_id = $1 AND member_id = $2")
                    .bind(tenant_id.uuid())
                    .bind(member_id.uuid())
                    .bind(role.as_str()),
            )
            .await?;
        Ok(done_or(rows, MembershipChange::Missing))
    }

    async fn delete_membership(
        &mut self,
        tenant_id: TenantId,
        member_id: MemberId,
    ) -> Result<MembershipChange> {
        let rows = self
            .write(
                query("DELETE FROM memberships WHERE tenant_id = $1 AND member_id = $2")
                    .bind(tenant_id.uuid())
                    .bind(member_id.uuid()),
            )
            .await?;
        Ok(done_or(rows, MembershipChange::Missing))
    }

    async fn count_owners(&mut self, tenant_id: TenantId) -> Result<i64> {
        let rows = self
            .all(
                query("SELECT count(*) AS owners FROM memberships WHERE tenant_id = $1 AND role = 'owner'")
                    .bind(tenant_id.uuid()),
            )
            .await?;
        rows.first().map_or(Ok(0), |row| row::get(row, "owners"))
    }
}
