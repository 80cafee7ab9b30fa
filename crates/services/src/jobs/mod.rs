//! Work that happens after a commit: mails, and tokens to revoke at a provider. A job is written in the transaction of its
//! cause, sealed, and done at least once.

mod run;

use mainstay_model::{
    JobId,
    identity::Provider,
    job::{Job, JobKind},
};
use mainstay_store::Tx;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{
    App, Error, Result,
    crypto::Purpose,
    ports::{Mail, Signal},
};

pub(crate) use self::run::back_off;
pub use self::run::{run_background, run_due};

/// What there is to do, with its arguments.
#[derive(Clone, Debug)]
pub enum Work {
    /// Send one mail.
    SendMail(Mail),
    /// Tell a provider that its token is not needed any more.
    RevokeProviderToken {
        /// Which provider.
        provider: Provider,
        /// Its token.
        token: SecretString,
    },
}

/// [`Work::RevokeProviderToken`] as it is sealed.
#[derive(Serialize, Deserialize)]
struct Revocation {
    provider: Provider,
    token: String,
}

impl Work {
    const fn kind(&self) -> JobKind {
        match self {
            Self::SendMail(_) => JobKind::SendMail,
            Self::RevokeProviderToken { .. } => JobKind::RevokeProviderToken,
        }
    }

    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::SendMail(mail) => serde_json::to_vec(mail),
            Self::RevokeProviderToken { provider, token } => {
                let token = token.expose_secret().to_owned();
                serde_json::to_vec(&Revocation { provider: *provider, token })
            }
        }
    }

    fn from_json(kind: JobKind, json: &[u8]) -> serde_json::Result<Self> {
        Ok(match kind {
            JobKind::SendMail => Self::SendMail(serde_json::from_slice(json)?),
            JobKind::RevokeProviderToken => {
                let Revocation { provider, token } = serde_json::from_slice(json)?;
                Self::RevokeProviderToken { provider, token: SecretString::from(token) }
            }
        })
    }
}

/// Writes jobs into the transaction of their cause. Call [`announce`] after its commit; without, they wait for the next poll.
///
/// # Errors
/// When the database is away.
pub async fn enqueue(app: &App, tx: &mut dyn Tx, work: &[Work]) -> Result<()> {
    let now = app.now();
    let jobs = work
        .iter()
        .map(|work| {
            let payload = work.to_json().map_err(Error::internal)?;
            Ok(Job {
                id: JobId::new(app.new_uuid()),
                kind: work.kind(),
                sealed_payload: app.sealer.seal(&*app.ports.random, Purpose::Job, &payload),
                attempts: 0,
                created_at: now,
                run_at: now,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    if !jobs.is_empty() {
        tx.insert_jobs(&jobs).await?;
    }
    Ok(())
}

/// Wakes the workers of every node; only after the commit.
pub async fn announce(app: &App) {
    app.ports.bus.publish(Signal::JobsAdded).await;
}
