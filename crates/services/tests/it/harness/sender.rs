//! A receiver of events that does what tests say.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Mutex,
};

use async_trait::async_trait;
use mainstay_services::ports::{Answer, RetryAfter, SendFault, SignedEvent, TargetFault, WebhookSender};
use url::Url;

/// What happens to the next event that is sent.
pub(crate) enum SendFate {
    Status(u16),
    RetryAfter(u16, RetryAfter),
    Fail(SendFault),
    Panic,
    /// Never returns.
    Hang,
}

/// Keeps what was sent. Answers 204 unless it is told otherwise.
#[derive(Default)]
pub(crate) struct RecordingSender {
    sent: Mutex<Vec<SignedEvent>>,
    fates: Mutex<VecDeque<SendFate>>,
    /// By host: what happens to everything that is sent there.
    always: Mutex<HashMap<String, u16>>,
    frozen: Mutex<HashSet<String>>,
}

impl RecordingSender {
    /// Every attempt so far, in the order in which they began.
    pub(crate) fn sent(&self) -> Vec<SignedEvent> {
        self.sent.lock().expect("not poisoned").clone()
    }

    /// How many attempts began at a host.
    pub(crate) fn sent_to(&self, host: &str) -> usize {
        self.sent().iter().filter(|event| event.url.host_str() == Some(host)).count()
    }

    /// Has the next attempt that is not spoken for yet come to this.
    pub(crate) fn next(&self, fate: SendFate) {
        self.fates.lock().expect("not poisoned").push_back(fate);
    }

    /// Has a host answer everything so.
    pub(crate) fn always(&self, host: &str, status: u16) {
        self.always.lock().expect("not poisoned").insert(host.to_owned(), status);
    }

    /// Has a host never answer.
    pub(crate) fn freeze(&self, host: &str) {
        self.frozen.lock().expect("not poisoned").insert(host.to_owned());
    }
}

#[async_trait]
impl WebhookSender for RecordingSender {
    fn check_target(&self, url: &Url) -> Result<(), TargetFault> {
        if url.scheme() == "https" { Ok(()) } else { Err(TargetFault::NotHttps) }
    }

    async fn send(&self, event: &SignedEvent) -> Result<Answer, SendFault> {
        self.sent.lock().expect("not poisoned").push(event.clone());
        let host = event.url.host_str().unwrap_or_default().to_owned();
        let fate = self.fates.lock().expect("not poisoned").pop_front();
        match fate {
            Some(SendFate::Status(status)) => return Ok(Answer { status, retry_after: None }),
            Some(SendFate::RetryAfter(status, asked)) => {
                return Ok(Answer { status, retry_after: Some(asked) });
            }
            Some(SendFate::Fail(fault)) => return Err(fault),
            Some(SendFate::Panic) => panic!("a bug in the sender"),
            Some(SendFate::Hang) => std::future::pending().await,
            None => {}
        }
        if self.frozen.lock().expect("not poisoned").contains(&host) {
            std::future::pending::<()>().await;
        }
        let status = self.always.lock().expect("not poisoned").get(&host).copied().unwrap_or(204);
        Ok(Answer { status, retry_after: None })
    }
}
