//! What a check is given: the deployment, a client of its own, members, and a place for its evidence.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;

use crate::{
    check::Ended,
    client::{Call, Client, Device, Raw, Sources},
    evidence::Recorder,
    members::{Actor, Maker, Posture, Register, mailbox::Mailbox},
    openapi::{self, Operation},
    scan::Stranger,
    target::Target,
    webhook,
};

/// One check's hold on the world.
#[derive(Clone)]
pub(crate) struct Probe {
    pub(crate) target: Arc<Target>,
    /// Anonymous, with a client address of this check's own where that is possible.
    pub(crate) client: Client,
    pub(crate) world: Arc<World>,
    pub(crate) recorder: Recorder,
    /// Members that this check asked for.
    pub(crate) members: Arc<AtomicUsize>,
}

/// What all checks of a run share.
pub(crate) struct World {
    pub(crate) sources: Sources,
    pub(crate) members: Register,
    /// Where mails of the deployment can be read.
    pub(crate) mailbox: Option<Arc<dyn Mailbox>>,
    pub(crate) lent: Lent,
    pub(crate) budget: Arc<crate::client::Budget>,
}

/// What whoever runs the deployment lends to the gate.
#[derive(Default)]
pub(crate) struct Lent {
    /// A team's own back end's key.
    pub(crate) service_key: Option<SecretString>,
    /// A source of purchase webhooks.
    pub(crate) webhook_source: Option<webhook::Source>,
    /// A source of Square's form.
    pub(crate) square_source: Option<webhook::Square>,
    /// A source of Stripe's form.
    pub(crate) stripe_source: Option<webhook::Stripe>,
    /// That purchases of that source count is seen to once in a run.
    pub(crate) purchase_rule: OnceCell<()>,
}

impl Probe {
    /// A new member in a browser.
    pub(crate) async fn member(&self) -> Result<Actor, Ended> {
        self.make(Posture::Browser).await
    }

    /// A new member with tokens.
    pub(crate) async fn bearer_member(&self) -> Result<Actor, Ended> {
        self.make(Posture::Bearer).await
    }

    async fn make(&self, posture: Posture) -> Result<Actor, Ended> {
        let number = self.members.fetch_add(1, Ordering::Relaxed);
        self.world.members.member(&self.client, posture, number).await
    }

    /// Carries out a sign-up of the check's own; whom it makes is removed in the end, and `maker` leads back to them.
    pub(crate) async fn sign_up(
        &self,
        maker: Arc<dyn Maker>,
        sign_up: impl Future<Output = Result<Actor, Ended>> + Send + 'static,
    ) -> Result<Actor, Ended> {
        self.world.members.sign_up(maker, sign_up).await
    }

    /// An anonymous browser without any cookie yet.
    pub(crate) fn browser(&self) -> Device {
        Device::browser(&self.client)
    }

    /// Where mails can be read; only for checks that need it.
    pub(crate) fn mailbox(&self) -> Result<Arc<dyn Mailbox>, Ended> {
        let none = || Ended::Unanswerable("no mailbox was given (--mailbox or --imap)".to_owned());
        self.world.mailbox.clone().ok_or_else(none)
    }

    /// A request as a team's own back end would send it, with the key that was lent; only for checks that need it.
    pub(crate) fn service(&self, method: Method, path: &str) -> Result<Call, Ended> {
        let none = || Ended::Unanswerable("no service key was lent (--service-key)".to_owned());
        let key = self.world.lent.service_key.as_ref().ok_or_else(none)?;
        let bearer = format!("Bearer {}", key.expose_secret());
        Ok(self.client.call(method, path).header("authorization", bearer))
    }

    /// The source of purchase webhooks that was lent; only for checks that need it.
    pub(crate) fn webhook_source(&self) -> Result<&webhook::Source, Ended> {
        let none =
            || Ended::Unanswerable("no source of purchase webhooks was lent (--webhook-source)".to_owned());
        self.world.lent.webhook_source.as_ref().ok_or_else(none)
    }

    /// The Square source that was lent; only for checks that need it.
    pub(crate) fn square_source(&self) -> Result<&webhook::Square, Ended> {
        let none = || Ended::NotApplicable("no Square source was lent (--square-source)".to_owned());
        self.world.lent.square_source.as_ref().ok_or_else(none)
    }

    /// The Stripe source that was lent; only for checks that need it.
    pub(crate) fn stripe_source(&self) -> Result<&webhook::Stripe, Ended> {
        let none = || Ended::NotApplicable("no Stripe source was lent (--stripe-source)".to_owned());
        self.world.lent.stripe_source.as_ref().ok_or_else(none)
    }

    /// An operator with tokens: the one who is lent, or a new one of the test sign-in.
    pub(crate) async fn operator(&self) -> Result<Actor, Ended> {
        self.world.members.operator(&self.client).await
    }

    /// The same member at another device.
    pub(crate) async fn again(&self, member: &Actor) -> Result<Actor, Ended> {
        self.world.members.again(&self.client, member).await
    }

    /// A client at yet another address; the same one where there is only one.
    pub(crate) fn another_client(&self) -> Result<Client, Ended> {
        let http = self.world.sources.fresh().map_err(|error| Ended::error(error.to_string()))?;
        Ok(Client::new(http, self.target.base.clone(), self.recorder.clone(), Arc::clone(&self.world.budget)))
    }

    /// The service that is scanned.
    pub(crate) fn stranger(&self) -> Result<&Arc<Stranger>, Ended> {
        let why = || Ended::error("this check is for `gate scan`");
        self.target.stranger.as_ref().ok_or_else(why)
    }

    /// Connections on which every byte is as a check wants it.
    pub(crate) fn raw(&self) -> Result<Raw, Ended> {
        let plug = self.world.sources.plug(&self.target.base);
        Ok(self.client.raw(plug.map_err(|error| Ended::error(error.to_string()))?))
    }

    /// Every operation of the deployment's own description.
    pub(crate) fn operations(&self) -> Result<Vec<Operation>, Ended> {
        let operations = openapi::operations(&self.target.openapi);
        if operations.is_empty() {
            return Err(Ended::error("the OpenAPI document has no operations"));
        }
        Ok(operations)
    }

    /// Whether requests of a class are too few to be spent freely: signing in has the smallest quota, and from afar all checks share it.
    pub(crate) fn is_scarce(&self, class: &str) -> bool {
        class == "auth" && !self.world.sources.are_separate()
    }

    /// Writes down what was counted or found.
    pub(crate) fn note(&self, note: impl Into<String>) {
        self.recorder.note(note);
    }
}
