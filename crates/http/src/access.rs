//! The one table of what there is, who may call it and within which bounds (SEC-8).
//!
//! The edge looks every request up here before a handler hears of it: what has no row does not exist. The interface
//! description takes its security from the same rows.

use mainstay_model::{service_key::Scope, tenant::TenantRole};
use mainstay_services::Capability;

use crate::security::{
    limits::{
        FORM_BODY_BYTES_MAX, JSON_BODY_BYTES_MAX, NOTE_BODY_BYTES_MAX, UNREAD_BODY_BYTES_MAX,
        WEBHOOK_BODY_BYTES_MAX,
    },
    rate_limit::Class,
};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody; nobody is asked who they are.
    Public,
    /// Everybody; a member who is signed in is known. Whoever presents a session must present a live one.
    Anyone,
    /// Everybody; opens a session in place of the one that the browser has.
    SignIn,
    /// Whoever holds a session's refresh token.
    Session,
    /// Whoever comes back from a flow that was started here: its state and its cookie are the proof.
    FlowBound,
    /// A member, to their own things; another's id is not found.
    Member,
    /// The same, within minutes of a sign-in.
    RecentMember,
    /// A member of the tenant with at least this role; to others the tenant is not found.
    TenantRole(TenantRole),
    /// An operator; to others the route is not found.
    Operator,
    /// A service key with this scope.
    Service(Scope),
    /// A configured sender of events: the signature on the body is the proof. Cookies and origins count for nothing.
    Webhook,
    /// Whoever holds the token for metrics; to others the route is not found.
    MetricsToken,
}

impl Access {
    /// Its name in documents.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Self::Public => "public".to_owned(),
            Self::Anyone => "public, or a member".to_owned(),
            Self::SignIn => "public (opens a session)".to_owned(),
            Self::Session => "holder of the refresh token".to_owned(),
            Self::FlowBound => "return of a started flow".to_owned(),
            Self::Member => "member (own things)".to_owned(),
            Self::RecentMember => "member (own things), signed in minutes ago".to_owned(),
            Self::TenantRole(role) => format!("tenant: {role} or above"),
            Self::Operator => "operator".to_owned(),
            Self::Service(scope) => format!("service key: {scope}"),
            Self::Webhook => "configured sender (signed body)".to_owned(),
            Self::MetricsToken => "holder of the metrics token".to_owned(),
        }
    }
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Its path with `{parameters}`; also its label in metrics.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Whose quota it counts against.
    pub class: Class,
    /// What must be switched on.
    pub capability: Option<Capability>,
    /// Its largest body.
    pub body_bytes_max: usize,
}

const fn read(path: &'static str, access: Access) -> Route {
    Route {
        method: "GET",
        path,
        access,
        class: Class::Read,
        capability: None,
        body_bytes_max: UNREAD_BODY_BYTES_MAX,
    }
}

const fn write(method: &'static str, path: &'static str, access: Access) -> Route {
    Route { method, path, access, class: Class::Write, capability: None, body_bytes_max: JSON_BODY_BYTES_MAX }
}

const fn auth(method: &'static str, path: &'static str, access: Access) -> Route {
    write(method, path, access).class(Class::Auth)
}

impl Route {
    const fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    const fn needs(mut self, capability: Capability) -> Self {
        self.capability = Some(capability);
        self
    }

    const fn body(mut self, bytes_max: usize) -> Self {
        self.body_bytes_max = bytes_max;
        self
    }
}

use Access::{Anyone, FlowBound, Member, MetricsToken, Operator, Public, RecentMember, Session, SignIn};

/// Every route, in the order of the documents.
pub static ROUTES: &[Route] = &[
    read("/health", Public).class(Class::Unlimited),
    read("/ready", Public).class(Class::Unlimited),
    read("/readyz", Public).class(Class::Unlimited),
    read("/metrics", MetricsToken).class(Class::Public),
    read("/v1/config", Public).class(Class::Public),
    read("/v1/public/config", Public).class(Class::Public),
    read("/v1/openapi.json", Public).class(Class::Public),
    read("/docs", Public).class(Class::Public),
    read("/docs/docs.css", Public).class(Class::Public),
    read("/.well-known/jwks.json", Public).class(Class::Public),
    // Signing in
    auth("POST", "/v1/auth/passkey/register/start", Anyone).needs(Capability::Passkey),
    auth("POST", "/v1/auth/passkey/register/finish", Anyone).needs(Capability::Passkey),
    auth("POST", "/v1/auth/passkey/login/start", SignIn).needs(Capability::Passkey),
    auth("POST", "/v1/auth/passkey/login/finish", SignIn).needs(Capability::Passkey),
    auth("GET", "/v1/auth/google/start", SignIn).needs(Capability::GoogleOauth),
    auth("GET", "/v1/auth/google/callback", FlowBound).needs(Capability::GoogleOauth),
    auth("GET", "/v1/auth/apple/start", SignIn).needs(Capability::AppleOauth),
    auth("POST", "/v1/auth/apple/callback", FlowBound)
        .needs(Capability::AppleOauth)
        .body(FORM_BODY_BYTES_MAX),
    auth("POST", "/v1/auth/email/start", SignIn).needs(Capability::EmailCode),
    auth("POST", "/v1/auth/email/finish", SignIn).needs(Capability::EmailCode),
    auth("POST", "/v1/auth/register", SignIn).needs(Capability::Password),
    auth("POST", "/v1/auth/login", SignIn).needs(Capability::Password),
    auth("POST", "/v1/auth/social_login", SignIn).needs(Capability::SocialLogin),
    auth("POST", "/v1/auth/test-login", SignIn),
    write("POST", "/v1/auth/refresh", Session),
    write("POST", "/v1/auth/logout", Session),
    read("/v1/auth/csrf", Session),
    read("/v1/auth/me", Member),
    // The member's own
    write("PATCH", "/v1/me", Member),
    write("DELETE", "/v1/me", RecentMember),
    read("/v1/me/sessions", Member),
    write("DELETE", "/v1/me/sessions", Member),
    write("DELETE", "/v1/me/sessions/{session_id}", Member),
    read("/v1/me/passkeys", Member),
    write("PATCH", "/v1/me/passkeys/{passkey_id}", Member),
    write("DELETE", "/v1/me/passkeys/{passkey_id}", RecentMember),
    auth("POST", "/v1/me/email/start", RecentMember).needs(Capability::EmailCode),
    auth("POST", "/v1/me/email/finish", Member).needs(Capability::EmailCode),
    write("DELETE", "/v1/me/email", RecentMember),
    write("DELETE", "/v1/me/identities/{identity_id}", RecentMember),
    // Tenants
    read("/v1/tenants", Member).needs(Capability::Tenants),
    write("POST", "/v1/tenants", Member).needs(Capability::Tenants),
    read("/v1/tenants/{tenant_id}", Access::TenantRole(TenantRole::Member)).needs(Capability::Tenants),
    read("/v1/tenants/{tenant_id}/members", Access::TenantRole(TenantRole::Member))
        .needs(Capability::Tenants),
    write("POST", "/v1/tenants/{tenant_id}/members", Access::TenantRole(TenantRole::Admin))
        .needs(Capability::Tenants),
    write("PUT", "/v1/tenants/{tenant_id}/members/{member_id}", Access::TenantRole(TenantRole::Admin))
        .needs(Capability::Tenants),
    // Whoever leaves needs no role for it; everybody else's place takes an administrator.
    write("DELETE", "/v1/tenants/{tenant_id}/members/{member_id}", Access::TenantRole(TenantRole::Member))
        .needs(Capability::Tenants),
    // Notes
    read("/v1/notes", Member).needs(Capability::Notes),
    write("POST", "/v1/notes", Member).needs(Capability::Notes).body(NOTE_BODY_BYTES_MAX),
    read("/v1/notes/{note_id}", Member).needs(Capability::Notes),
    write("PATCH", "/v1/notes/{note_id}", Member).needs(Capability::Notes).body(NOTE_BODY_BYTES_MAX),
    write("DELETE", "/v1/notes/{note_id}", Member).needs(Capability::Notes),
    // Wallet
    read("/v1/wallet", Member).needs(Capability::Wallet),
    read("/v1/wallet/balance", Member).needs(Capability::Wallet),
    read("/v1/wallet/statement", Member).needs(Capability::Wallet),
    read("/v1/wallet/statement.csv", Member).needs(Capability::Wallet),
    read("/v1/wallet/holds", Member).needs(Capability::Wallet),
    write("POST", "/v1/wallet/transfers", Member).needs(Capability::WalletTransfers),
    read("/v1/operator/members/{member_id}/wallet", Operator).needs(Capability::Wallet),
    read("/v1/operator/members/{member_id}/wallet/statement", Operator).needs(Capability::Wallet),
    write("POST", "/v1/operator/members/{member_id}/wallet/grants", Operator).needs(Capability::Wallet),
    write("POST", "/v1/operator/wallet/transfers/{transfer_id}/reversal", Operator).needs(Capability::Wallet),
    read("/v1/service/members/{member_id}/wallet", Access::Service(Scope::WalletRead))
        .needs(Capability::Wallet),
    write("POST", "/v1/service/members/{member_id}/wallet/grants", Access::Service(Scope::WalletWrite))
        .needs(Capability::Wallet),
    // Purchases
    write("POST", "/v1/webhooks/{source}", Access::Webhook)
        .needs(Capability::Purchases)
        .class(Class::Webhook)
        .body(WEBHOOK_BODY_BYTES_MAX),
    read("/v1/me/purchases", Member).needs(Capability::Purchases),
    // As strict as signing in: codes can be guessed at.
    auth("POST", "/v1/me/purchases/claim", Member).needs(Capability::Purchases),
    read("/v1/me/purchase-links", Member).needs(Capability::Purchases),
    write("POST", "/v1/me/purchase-links", Member).needs(Capability::Purchases),
    write("DELETE", "/v1/me/purchase-links/{customer_link_id}", Member).needs(Capability::Purchases),
    read("/v1/operator/purchase-rules", Operator),
    write("POST", "/v1/operator/purchase-rules", Operator),
    write("DELETE", "/v1/operator/purchase-rules/{purchase_rule_id}", Operator),
    write("POST", "/v1/operator/members/{member_id}/purchase-links", Operator).needs(Capability::Purchases),
    read("/v1/operator/inbox", Operator),
    read("/v1/operator/inbox/{inbox_event_id}", Operator),
    write("POST", "/v1/operator/inbox/{inbox_event_id}/retry", Operator),
    write("POST", "/v1/operator/inbox/{inbox_event_id}/replay", Operator),
    write("POST", "/v1/operator/inbox/{inbox_event_id}/ignore", Operator),
    // Merchants
    read("/v1/wallet/offers", Member).needs(Capability::Wallet),
    read("/v1/wallet/redemptions", Member).needs(Capability::Wallet),
    write("POST", "/v1/wallet/redemptions", Member).needs(Capability::Wallet),
    read("/v1/wallet/redemptions/{redemption_id}", Member).needs(Capability::Wallet),
    read("/v1/wallet/redemptions/{redemption_id}/qr.svg", Member).needs(Capability::Wallet),
    write("POST", "/v1/wallet/redemptions/{redemption_id}/cancel", Member).needs(Capability::Wallet),
    read("/v1/operator/merchants", Operator).needs(Capability::Wallet),
    write("POST", "/v1/operator/merchants", Operator).needs(Capability::Wallet),
    read("/v1/operator/merchants/{merchant_id}", Operator).needs(Capability::Wallet),
    write("PATCH", "/v1/operator/merchants/{merchant_id}", Operator).needs(Capability::Wallet),
    read("/v1/operator/merchants/{merchant_id}/wallet", Operator).needs(Capability::Wallet),
    read("/v1/operator/merchants/{merchant_id}/wallet/statement", Operator).needs(Capability::Wallet),
    read("/v1/operator/merchants/{merchant_id}/redemptions", Operator).needs(Capability::Wallet),
    write("POST", "/v1/operator/merchants/{merchant_id}/service-keys", Operator).needs(Capability::Wallet),
    read("/v1/operator/merchants/{merchant_id}/offers", Operator).needs(Capability::Wallet),
    write("POST", "/v1/operator/merchants/{merchant_id}/offers", Operator).needs(Capability::Wallet),
    read("/v1/operator/offers/{offer_id}", Operator).needs(Capability::Wallet),
    write("PATCH", "/v1/operator/offers/{offer_id}", Operator).needs(Capability::Wallet),
    write("POST", "/v1/service/redemptions/confirm", Access::Service(Scope::RedemptionsConfirm))
        .needs(Capability::Wallet),
    write("POST", "/v1/service/members/{member_id}/wallet/holds", Access::Service(Scope::WalletWrite))
        .needs(Capability::Wallet),
    read("/v1/service/wallet/holds/{hold_id}", Access::Service(Scope::WalletRead)).needs(Capability::Wallet),
    write("POST", "/v1/service/wallet/holds/{hold_id}/capture", Access::Service(Scope::WalletWrite))
        .needs(Capability::Wallet),
    write("POST", "/v1/service/wallet/holds/{hold_id}/release", Access::Service(Scope::WalletWrite))
        .needs(Capability::Wallet),
    // Operators and services
    read("/v1/operator/audit", Operator),
    read("/v1/operator/service-keys", Operator),
    write("POST", "/v1/operator/service-keys", Operator),
    write("DELETE", "/v1/operator/service-keys/{service_key_id}", Operator),
    read("/v1/operator/webhook-endpoints", Operator),
    write("POST", "/v1/operator/webhook-endpoints", Operator),
    read("/v1/operator/webhook-endpoints/{webhook_endpoint_id}", Operator),
    write("PATCH", "/v1/operator/webhook-endpoints/{webhook_endpoint_id}", Operator),
    write("DELETE", "/v1/operator/webhook-endpoints/{webhook_endpoint_id}", Operator),
    write("POST", "/v1/operator/webhook-endpoints/{webhook_endpoint_id}/secret", Operator),
    write("POST", "/v1/operator/webhook-endpoints/{webhook_endpoint_id}/test", Operator),
    write("POST", "/v1/operator/webhook-endpoints/{webhook_endpoint_id}/resend", Operator),
    read("/v1/operator/webhook-endpoints/{webhook_endpoint_id}/deliveries", Operator),
    read("/v1/operator/webhook-endpoints/{webhook_endpoint_id}/deliveries/{event_id}", Operator),
    write(
        "POST",
        "/v1/operator/webhook-endpoints/{webhook_endpoint_id}/deliveries/{event_id}/resend",
        Operator,
    ),
    read("/v1/service/members/{member_id}", Access::Service(Scope::MembersRead)),
];
