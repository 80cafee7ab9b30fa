//! Sign-ins under way: passkey ceremonies, trips to a provider, mailed codes. Every one is spent at most once.

use async_trait::async_trait;
use mainstay_model::{
    CeremonyId, EmailAddress, EmailFlowId, MemberId, SecretHash, Timestamp,
    ceremony::{Ceremony, EmailFlow},
    identity::OAuthFlow,
};

use crate::Result;

/// Sign-ins under way. `take_*` removes what it answers, so that of many takers at once only one gets it.
#[async_trait]
pub trait CeremonyStore: Send {
    /// Remembers a passkey ceremony.
    async fn insert_ceremony(&mut self, ceremony: &Ceremony) -> Result<()>;
    /// Takes it, expired or not.
    async fn take_ceremony(&mut self, id: CeremonyId) -> Result<Option<Ceremony>>;

    /// Remembers a trip to a provider.
    async fn insert_oauth_flow(&mut self, flow: &OAuthFlow) -> Result<()>;
    /// Takes it, expired or not.
    async fn take_oauth_flow(&mut self, state_hash: &SecretHash) -> Result<Option<OAuthFlow>>;

    /// Remembers a mailed code and forgets the older one of the same address, purpose and browser (newest only). Those that other
    /// browsers asked for stay: they open nothing here, and a stranger who types an address must not end its owner's code.
    async fn insert_email_flow(&mut self, flow: &EmailFlow) -> Result<()>;
    /// Counts an attempt and answers the flow with the attempt counted, locked until the transaction ends.
    async fn attempt_email_flow(&mut self, id: EmailFlowId) -> Result<Option<EmailFlow>>;
    /// Forgets a code. Answers whether there was one.
    async fn delete_email_flow(&mut self, id: EmailFlowId) -> Result<bool>;
    /// Forgets every code of an address. Answers how many.
    async fn delete_email_flows_of_address(&mut self, email: &EmailAddress) -> Result<u64>;
    /// Forgets every code that a member asked for while signed in. Answers how many.
    async fn delete_email_flows_of_member(&mut self, member_id: MemberId) -> Result<u64>;

    /// Spends a value that may be used once until `expires_at`. Answers false when it was spent before.
    async fn spend_once(&mut self, hash: &SecretHash, expires_at: Timestamp) -> Result<bool>;
}
