//! Values and entities of Mainstay: identifiers, times, addresses, states and the rules that they carry themselves.
//!
//! Nothing here does I/O, reads a clock or makes a random value; what must be random or current comes in as an argument.

pub mod audit;
pub mod ceremony;
pub mod day;
pub mod email;
pub mod id;
pub mod identity;
pub mod inbox;
pub mod job;
pub mod key;
pub mod language;
pub mod ledger;
pub mod member;
pub mod merchant;
pub mod note;
pub mod offer;
pub mod outgoing;
pub mod page;
pub mod passkey;
pub mod purchase;
pub mod redemption;
pub mod service_key;
pub mod session;
pub mod tenant;
pub mod text;
pub mod timestamp;

pub use day::Day;
pub use email::EmailAddress;
pub use id::{
    AccountId, AuditEventId, CeremonyId, CustomerLinkId, EmailFlowId, EndpointSecretId, HoldId, IdentityId,
    InboxEventId, JobId, MemberId, MerchantId, NoteId, OAuthFlowId, OfferId, OutgoingEventId, PasskeyId,
    PurchaseId, PurchaseRuleId, RedemptionId, ServiceKeyId, SessionId, TenantId, TransferId,
    WebhookEndpointId,
};
pub use language::Language;
pub use timestamp::Timestamp;

/// SHA-256 of a secret that is never stored itself (refresh tokens, codes, keys).
pub type SecretHash = [u8; 32];
