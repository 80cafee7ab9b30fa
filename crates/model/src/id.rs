//! Identifiers. Each is a UUIDv7, so that a primary key sorts by the time it was made; each kind is its own type, so
//! that a session's id can't be passed where a member's is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that was made or read elsewhere.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The plain UUID, as the databases store it.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A person who signs in.
    MemberId;
    /// One signed-in device or browser: a family of refresh tokens.
    SessionId;
    /// A WebAuthn credential of a member.
    PasskeyId;
    /// A provider's account that is linked to a member.
    IdentityId;
    /// A passkey ceremony between its start and its finish.
    CeremonyId;
    /// A sign-in that went to a provider and has not come back yet.
    OAuthFlowId;
    /// A one-time code that was mailed and not yet spent.
    EmailFlowId;
    /// A company or group that owns data and has members with roles.
    TenantId;
    /// A key of a team's own back end.
    ServiceKeyId;
    /// An entry of the audit trail.
    AuditEventId;
    /// A piece of work that happens after a commit.
    JobId;
    /// A member's note.
    NoteId;
    /// An account of the points ledger. A member's account has the member's own id.
    AccountId;
    /// A transfer of points between two accounts.
    TransferId;
    /// Points of an account that are kept for somebody.
    HoldId;
    /// Where a team's own back end hears of events.
    WebhookEndpointId;
    /// A secret that signs what goes to an endpoint.
    EndpointSecretId;
    /// Something that happened, as it is told to back ends.
    OutgoingEventId;
    /// An event that a payment provider sent.
    InboxEventId;
    /// A payment of somebody at a merchant.
    PurchaseId;
    /// A rule by which purchases become points.
    PurchaseRuleId;
    /// Something by which purchases of a member are recognised.
    CustomerLinkId;
    /// A merchant at whom members spend points.
    MerchantId;
    /// What members can have for points at a merchant.
    OfferId;
    /// An offer that a member took. Its hold has the same id.
    RedemptionId;
}
