//! A service that is not Mainstay, as its target file and its OpenAPI document describe it.

use std::{fmt, sync::Arc};

use parking_lot::Mutex;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::{
    document::{Document, Operation},
    fill::{self, Values},
    party::{Party, Who},
    target_file::{Me, Member, Object, SignIn, TargetFile},
};
use crate::{
    check::Ended,
    client::{Answer, Client},
};

/// The service under scan.
pub(crate) struct Stranger {
    pub(crate) file: TargetFile,
    pub(crate) document: Option<Document>,
    credentials: [Option<Credential>; 2],
    /// Signed in once for all checks that only look.
    sessions: [OnceCell<Party>; 2],
    things: Mutex<Vec<(Party, Thing)>>,
}

/// What a member signs in with.
pub(crate) enum Credential {
    Token(SecretString),
    Password { identity: String, secret: SecretString },
}

/// An object that a scan made.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    pub(crate) id: String,
    /// Stands in it and nowhere else.
    pub(crate) mark: String,
}

impl fmt::Debug for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stranger").field("environment", &self.file.environment).finish_non_exhaustive()
    }
}

impl Stranger {
    /// `variable` reads the environment.
    ///
    /// # Errors
    /// Every variable that the file names and that is not set.
    pub(crate) fn new(
        file: TargetFile,
        document: Option<Document>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<String>> {
        let mut missing = Vec::new();
        let mut read = |table: &str, key: &str, name: &str| {
            let value = variable(name).filter(|value| !value.is_empty());
            if value.is_none() {
                missing.push(format!("{name} is not set, which {table}.{key} names"));
            }
            value.unwrap_or_default()
        };
        let mut credential = |who: Who, member: Option<&Member>| {
            let (table, member) = (who.table(), member?);
            if let Some(name) = &member.token_env {
                return Some(Credential::Token(read(table, "token_env", name).into()));
            }
            let secret = read(table, "secret_env", member.secret_env.as_ref()?).into();
            let identity = match (&member.identity, &member.identity_env) {
                (Some(identity), _) => identity.clone(),
                (None, Some(name)) => read(table, "identity_env", name),
                (None, None) => return None,
            };
            Some(Credential::Password { identity, secret })
        };
        let credentials =
            [credential(Who::A, file.members.a.as_ref()), credential(Who::B, file.members.b.as_ref())];
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(Self {
            file,
            document,
            credentials,
            sessions: [OnceCell::new(), OnceCell::new()],
            things: Mutex::default(),
        })
    }

    /// How members come about, for the report.
    pub(crate) fn describe(&self) -> String {
        let given = self.credentials.iter().flatten().count();
        match given {
            0 => "none; only what is public is scanned".to_owned(),
            1 => "one member of the target file".to_owned(),
            _ => "the two members of the target file".to_owned(),
        }
    }

    pub(crate) fn me(&self) -> Result<&Me, Ended> {
        self.file.me.as_ref().ok_or_else(|| lacks("[me], a read that answers who asks"))
    }

    pub(crate) fn object(&self) -> Result<&Object, Ended> {
        self.file.object.as_ref().ok_or_else(|| lacks("[object], something that only its owner may see"))
    }

    pub(crate) fn sign_in(&self) -> Result<&SignIn, Ended> {
        self.file.sign_in.as_ref().ok_or_else(|| lacks("[sign_in], how members sign in"))
    }

    /// The operations of the document; none without one.
    pub(crate) fn operations(&self) -> &[Operation] {
        self.document.as_ref().map_or(&[], |document| &document.operations)
    }

    /// A member, signed in once for the whole run; for checks that leave the session as it is.
    pub(crate) async fn party(&self, who: Who, client: &Client) -> Result<Party, Ended> {
        let session = &self.sessions[who as usize];
        Ok(session.get_or_try_init(|| self.new_session(who, client)).await?.at(client))
    }

    /// A session of its own, for checks that end it.
    pub(crate) async fn fresh(&self, who: Who, client: &Client) -> Result<Party, Ended> {
        match &self.credentials[who as usize] {
            Some(Credential::Token(_)) => Err(Ended::Unanswerable(format!(
                "{}'s token was given from outside and would be used up; give identity, secret_env and [sign_in] instead",
                who.name()
            ))),
            _ => self.new_session(who, client).await,
        }
    }

    /// Signs in whoever the target file names, so that a fault of the file is told once and before anything else.
    ///
    /// # Errors
    /// What does not work, and which key to look at.
    pub(crate) async fn sign_everybody_in(&self, client: &Client) -> Result<(), Ended> {
        for who in [Who::A, Who::B] {
            if self.credentials[who as usize].is_some() {
                self.party(who, client).await?;
            }
        }
        Ok(())
    }

    async fn new_session(&self, who: Who, client: &Client) -> Result<Party, Ended> {
        let credential = self.credentials[who as usize].as_ref();
        let mut party = match credential.ok_or_else(|| lacks(&format!("[{}]", who.table())))? {
            Credential::Token(token) => {
                Party::with_token(client, who, &self.file, token.expose_secret().to_owned())
            }
            Credential::Password { identity, secret } => {
                let answer = self.try_sign_in(client, identity, secret.expose_secret()).await?;
                if !(200..400).contains(&answer.status) {
                    return Err(Ended::error(format!(
                        "{} could not sign in: {} {}; look at [sign_in], [{}] and the variable with the secret",
                        who.name(),
                        answer.status,
                        answer.said(),
                        who.table()
                    )));
                }
                Party::signed_in(client, who, &self.file, identity, &answer)?
            }
        };
        if let Some(me) = &self.file.me {
            let answer = party.get(&me.path).purpose("asks who it is").patiently().send().await?;
            let id = if answer.is_success() { self.who(&answer) } else { None };
            party.member_id = id.ok_or_else(|| {
                Ended::error(format!(
                    "{} signed in, but {} answered {} without anything at me.id = {}; look at [me] and [token]: {}",
                    who.name(),
                    me.path,
                    answer.status,
                    me.id,
                    answer.said()
                ))
            })?;
        }
        Ok(party)
    }

    /// Sends the sign-in of the target file.
    pub(crate) async fn try_sign_in(
        &self,
        client: &Client,
        identity: &str,
        secret: &str,
    ) -> Result<Answer, Ended> {
        self.sign_in_call(client, identity, secret)?.purpose("signs in").patiently().send().await
    }

    /// The sign-in of the target file, not sent yet.
    pub(crate) fn sign_in_call(
        &self,
        client: &Client,
        identity: &str,
        secret: &str,
    ) -> Result<crate::client::Call, Ended> {
        let request = &self.sign_in()?.request;
        let values = Values::from([("identity", identity), ("secret", secret)]);
        let call = client.call(fill::method(request)?, &fill::text(&request.path, &values));
        Ok(fill::onto(call, request, &values).hiding(secret))
    }

    /// An account that nobody has, in the form of A's.
    pub(crate) fn made_up_identity(&self) -> String {
        let unique = unique();
        match &self.credentials[0] {
            Some(Credential::Password { identity, .. }) if !identity.contains('@') => unique,
            _ => format!("{unique}@example.com"),
        }
    }

    /// Who the service says that asks.
    pub(crate) fn who(&self, answer: &Answer) -> Option<String> {
        let value = answer.json();
        match value.pointer(&self.file.me.as_ref()?.id)? {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }

    /// Whether an answer of `me` is meant for this member. Some services answer nobody as well, with nothing in it.
    pub(crate) fn knows(&self, answer: &Answer, member: &Party) -> bool {
        answer.is_success() && self.who(answer).is_some_and(|id| id == member.member_id)
    }

    /// Makes an object of this party, which is removed at the end of the run.
    pub(crate) async fn thing(&self, owner: &Party) -> Result<Thing, Ended> {
        let object = self.object()?;
        let mark = unique();
        let call = owner.request(&object.create, &[("unique", &mark)])?;
        let answer = call.purpose(format!("{} makes an object", owner.who.name())).patiently().send().await?;
        self.take_thing(owner, &answer, &mark).ok_or_else(|| {
            Ended::error(format!(
                "{} could not make an object: {} {}; look at object.create and object.id",
                owner.who.name(),
                answer.status,
                answer.said()
            ))
        })
    }

    /// Remembers an object that an answer says was made, so that it does not stay behind.
    pub(crate) fn take_thing(&self, owner: &Party, answer: &Answer, mark: &str) -> Option<Thing> {
        if !answer.is_success() {
            return None;
        }
        let body = answer.json();
        let id = match body.pointer(&self.file.object.as_ref()?.id)? {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => return None,
        };
        let thing = Thing { id, mark: mark.to_owned() };
        self.things.lock().push((owner.clone(), thing.clone()));
        Some(thing)
    }

    /// Removes every object that was made; answers how many there were, and the ids of those that stay.
    pub(crate) async fn clean_up(self: &Arc<Self>, client: &Client) -> (usize, Vec<String>) {
        let things = std::mem::take(&mut *self.things.lock());
        let mut left = Vec::new();
        for (owner, thing) in &things {
            let delete = self.file.object.as_ref().and_then(|object| object.delete.as_deref());
            let is_gone = match delete {
                Some(path) => {
                    let path = fill::text(path, &owner.values(&[("id", &thing.id)]));
                    let call = owner.at(client).call(Method::DELETE, &path).patiently();
                    call.send().await.is_ok_and(|answer| answer.is_success() || answer.status == 404)
                }
                None => false,
            };
            if !is_gone {
                left.push(thing.id.clone());
            }
        }
        (things.len(), left)
    }
}

/// A text that stands nowhere else.
pub(crate) fn unique() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("scan{}", &id[..12])
}

fn lacks(what: &str) -> Ended {
    Ended::Unanswerable(format!("the target file has no {what}"))
}
