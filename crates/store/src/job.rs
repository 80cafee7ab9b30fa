//! Jobs and leases.

use async_trait::async_trait;
use mainstay_model::{JobId, Timestamp, job::Job};

use crate::Result;

/// Work after a commit.
#[async_trait]
pub trait JobStore: Send {
    /// Writes jobs.
    async fn insert_jobs(&mut self, jobs: &[Job]) -> Result<()>;
    /// Claims up to `limit` due jobs until `claimed_until`, oldest first; a claim that ran out may be claimed again. Two
    /// claimers never get the same job.
    async fn claim_jobs(&mut self, now: Timestamp, claimed_until: Timestamp, limit: u32) -> Result<Vec<Job>>;
    /// Removes a job that is done.
    async fn delete_job(&mut self, id: JobId) -> Result<()>;
    /// Gives a failed job back with one attempt more, not to run before `run_at`; none sets it aside for a person.
    async fn fail_job(&mut self, id: JobId, run_at: Option<Timestamp>, error: &str) -> Result<()>;
    /// How many jobs wait, and since when the oldest due one has: (waiting, set aside, oldest `run_at`).
    async fn job_counts(&mut self) -> Result<(i64, i64, Option<Timestamp>)>;
}

/// Turns that only one node takes at a time.
#[async_trait]
pub trait LeaseStore: Send {
    /// Takes or renews a named lease when it is free, run out at `now`, or already this holder's. Answers whether it is held.
    async fn take_lease(
        &mut self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool>;
    /// Keeps every other transaction that calls this with the same name waiting until this one ends.
    async fn lock_name(&mut self, name: &str) -> Result<()>;
}
