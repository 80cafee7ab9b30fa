//! What a check is: who it is, what it needs, how it ends, and how it is made to fail.

use std::{borrow::Cow, future::Future, pin::Pin};

use serde::Serialize;

use crate::probe::Probe;

/// How much hangs on a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Priority {
    /// Blocks a launch.
    P0,
    /// Comes before the first public user.
    P1,
    /// Soon after.
    P2,
}

impl Priority {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::P0 => "P0",
            Self::P1 => "P1",
            Self::P2 => "P2",
        }
    }
}

/// Where the world speaks of the same weakness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// OWASP Application Security Verification Standard 5.0, by requirement: `3.4.1`.
    Asvs(&'static str),
    /// Common Weakness Enumeration, by number.
    Cwe(u16),
    /// OWASP API Security Top 10 (2023), by number: `1` is API1:2023.
    Api(u8),
    /// A published advisory: `CVE-2024-38351`.
    Advisory(&'static str),
    /// A check of the OpenSSF Scorecard, by name: `Pinned-Dependencies`.
    Scorecard(&'static str),
}

impl Reference {
    pub(crate) fn label(self) -> String {
        match self {
            Self::Asvs(requirement) => format!("ASVS 5.0 V{requirement}"),
            Self::Cwe(number) => format!("CWE-{number}"),
            Self::Api(number) => format!("OWASP API{number}:2023"),
            Self::Advisory(id) => id.to_owned(),
            Self::Scorecard(check) => format!("OpenSSF Scorecard {check}"),
        }
    }
}

/// What a check does to the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Touches only the gate's own throw-away members.
    Safe,
    /// May disturb others for a while (fills a shared quota, for one); only with `--destructive`.
    Destructive,
}

/// When a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Beside others.
    Together,
    /// By itself, after the others: it measures time, or uses up what others need.
    Alone,
}

/// What must be there for a check to say anything. What is missing makes it a skip, with the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Throw-away members can be made.
    Members,
    /// Members can be made that may be changed for good and removed: not the accounts of a credentials file.
    Disposable,
    /// The deployment says that it has this capability.
    Capability(&'static str),
    /// Codes that the deployment mails can be read.
    Mailbox,
    /// The deployment says that it runs as `staging` or `prod`.
    Strict,
    /// At least two nodes' own addresses are given (`--node`).
    Nodes,
    /// The secret of the test sign-in is given, and it is switched on.
    TestSignIn,
    /// A service key is lent that reads wallets and gives points.
    ServiceKey,
    /// An operator is lent, or made by the test sign-in.
    Operator,
    /// A source of purchase webhooks is lent whose events the gate may sign.
    WebhookSource,
    /// A Square source is lent.
    SquareSource,
    /// A Stripe source is lent.
    StripeSource,
    /// The address is `https`.
    Tls,
}

/// How a check is made to fail, so that it is known that it can.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Control {
    /// A server built with `sabotage` leaves out the guard of this name.
    Guard(&'static str),
    /// A lying proxy in front of a right server changes its answers.
    Front(Tamper),
    /// The prototype under `tests/targets` makes the mistake of this name.
    Prototype(&'static str),
    /// Both servers are started with these settings, since the check applies only then; the wrong one is spoiled as the other
    /// control says.
    With(&'static [(&'static str, &'static str)], &'static Control),
}

/// What a lying proxy does to an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tamper {
    /// Takes a header away.
    RemoveHeader(&'static str),
    /// Sets a header.
    SetHeader(&'static str, &'static str),
    /// Replaces a text in header values.
    InHeader(&'static str, &'static str, &'static str),
    /// Replaces a text in bodies.
    InBody(&'static str, &'static str),
    /// Takes a header out of requests as they come in, whatever else they say, and goes on with what is left.
    StripRequestHeader(&'static str),
}

/// One promise, attacked.
pub(crate) struct Check {
    /// Stable: `sessions.refresh-reuse`.
    pub(crate) id: &'static str,
    /// What is promised, in a sentence: `A foreign origin gets no permission to read`.
    pub(crate) title: &'static str,
    /// Ids of the promises and attack statements: `SEC-1`, `T-OP-05`.
    pub(crate) promises: &'static [&'static str],
    pub(crate) priority: Priority,
    pub(crate) references: &'static [Reference],
    pub(crate) needs: &'static [Need],
    pub(crate) effect: Effect,
    pub(crate) phase: Phase,
    /// Without one a check does not exist.
    pub(crate) control: Control,
    pub(crate) run: fn(Probe) -> Running,
}

/// A check at work.
pub(crate) type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// How a check ends.
pub(crate) type Outcome = Result<Passed, Ended>;

/// The promise holds.
#[derive(Clone, Debug)]
pub(crate) struct Passed(pub(crate) Cow<'static, str>);

/// The check ended otherwise; `?` carries it out.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// The promise is broken: what was seen, and what should have been.
    Fail(String),
    /// It does not apply to this deployment.
    NotApplicable(String),
    /// The gate was not given what it takes to tell.
    Unanswerable(String),
    /// The check itself could not be carried out.
    Error(String),
}

impl Ended {
    pub(crate) fn fail(what: impl Into<String>) -> Self {
        Self::Fail(what.into())
    }

    pub(crate) fn error(what: impl Into<String>) -> Self {
        Self::Error(what.into())
    }
}

/// Ends a check as passed; the note says what was counted.
pub(crate) fn passed(note: impl Into<Cow<'static, str>>) -> Outcome {
    Ok(Passed(note.into()))
}

/// Goes on if the promise holds, and else ends the check as failed.
pub(crate) fn ensure(holds: bool, what_else: impl FnOnce() -> String) -> Result<(), Ended> {
    if holds { Ok(()) } else { Err(Ended::Fail(what_else())) }
}
