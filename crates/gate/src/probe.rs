//! What a check is given: the deployment, a client of its own, members, and a place for its evidence.

use std::sync::Arc;

use crate::{
    check::Ended,
    client::{Client, Raw, Sources},
    evidence::Recorder,
    members::{Actor, Posture, Register},
    openapi::{self, Operation},
    target::Target,
};

/// One check's hold on the world.
#[derive(Clone)]
pub(crate) struct Probe {
    pub(crate) target: Arc<Target>,
    /// Anonymous, with a client address of this check's own where that is possible.
    pub(crate) client: Client,
    pub(crate) world: Arc<World>,
    pub(crate) recorder: Recorder,
}

/// What all checks of a run share.
pub(crate) struct World {
    pub(crate) sources: Sources,
    pub(crate) members: Register,
    pub(crate) budget: Arc<crate::client::Budget>,
}

impl Probe {
    /// A new member in a browser.
    pub(crate) async fn member(&self) -> Result<Actor, Ended> {
        self.world.members.member(&self.client, Posture::Browser).await
    }

    /// A new member with tokens.
    pub(crate) async fn bearer_member(&self) -> Result<Actor, Ended> {
        self.world.members.member(&self.client, Posture::Bearer).await
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

    /// Writes down what was counted or found.
    pub(crate) fn note(&self, note: impl Into<String>) {
        self.recorder.note(note);
    }
}
