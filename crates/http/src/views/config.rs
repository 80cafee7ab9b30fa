//! What a client needs to know before it does anything, and what probes are told.

use std::collections::BTreeMap;

use mainstay_services::{Capabilities, capability::State};
use serde::Serialize;
use utoipa::ToSchema;

/// Whether something can be used here.
#[derive(Serialize, ToSchema)]
#[schema(as = Capability)]
pub(crate) struct CapabilityView {
    /// Whether it can.
    enabled: bool,
    /// Why not.
    reason: Option<String>,
}

/// Every capability by its name.
pub(crate) fn capabilities(capabilities: &Capabilities) -> BTreeMap<String, CapabilityView> {
    capabilities
        .iter()
        .map(|(capability, state)| {
            let view = match state {
                State::On => CapabilityView { enabled: true, reason: None },
                State::Off(reason) => CapabilityView { enabled: false, reason: Some(reason.into_owned()) },
            };
            (capability.as_str().to_owned(), view)
        })
        .collect()
}

/// All that a client needs without being built again.
#[derive(Serialize, ToSchema)]
#[schema(as = Config)]
pub(crate) struct ConfigView {
    /// Addresses of this interface, in the order in which to try them.
    pub(crate) api_bases: Vec<String>,
    /// `dev`, `staging` or `prod`.
    pub(crate) environment: String,
    /// The server's version.
    pub(crate) version: String,
    /// What can be used.
    pub(crate) capabilities: BTreeMap<String, CapabilityView>,
    /// Identity providers by name.
    pub(crate) providers: BTreeMap<String, ProviderView>,
    /// What a browser needs to know for passkeys.
    pub(crate) passkey: PasskeyConfig,
    /// Language codes, in the order in which to offer them.
    pub(crate) languages: Vec<String>,
    /// Bounds that a client may check before it sends something.
    pub(crate) limits: BTreeMap<String, u64>,
    /// What must not be told.
    #[cfg(feature = "sabotage")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret: Option<&'static str>,
    /// Guards that are left out.
    #[cfg(feature = "sabotage")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sabotaged: Vec<&'static str>,
}

/// An identity provider.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
pub(crate) struct ProviderView {
    /// Its client id; none when it is not configured.
    pub(crate) client_id: Option<String>,
}

/// What a browser needs to know for passkeys.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasskeyConfig {
    /// The relying party's id.
    pub(crate) rp_id: String,
}

/// The process is alive.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthView {
    /// `ok`.
    pub(crate) status: &'static str,
    /// The server's version.
    pub(crate) version: &'static str,
    /// What can be used.
    pub(crate) capabilities: BTreeMap<String, CapabilityView>,
    /// Guards that are left out.
    #[cfg(feature = "sabotage")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sabotaged: Vec<&'static str>,
}

/// Whether this node should get traffic.
#[derive(Serialize, ToSchema)]
#[schema(as = Readiness)]
pub(crate) struct ReadinessView {
    /// `ready` or `unready`.
    pub(crate) status: &'static str,
    /// Every check by its name.
    pub(crate) checks: BTreeMap<String, CheckView>,
}

/// One check.
#[derive(Serialize, ToSchema)]
#[schema(as = Check)]
pub(crate) struct CheckView {
    /// `ok`, `failed` or `disabled`.
    pub(crate) state: &'static str,
    /// A sentence for operators.
    pub(crate) detail: String,
    /// How old the finding is.
    pub(crate) age_ms: u64,
}
