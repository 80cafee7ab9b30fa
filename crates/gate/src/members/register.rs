//! Who was made in this run, so that nobody stays behind.
//!
//! A sign-up is work of its own: a check that is interrupted or out of time leaves none half way, since nobody would know of the
//! member that the deployment made.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

use crate::{
    check::Ended,
    client::Client,
    limits,
    members::{Actor, LentOperator, Maker, Posture, Wish},
};

/// The throw-away members of a run.
pub(crate) struct Register {
    maker: Option<Arc<dyn Maker>>,
    /// Wins over one that could be made.
    lent_operator: Option<LentOperator>,
    /// Makes the names of one run unlike those of another.
    run: String,
    made: Arc<Mutex<Vec<Made>>>,
    under_way: TaskTracker,
    count: AtomicUsize,
}

/// A member, and how to get back to them when a check ended their session.
struct Made {
    actor: Actor,
    maker: Arc<dyn Maker>,
}

impl Register {
    pub(crate) fn new(maker: Option<Arc<dyn Maker>>, lent_operator: Option<LentOperator>) -> Self {
        let run = uuid::Uuid::new_v4().simple().to_string();
        Self {
            maker,
            lent_operator,
            run: run[..10].to_owned(),
            made: Arc::default(),
            under_way: TaskTracker::new(),
            count: AtomicUsize::new(0),
        }
    }

    pub(crate) fn can_make(&self) -> bool {
        self.maker.is_some()
    }

    /// Whether members are accounts that somebody else made, and that must be left as they were.
    pub(crate) fn are_lent(&self) -> bool {
        self.maker.as_ref().is_some_and(|maker| maker.lends())
    }

    pub(crate) fn describe(&self) -> String {
        self.maker.as_ref().map_or_else(|| "none".to_owned(), |maker| maker.describe())
    }

    /// A name that nobody had before.
    pub(crate) fn name(&self) -> Result<String, Ended> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        if number >= limits::MEMBERS_MAX {
            return Err(Ended::error(format!("more than {} members in one run", limits::MEMBERS_MAX)));
        }
        Ok(format!("gate-{}-{number}", self.run))
    }

    fn maker(&self) -> Result<Arc<dyn Maker>, Ended> {
        let none = || Ended::Unanswerable("no way to make members was given".to_owned());
        self.maker.clone().ok_or_else(none)
    }

    /// A new member; `number` counts the members of one check.
    pub(crate) async fn member(
        &self,
        client: &Client,
        posture: Posture,
        number: usize,
    ) -> Result<Actor, Ended> {
        let maker = self.maker()?;
        let wish = Wish { name: self.name()?, posture, number };
        let client = client.clone();
        let by = Arc::clone(&maker);
        self.sign_up(maker, async move { by.make(&client, &wish).await }).await
    }

    /// An operator with tokens.
    pub(crate) async fn operator(&self, client: &Client) -> Result<Actor, Ended> {
        if let Some(lent) = &self.lent_operator {
            return lent.signed_in(client).await;
        }
        let maker = self.maker()?;
        let wish = Wish { name: self.name()?, posture: Posture::Bearer, number: 0 };
        let (client, by) = (client.clone(), Arc::clone(&maker));
        let none = || Ended::Unanswerable("operators are made by the test sign-in only".to_owned());
        let sign_up = async move { by.operator(&client, &wish).ok_or_else(none)?.await };
        self.sign_up(maker, sign_up).await
    }

    /// Carries a sign-up out to its end, whatever becomes of the check, and writes down who was made; `maker` leads back to them.
    pub(crate) async fn sign_up(
        &self,
        maker: Arc<dyn Maker>,
        sign_up: impl Future<Output = Result<Actor, Ended>> + Send + 'static,
    ) -> Result<Actor, Ended> {
        let made = Arc::clone(&self.made);
        let task = self.under_way.spawn(async move {
            let actor = sign_up.await?;
            made.lock().push(Made { actor: actor.clone(), maker });
            Ok(actor)
        });
        task.await.map_err(|join| Ended::error(format!("the sign-up itself broke: {join}")))?
    }

    /// The same member at another device.
    pub(crate) async fn again(&self, client: &Client, member: &Actor) -> Result<Actor, Ended> {
        self.maker()?.again(client, member).await
    }

    /// Removes everybody who was made, by their own hand; answers how many there were and the ids of those who stay behind.
    pub(crate) async fn remove_all(&self, client: &Client) -> (usize, Vec<String>) {
        self.under_way.close();
        self.under_way.wait().await;
        if let Some(lent) = &self.lent_operator {
            lent.sign_out(client).await;
        }
        let made = std::mem::take(&mut *self.made.lock());
        // A member may have signed in several times; gone is gone.
        let (mut gone, mut left) = (BTreeSet::new(), BTreeSet::new());
        // The only owner of a tenant can go when its other members are gone, so what failed is tried again while others go.
        for pass in 0.. {
            let before = gone.len();
            left.clear();
            for Made { actor, maker } in &made {
                // Each session of a lent account is ended.
                if gone.contains(&actor.member_id) && (!maker.lends() || pass > 0) {
                    continue;
                }
                let is_gone = if maker.lends() {
                    sign_out(client, actor).await
                } else {
                    remove(client, actor, &**maker).await
                };
                if is_gone { &mut gone } else { &mut left }.insert(actor.member_id.clone());
            }
            if left.is_subset(&gone) || gone.len() == before {
                break;
            }
        }
        let left: Vec<String> = left.difference(&gone).cloned().collect();
        (gone.len() + left.len(), left)
    }
}

/// Whether the member is gone; a check may have ended the session, or removed the member itself.
async fn remove(client: &Client, member: &Actor, maker: &dyn Maker) -> bool {
    if member.is_removed() {
        return true;
    }
    let member = member.at(client);
    if let Ok(answer) = member.delete("/v1/me").patiently().send().await
        && answer.is_success()
    {
        return true;
    }
    let Ok(again) = maker.again(client, &member).await else { return false };
    let outcome = again.delete("/v1/me").patiently().send().await;
    outcome.is_ok_and(|answer| answer.is_success())
}

/// Whether the session of a lent account is over.
async fn sign_out(client: &Client, member: &Actor) -> bool {
    let member = member.at(client);
    let ended = member.post("/v1/auth/logout").patiently().send().await;
    ended.is_ok_and(|answer| answer.is_success() || answer.status == 401)
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        client::{Budget, Jar},
        evidence::Recorder,
        members::PasskeySignUp,
    };

    #[tokio::test]
    async fn a_sign_up_whose_check_was_interrupted_is_finished_and_written_down() {
        let base = "http://localhost:1".parse().unwrap();
        let budget = Arc::new(Budget::new(1));
        let client = Client::new(reqwest::Client::new(), base, Recorder::default(), budget);
        let register = Register::new(None, None);
        let (answer, waiting) = oneshot::channel::<()>();
        let sign_up = async move {
            let _ = waiting.await;
            Ok(Actor::new(&client, "member", "name", Posture::Bearer, Jar::default()))
        };
        let mut check = Box::pin(register.sign_up(Arc::new(PasskeySignUp::default()), sign_up));
        assert!(futures::poll!(&mut check).is_pending());
        drop(check);
        answer.send(()).unwrap();
        register.under_way.close();
        register.under_way.wait().await;
        assert_eq!(register.made.lock().len(), 1);
    }
}
