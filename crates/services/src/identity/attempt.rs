//! One try to sign in or to change a way in: a unit of work whose refusals are kept too.
//!
//! A refusal must not roll back what it spent (a challenge, a state, a try at a code) nor its own line in the audit trail. So
//! work inside a [`Unit`] stops with a [`Stop`]: a refusal is committed, a failure is not.

use mainstay_model::{
    MemberId, SessionId,
    audit::{Actor, NewAuditEvent},
    member::{Member, MemberStatus},
    session::SignInMethod,
};
use mainstay_store::Tx;
use serde_json::json;

use super::mail_texts::{self, Message};
use crate::{
    App, Caller, Code, Error, RequestContext, Result, audit,
    jobs::{self, Work},
    ports::Mail,
    sessions::{self, SignedIn},
};

/// Why a try came to nothing by its own fault.
#[derive(Debug)]
pub(super) struct Refusal {
    /// For the trail and the metrics: one word, never personal.
    pub(super) reason: &'static str,
    /// Whose account it was, where that is certain.
    pub(super) subject: String,
    /// What the caller learns.
    pub(super) error: Error,
}

/// The end of a unit of work before its time.
#[derive(Debug)]
pub(super) enum Stop {
    /// To be committed and told.
    Refused(Box<Refusal>),
    /// To be rolled back.
    Failed(Box<Error>),
}

impl Stop {
    /// A refusal.
    pub(super) fn refused(reason: &'static str, error: Error) -> Self {
        Self::Refused(Box::new(Refusal { reason, subject: String::new(), error }))
    }

    /// Adds whose account it was.
    pub(super) fn of(self, member: &Member) -> Self {
        match self {
            Self::Refused(mut refusal) => {
                refusal.subject = subject(member);
                Self::Refused(refusal)
            }
            failed @ Self::Failed(_) => failed,
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<mainstay_store::Error> for Stop {
    fn from(error: mainstay_store::Error) -> Self {
        Self::Failed(Box::new(error.into()))
    }
}

/// As the trail names a member.
pub(super) fn subject(member: &Member) -> String {
    Actor::Member(member.id).to_text()
}

/// Another transaction won a race that the database settled; running the same work again sees its outcome.
pub(super) fn raced() -> Error {
    mainstay_store::Error::Contention("somebody else was faster".to_owned()).into()
}

/// A write transaction, and what is to be written and told with its commit.
pub(super) struct Unit<'a> {
    pub(super) app: &'a App,
    pub(super) ctx: &'a RequestContext,
    tx: Box<dyn Tx>,
    events: Vec<NewAuditEvent>,
    work: Vec<Work>,
    ended: Vec<SessionId>,
}

impl<'a> Unit<'a> {
    /// Opens the transaction.
    pub(super) async fn begin(app: &'a App, ctx: &'a RequestContext) -> Result<Self> {
        let tx = app.write().await?;
        Ok(Self { app, ctx, tx, events: Vec::new(), work: Vec::new(), ended: Vec::new() })
    }

    /// The store.
    pub(super) fn tx(&mut self) -> &mut dyn Tx {
        &mut *self.tx
    }

    /// Notes an event; it is written last, since the trail has one lock for all.
    pub(super) fn note(
        &mut self,
        action: &'static str,
        actor: &Actor,
        member: &Member,
        detail: serde_json::Value,
    ) {
        self.events.push(audit::event(self.app, self.ctx, action, actor, subject(member), detail));
    }

    /// Has a mail sent after the commit, where mail is configured.
    pub(super) fn mail(&mut self, mail: Mail) {
        if self.app.ports.mailer.is_some() {
            self.work.push(Work::SendMail(mail));
        }
    }

    /// Has work done after the commit.
    pub(super) fn later(&mut self, work: Work) {
        self.work.push(work);
    }

    /// Has nodes told after the commit that sessions are over.
    pub(super) fn ended(&mut self, sessions: impl IntoIterator<Item = SessionId>) {
        self.ended.extend(sessions);
    }

    /// Opens a session for somebody who proved who they are.
    pub(super) async fn open(
        &mut self,
        member: &Member,
        method: SignInMethod,
        replaces: Option<SessionId>,
    ) -> Result<SignedIn, Stop> {
        self.admit(member)?;
        let signed_in = sessions::open(self.app, &mut *self.tx, self.ctx, member, method, replaces).await?;
        self.signed_in(&signed_in);
        Ok(signed_in)
    }

    /// Notes a success, and that the sessions it displaced are over.
    pub(super) fn signed_in(&mut self, signed_in: &SignedIn) {
        let actor = Actor::Member(signed_in.member.id);
        let detail = json!({ "method": signed_in.session.method });
        self.note("sign_in.succeeded", &actor, &signed_in.member, detail);
        self.ended(signed_in.displaced.iter().copied());
    }

    /// Refuses members who were barred.
    pub(super) fn admit(&self, member: &Member) -> Result<(), Stop> {
        if member.status == MemberStatus::Banned {
            let error = Error::new(Code::InvalidCredentials, "This account can't sign in.");
            return Err(Stop::refused("banned", error).of(member));
        }
        Ok(())
    }

    /// Writes what is left to write, commits, and tells the others.
    pub(super) async fn commit(self) -> Result<()> {
        let Self { app, mut tx, events, work, ended, .. } = self;
        if !work.is_empty() {
            jobs::enqueue(app, &mut *tx, &work).await?;
        }
        if !events.is_empty() {
            tx.append_audit_events(&events).await?;
        }
        tx.commit().await?;
        if !work.is_empty() {
            jobs::announce(app).await;
        }
        if !ended.is_empty() {
            sessions::announce_ended(app, &ended).await;
        }
        Ok(())
    }

    /// Ends a try to sign in: commits a success and a refusal alike. The outer error is a failure, the inner one a refusal.
    pub(super) async fn settle<T>(
        mut self,
        method: &'static str,
        outcome: Result<T, Stop>,
    ) -> Result<Result<T>> {
        match outcome {
            Ok(value) => {
                self.commit().await?;
                Ok(Ok(value))
            }
            Err(Stop::Failed(error)) => Err(*error),
            Err(Stop::Refused(refusal)) => {
                let Refusal { reason, subject, error } = *refusal;
                let detail = json!({ "method": method, "reason": reason });
                self.events.push(audit::event(
                    self.app,
                    self.ctx,
                    "sign_in.failed",
                    &Actor::Anonymous,
                    subject,
                    detail,
                ));
                self.commit().await?;
                metrics::counter!("mainstay_sign_in_failures_total", "method" => method, "reason" => reason)
                    .increment(1);
                Ok(Err(error))
            }
        }
    }
}

/// Writes down a refusal that no transaction belongs to, and answers it.
pub(super) async fn refuse(
    app: &App,
    ctx: &RequestContext,
    method: &'static str,
    reason: &'static str,
    error: Error,
) -> Error {
    let kept = app
        .retrying(|| async {
            let stop: Result<(), Stop> = Err(Stop::refused(reason, Error::not_found()));
            Unit::begin(app, ctx).await?.settle(method, stop).await
        })
        .await;
    // A refusal stays one when the trail can't be written: the caller must not get further by breaking the database.
    if let Err(fault) = kept {
        tracing::error!(error = %fault, "sign_in.failed could not be written to the audit trail");
    }
    error
}

impl Unit<'_> {
    /// Locks the caller's own row for a change of their ways in, and makes sure that their session still lives: it may have
    /// been ended in the moment since the edge looked.
    pub(super) async fn lock_caller(&mut self, caller: &Caller) -> Result<Member> {
        self.lock_signed_in(caller.member_id, caller.session_id).await
    }

    /// The same for a session that is known only by its id.
    pub(super) async fn lock_signed_in(&mut self, member: MemberId, session: SessionId) -> Result<Member> {
        let over = || Error::new(Code::SessionEnded, "The session is over. Sign in again.");
        let now = self.app.now();
        let member = self.tx.lock_member(member).await?.ok_or_else(over)?;
        let session = self.tx.session_by_id(session).await?.ok_or_else(over)?;
        if session.member_id != member.id || !session.is_live(now) {
            return Err(over());
        }
        Ok(member)
    }

    /// Tells a member, at their proven address, that their ways in changed.
    pub(super) fn notify(&mut self, member: &Member, message: Message<'_>) {
        if let Some(address) = member.verified_email() {
            self.mail(mail_texts::compose(&self.app.settings, address, member.language, message));
        }
    }
}
