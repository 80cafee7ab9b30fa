//! Jobs and leases.

use async_trait::async_trait;
use mainstay_model::{JobId, Timestamp, job::Job};
use mainstay_store::{JobStore, LeaseStore, Result};

use crate::{
    Tx, batch,
    codec::{Row, Ts},
    row,
    value::{Text, query},
};

fn job(row: &Row) -> Result<Job> {
    Ok(Job {
        id: JobId::new(row::uuid(row, "id")?),
        kind: row::word(row, "kind")?,
        sealed_payload: row::get(row, "sealed_payload")?,
        attempts: row::get(row, "attempts")?,
        created_at: row::at(row, "created_at")?,
        run_at: row::at(row, "run_at")?,
    })
}

#[async_trait]
impl JobStore for Tx {
    async fn insert_jobs(&mut self, jobs: &[Job]) -> Result<()> {
        batch::insert_jobs(self, jobs).await
    }

    async fn claim_jobs(&mut self, now: Timestamp, claimed_until: Timestamp, limit: u32) -> Result<Vec<Job>> {
        let rows = batch::claim_jobs(self, now, claimed_until, limit).await?;
        let mut jobs = row::read_all(&rows, job)?;
        // RETURNING promises no order.
        jobs.sort_unstable_by_key(|job| (job.run_at, job.id));
        Ok(jobs)
    }

    async fn delete_job(&mut self, id: JobId) -> Result<()> {
        self.write(query("DELETE FROM jobs WHERE id = $1").bind(id.uuid())).await?;
        Ok(())
    }

    async fn fail_job(&mut self, id: JobId, run_at: Option<Timestamp>, error: &str) -> Result<()> {
        self.write(
            query(
                "UPDATE jobs SET attempts = attempts + 1, claimed_until = NULL, run_at = COALESCE($2, run_at), \
                 set_aside = ($2 IS NULL), last_error = $3 WHERE id = $1",
            )
            .bind(id.uuid())
            .bind(run_at.map(Ts))
            .bind(Text(error)),
        )
        .await?;
        Ok(())
    }

    async fn job_counts(&mut self) -> Result<(i64, i64, Option<Timestamp>)> {
        let rows = self
            .all(query(
                "SELECT count(*) FILTER (WHERE NOT set_aside) AS waiting, \
                 count(*) FILTER (WHERE set_aside) AS set_aside, \
                 min(run_at) FILTER (WHERE NOT set_aside) AS oldest FROM jobs",
            ))
            .await?;
        rows.first().map_or(Ok((0, 0, None)), |row| {
            Ok((row::get(row, "waiting")?, row::get(row, "set_aside")?, row::at_opt(row, "oldest")?))
        })
    }
}

#[async_trait]
impl LeaseStore for Tx {
    async fn take_lease(
        &mut self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let rows = self
            .write(
                query(
                    "INSERT INTO leases (name, holder, held_until) VALUES ($1, $2, $4) ON CONFLICT (name) \
                     DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until \
                     WHERE leases.held_until <= $3 OR leases.holder = excluded.holder",
                )
                .bind(Text(name))
                .bind(Text(holder))
                .bind(Ts(now))
                .bind(Ts(until)),
            )
            .await?;
        Ok(rows == 1)
    }

    async fn lock_name(&mut self, name: &str) -> Result<()> {
        batch::lock_name(self, name).await
    }
}
