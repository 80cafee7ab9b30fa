//! The world outside, for real: the implementations of the ports that `mainstay_services` names.
//!
//! Everything here that waits for somebody else has a time-out, a bound and a metric. Nothing here decides a rule of the product,
//! and nothing here writes a secret or an address into a log.

mod breaker;
pub mod bus;
pub mod clock;
pub mod config;
pub mod limiter;
pub mod limits;
pub mod mail;
mod metric;
pub mod oidc;
mod outbound;
pub mod random;
mod redis_link;
mod roots;
pub mod webhooks;

pub use crate::{
    bus::{MemoryBus, RedisBus},
    clock::SystemClock,
    config::ConfigFault,
    limiter::{MemoryLimiter, RedisLimiter},
    mail::{FolderMailer, SmtpConfig, SmtpMailer},
    metric::describe_metrics,
    oidc::{Apple, AppleConfig, Google, GoogleConfig},
    random::SystemRandom,
    redis_link::RedisConfig,
    roots::Roots,
    webhooks::{HttpWebhooks, Targets, WebhooksConfig},
};
