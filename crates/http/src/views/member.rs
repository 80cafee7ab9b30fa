//! The member who asks, and members as services see them.

use mainstay_model::{Timestamp, identity::Identity, member::Member};
use mainstay_services::members::MeView as Me;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The member who is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeView {
    id: Uuid,
    /// May be empty.
    display_name: String,
    /// ISO 639-1 code.
    language: String,
    /// `member` or `operator`.
    role: String,
    /// The proven address.
    email: Option<String>,
    /// How many passkeys there are.
    passkeys: usize,
    identities: Vec<IdentityView>,
    tenants: Vec<TenantMembership>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    session: CurrentSession,
    /// What `x-csrf-token` must say; none for bearer tokens, which need none.
    csrf_token: Option<String>,
}

impl MeView {
    pub(crate) fn new(me: Me, now: Timestamp, csrf_token: Option<String>) -> Self {
        let recent = now.since(me.session.signed_in_at) < mainstay_services::limits::RECENT_SIGN_IN;
        Self {
            id: me.member.id.uuid(),
            display_name: me.member.display_name,
            language: me.member.language.code().to_owned(),
            role: me.member.role.to_string(),
            email: me.email.map(|email| email.to_string()),
            passkeys: me.passkeys,
            identities: me.identities.into_iter().map(IdentityView::from).collect(),
            tenants: me
                .tenants
                .into_iter()
                .map(|(tenant, role)| TenantMembership {
                    id: tenant.id.uuid(),
                    name: tenant.name,
                    role: role.to_string(),
                })
                .collect(),
            created_at: me.member.created_at,
            session: CurrentSession {
                id: me.session.id.uuid(),
                signed_in_at: me.session.signed_in_at,
                recent,
            },
            csrf_token,
        }
    }
}

/// A linked account at an identity provider.
#[derive(Serialize, ToSchema)]
#[schema(as = Identity)]
pub(crate) struct IdentityView {
    id: Uuid,
    /// `google` or `apple`.
    provider: String,
    /// What the provider said last.
    email: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Identity> for IdentityView {
    fn from(identity: Identity) -> Self {
        Self {
            id: identity.id.uuid(),
            provider: identity.provider.to_string(),
            email: identity.email.map(|email| email.to_string()),
            created_at: identity.created_at,
        }
    }
}

/// A tenant that the member belongs to.
#[derive(Serialize, ToSchema)]
pub(crate) struct TenantMembership {
    id: Uuid,
    name: String,
    /// `owner`, `admin` or `member`.
    role: String,
}

/// The session that asks.
#[derive(Serialize, ToSchema)]
pub(crate) struct CurrentSession {
    id: Uuid,
    /// The last proof of who the member is.
    #[schema(value_type = String, format = DateTime)]
    signed_in_at: Timestamp,
    /// Whether that is fresh enough for guarded actions.
    recent: bool,
}

/// What a member may change about themselves. Whatever else is sent has no effect.
#[derive(Deserialize, ToSchema)]
pub(crate) struct MePatch {
    /// A new name; left out, it stays.
    pub(crate) display_name: Option<String>,
    /// A new language; left out, it stays.
    pub(crate) language: Option<String>,
    /// What nobody may choose.
    #[cfg(feature = "sabotage")]
    #[schema(ignore)]
    pub(crate) role: Option<String>,
}

/// A member as a service sees them.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceMember)]
pub(crate) struct ServiceMemberView {
    id: Uuid,
    display_name: String,
    language: String,
    /// `member` or `operator`.
    role: String,
    /// `active` or `banned`.
    status: String,
    /// The proven address.
    email: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Member> for ServiceMemberView {
    fn from(member: Member) -> Self {
        Self {
            id: member.id.uuid(),
            email: member.verified_email().map(ToString::to_string),
            display_name: member.display_name,
            language: member.language.code().to_owned(),
            role: member.role.to_string(),
            status: member.status.to_string(),
            created_at: member.created_at,
        }
    }
}
