//! Asks the same questions again and again while a dependency comes and goes, and writes down when what was answered.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    check::Ended,
    client::{Answer, Call},
    drill::{
        judge::outage::{Expect, Heard, Route},
        limits,
        wait::Wait,
    },
};

/// What makes a refusal a good one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tells {
    /// A problem with a code, and `Retry-After`.
    Problem,
    /// The check of this name is failed (`/ready`).
    Check(&'static str),
}

impl Tells {
    fn holds(self, answer: &Answer) -> bool {
        match self {
            Self::Problem => {
                matches!(answer.code().as_str(), "dependency_unavailable" | "outcome_unknown")
                    && answer.header("retry-after").is_some()
            }
            Self::Check(name) => {
                let pointer = format!("/checks/{name}/state");
                answer.json().pointer(&pointer).is_some_and(|state| state == "failed")
            }
        }
    }
}

/// A question and what is expected while the dependency is away.
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) expect: Expect,
    pub(crate) tells: Tells,
    pub(crate) ask: Box<dyn Fn() -> Call + Send + Sync>,
}

struct Asked {
    question: Arc<Question>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// Questions under way; dropping them ends them.
pub(crate) struct Samples {
    began: Instant,
    asked: Vec<Asked>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Samples {
    pub(crate) fn start(questions: Vec<Question>) -> Self {
        let began = Instant::now();
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let mut asked = Vec::with_capacity(questions.len());
        for question in questions {
            let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
            let question = Arc::new(question);
            asked.push(Asked { question: Arc::clone(&question), heard: Arc::clone(&heard) });
            let stop = stop.clone();
            tasks.spawn(async move {
                while !stop.is_cancelled() {
                    let sample = ask(&question, began).await;
                    heard.lock().push(sample);
                    sleep(limits::SAMPLE_PAUSE).await;
                }
            });
        }
        Self { began, asked, tasks, stop }
    }

    /// The present time, as samples count it.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Asks every question once more, beside those that may hang.
    pub(crate) fn ask_now(&mut self) {
        let began = self.began;
        for asked in &self.asked {
            let (question, heard) = (Arc::clone(&asked.question), Arc::clone(&asked.heard));
            self.tasks.spawn(async move {
                let sample = ask(&question, began).await;
                heard.lock().push(sample);
            });
        }
    }

    /// Goes on sampling until then.
    pub(crate) async fn last_until(&self, until: Duration) {
        sleep_until(self.began + until).await;
    }

    /// Waits until every question was asked and answered so often since then; answers whether that was so in time.
    pub(crate) async fn answered_since(&self, since: Duration, count: usize, within: Duration) -> bool {
        self.wait(within, |heard| heard.iter().filter(|heard| heard.asked >= since).count() >= count).await
    }

    /// Waits until the latest answer to every question is a success; answers whether that was so in time.
    pub(crate) async fn well_since(&self, since: Duration, within: Duration) -> bool {
        self.wait(within, |heard| {
            heard.last().is_some_and(|last| {
                last.asked >= since && last.status.is_some_and(|status| (200..300).contains(&status))
            })
        })
        .await
    }

    async fn wait(&self, within: Duration, is_done: impl Fn(&[Heard]) -> bool + Send + Sync) -> bool {
        let mut wait = Wait::new(within);
        while !self.asked.iter().all(|asked| is_done(&asked.heard.lock())) {
            if !wait.again().await {
                return false;
            }
        }
        true
    }

    /// Lets the questions under way be answered, and answers all that was heard.
    pub(crate) async fn finish(mut self) -> Result<Vec<Route>, Ended> {
        self.stop.cancel();
        while let Some(joined) = self.tasks.join_next().await {
            joined.map_err(|error| Ended::error(error.to_string()))?;
        }
        let route = |asked: Asked| {
            let mut heard = std::mem::take(&mut *asked.heard.lock());
            heard.sort_by_key(|heard| heard.asked);
            Route { name: asked.question.name.clone(), expect: asked.question.expect, heard }
        };
        Ok(std::mem::take(&mut self.asked).into_iter().map(route).collect())
    }
}

async fn ask(question: &Question, began: Instant) -> Heard {
    let asked = began.elapsed();
    let answer = (question.ask)().only_counted().send().await.ok();
    Heard {
        asked,
        answered: began.elapsed(),
        status: answer.as_ref().map(|answer| answer.status),
        tells: answer.is_some_and(|answer| question.tells.holds(&answer)),
    }
}
