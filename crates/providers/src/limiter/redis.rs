//! The limiter that all nodes share. Every key has an expiry, set by the same script that writes it.

use std::{future::Future, time::Duration};

use async_trait::async_trait;
use mainstay_services::ports::{Admission, Backoff, Decision, Limiter, LimiterUnavailable, Quota};
use metrics::counter;
use redis::{FromRedisValue, RedisResult, Script, aio::MultiplexedConnection, cmd};

use super::{
    bucket::{Rate, never},
    duration,
    failures::DOUBLINGS_MAX,
    micros,
};
use crate::{
    ConfigFault,
    redis_link::{RedisConfig, RedisLink},
};

/// Counts in Redis, atomically over all nodes.
pub struct RedisLimiter {
    link: RedisLink,
    prefix: String,
    take: Script,
    fail: Script,
    admit: Script,
    wait: Script,
}

impl RedisLimiter {
    /// Connects when it is first asked. To be called within the Tokio runtime that lives as long as the process.
    ///
    /// # Errors
    /// When the URL or the prefix can't be used.
    pub fn new(config: &RedisConfig) -> Result<Self, ConfigFault> {
        Ok(Self {
            link: RedisLink::new(config)?,
            prefix: config.prefix.clone(),
            take: Script::new(include_str!("take.lua")),
            fail: Script::new(include_str!("fail.lua")),
            admit: Script::new(include_str!("admit.lua")),
            wait: Script::new(include_str!("wait.lua")),
        })
    }

    fn bucket_key(&self, key: &str) -> String {
        format!("{}bucket:{key}", self.prefix)
    }

    fn failures_key(&self, key: &str) -> String {
        format!("{}failures:{key}", self.prefix)
    }

    /// Runs a script that counts failures; they all take the same.
    async fn count<T: FromRedisValue>(
        &self,
        script: &Script,
        key: &str,
        backoff: Backoff,
    ) -> Result<T, LimiterUnavailable> {
        let key = self.failures_key(key);
        self.ask(async |mut redis| {
            script
                .key(key)
                .arg(backoff.free)
                .arg(micros(backoff.base))
                .arg(micros(backoff.max))
                .arg(micros(backoff.forget))
                .arg(DOUBLINGS_MAX)
                .invoke_async(&mut redis)
                .await
        })
        .await
    }

    async fn ask<T, F, Fut>(&self, work: F) -> Result<T, LimiterUnavailable>
    where
        F: FnOnce(MultiplexedConnection) -> Fut,
        Fut: Future<Output = RedisResult<T>>,
    {
        self.link.run(work).await.map_err(|away| {
            counter!("mainstay_limiter_unavailable_total").increment(1);
            LimiterUnavailable(away.0)
        })
    }
}

#[async_trait]
impl Limiter for RedisLimiter {
    async fn take(&self, key: &str, quota: Quota) -> Result<Decision, LimiterUnavailable> {
        let Some(rate) = Rate::new(quota) else { return Ok(never(quota)) };
        let key = self.bucket_key(key);
        let (allowed, lacks): (bool, i64) = self
            .ask(async |mut redis| {
                self.take.key(key).arg(rate.cost).arg(rate.capacity).invoke_async(&mut redis).await
            })
            .await?;
        Ok(rate.decision(allowed, lacks))
    }

    async fn backoff_remaining(&self, key: &str) -> Result<Duration, LimiterUnavailable> {
        let key = self.failures_key(key);
        self.ask(async |mut redis| self.wait.key(key).invoke_async(&mut redis).await).await.map(duration)
    }

    async fn record_failure(&self, key: &str, backoff: Backoff) -> Result<Duration, LimiterUnavailable> {
        self.count(&self.fail, key, backoff).await.map(duration)
    }

    async fn admit(&self, key: &str, backoff: Backoff) -> Result<Admission, LimiterUnavailable> {
        let (counted, wait): (bool, i64) = self.count(&self.admit, key, backoff).await?;
        let wait = duration(wait);
        Ok(if counted { Admission::Counted(wait) } else { Admission::Refused(wait) })
    }

    async fn clear_failures(&self, key: &str) -> Result<(), LimiterUnavailable> {
        let key = self.failures_key(key);
        self.ask(async |mut redis| cmd("DEL").arg(key).exec_async(&mut redis).await).await
    }

    async fn ping(&self) -> Result<(), LimiterUnavailable> {
        self.ask(async |mut redis| cmd("PING").exec_async(&mut redis).await).await
    }
}
