//! Random histories of one session against a model of the rule that fits on a page.

use std::time::Duration;

use mainstay_services::{Code, limits, sessions::SignedIn};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use secrecy::{ExposeSecret, SecretString};

use super::{refresh, session};
use crate::harness::{Engine, TestApp, runtime};

#[derive(Clone, Debug)]
enum Step {
    /// Presents the refresh token so many generations behind the newest.
    Refresh {
        behind: usize,
    },
    /// Uses the newest access token of the generation so many behind.
    Access {
        behind: usize,
    },
    Wait(Duration),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let behind = || prop_oneof![4 => Just(0_usize), 3 => Just(1), 1 => Just(2), 1 => Just(3)];
    let waits = [1, 9, 10, 11, 60, 899, 901, 3_600, 86_400];
    let step = prop_oneof![
        4 => behind().prop_map(|behind| Step::Refresh { behind }),
        2 => behind().prop_map(|behind| Step::Access { behind }),
        2 => prop::sample::select(waits.to_vec()).prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
    ];
    prop::collection::vec(step, 1..25)
}

/// The rule, said once more and differently.
struct Model {
    now: Duration,
    /// When each generation was made, by the clock of the model.
    made: Vec<Duration>,
    /// When each generation's newest access token was made.
    access_made: Vec<Duration>,
    newest_presented: bool,
    is_dead: bool,
}

impl Model {
    fn refresh(&mut self, index: usize) -> Result<usize, Code> {
        let newest = self.made.len() - 1;
        if self.is_dead {
            return Err(Code::SessionEnded);
        }
        if index == newest {
            self.made.push(self.now);
            self.access_made.push(self.now);
            self.newest_presented = false;
            return Ok(newest + 1);
        }
        let age = self.now - self.made[newest];
        let excused =
            age <= limits::REFRESH_GRACE || age <= limits::REFRESH_LOST_ANSWER && !self.newest_presented;
        if index + 1 == newest && excused {
            self.access_made[newest] = self.now;
            return Ok(newest);
        }
        self.is_dead = true;
        Err(Code::RefreshReused)
    }

    fn access(&mut self, index: usize) -> Result<(), Code> {
        if self.now - self.access_made[index] >= limits::ACCESS_TOKEN_TTL {
            return Err(Code::InvalidToken);
        }
        if self.is_dead {
            return Err(Code::SessionEnded);
        }
        if index == self.made.len() - 1 {
            self.newest_presented = true;
        }
        Ok(())
    }
}

async fn compare(test: &TestApp, history: &[Step]) -> Result<(), TestCaseError> {
    let SignedIn { access_token, refresh_token, .. } = session(test).await;
    let mut tokens: Vec<(String, SecretString)> = vec![(access_token, refresh_token)];
    let start = Duration::ZERO;
    let mut model = Model {
        now: start,
        made: vec![start],
        access_made: vec![start],
        newest_presented: false,
        is_dead: false,
    };
    for step in history {
        match *step {
            Step::Wait(duration) => {
                test.advance(duration);
                model.now += duration;
            }
            Step::Refresh { behind } => {
                let index = tokens.len().saturating_sub(1 + behind);
                let expected = model.refresh(index);
                match (refresh(test, &tokens[index].1).await, expected) {
                    (Ok(refreshed), Ok(generation)) => {
                        let pair = (refreshed.access_token, refreshed.refresh_token);
                        if generation == tokens.len() {
                            tokens.push(pair);
                        } else {
                            prop_assert_eq!(tokens[generation].1.expose_secret(), pair.1.expose_secret());
                            tokens[generation] = pair;
                        }
                    }
                    (Err(error), Err(code)) => prop_assert_eq!(error.code, code),
                    (outcome, expected) => {
                        let outcome = outcome.map(|refreshed| refreshed.session_id);
                        prop_assert!(false, "refresh gave {outcome:?}, the rule says {expected:?}");
                    }
                }
            }
            Step::Access { behind } => {
                let index = tokens.len().saturating_sub(1 + behind);
                let outcome =
                    test.authenticate(&tokens[index].0).await.map(|_| ()).map_err(|error| error.code);
                prop_assert_eq!(outcome, model.access(index));
            }
        }
    }
    Ok(())
}

fn histories(engine: Engine, cases: u32) {
    let runtime = runtime();
    let test = runtime.block_on(TestApp::start(engine));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(), |history| runtime.block_on(compare(&test, &history)));
    runtime.block_on(test.finish());
    if let Err(fault) = outcome {
        panic!("{fault}");
    }
}

#[test]
fn ses_2_any_history_follows_the_rule_sqlite() {
    histories(Engine::Sqlite, 150);
}

#[test]
fn ses_2_any_history_follows_the_rule_postgres() {
    histories(Engine::Postgres, 150);
}
