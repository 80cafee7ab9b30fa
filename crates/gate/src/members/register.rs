//! Who was made in this run, so that nobody stays behind.

use parking_lot::Mutex;

use crate::{
    check::Ended,
    client::Client,
    limits,
    members::{Actor, Maker, Posture, Wish},
};

/// The throw-away members of a run.
pub(crate) struct Register {
    maker: Option<Box<dyn Maker>>,
    /// Makes the names of one run unlike those of another.
    run: String,
    made: Mutex<Vec<Actor>>,
    count: std::sync::atomic::AtomicUsize,
}

impl Register {
    pub(crate) fn new(maker: Option<Box<dyn Maker>>) -> Self {
        let run = uuid::Uuid::new_v4().simple().to_string();
        Self { maker, run: run[..10].to_owned(), made: Mutex::default(), count: 0.into() }
    }

    pub(crate) fn can_make(&self) -> bool {
        self.maker.is_some()
    }

    pub(crate) fn describe(&self) -> String {
        self.maker.as_ref().map_or_else(|| "none".to_owned(), |maker| maker.describe())
    }

    fn maker(&self) -> Result<&dyn Maker, Ended> {
        self.maker
            .as_deref()
            .ok_or_else(|| Ended::Unanswerable("no way to make members was given".to_owned()))
    }

    /// A new member.
    pub(crate) async fn member(&self, client: &Client, posture: Posture) -> Result<Actor, Ended> {
        let number = self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if number >= limits::MEMBERS_MAX {
            return Err(Ended::error(format!("more than {} members in one run", limits::MEMBERS_MAX)));
        }
        let wish = Wish { name: format!("gate-{}-{number}", self.run), posture };
        let member = self.maker()?.make(client, &wish).await?;
        self.made.lock().push(member.clone());
        Ok(member)
    }

    /// The same member at another device.
    pub(crate) async fn again(&self, client: &Client, member: &Actor) -> Result<Actor, Ended> {
        self.maker()?.again(client, member).await
    }

    /// Removes everybody who was made, by their own hand; answers how many there were and the ids of those who stay behind.
    pub(crate) async fn remove_all(&self, client: &Client) -> (usize, Vec<String>) {
        let made = std::mem::take(&mut *self.made.lock());
        let mut left = Vec::new();
        for member in &made {
            if !self.remove(client, member).await {
                left.push(member.member_id.clone());
            }
        }
        (made.len(), left)
    }

    /// Whether the member is gone; a check may have ended the session, or removed the member itself.
    async fn remove(&self, client: &Client, member: &Actor) -> bool {
        let member = member.at(client);
        if let Ok(answer) = member.delete("/v1/me").patiently().send().await
            && answer.is_success()
        {
            return true;
        }
        let Ok(again) = self.again(client, &member).await else { return false };
        let outcome = again.delete("/v1/me").patiently().send().await;
        outcome.is_ok_and(|answer| answer.is_success())
    }
}
