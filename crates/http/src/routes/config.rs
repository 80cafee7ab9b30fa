//! What a client needs to know before it does anything (CFG-7). Holds no secret and touches no dependency.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get};
use mainstay_model::{Language, identity::Provider};
#[cfg(feature = "sabotage")]
use mainstay_services::sabotage;
use mainstay_services::{App, limits};

use crate::{
    document::Document,
    routes::{Registry, Server},
    security::limits::{JSON_BODY_BYTES_MAX, JSON_DEPTH_MAX, NOTE_BODY_BYTES_MAX, PUBLIC_MAX_AGE},
    settings::HttpSettings,
    views::config::{ConfigView, PasskeyConfig, ProviderView, capabilities},
};

pub(crate) fn configure(services: &mut impl Registry) {
    services.service(get_config).service(get_public_config);
}

/// What a client needs to know
#[utoipa::path(tag = "configuration", responses((status = 200, description = "The configuration", body = ConfigView)))]
#[get("/v1/config")]
pub(crate) async fn get_config(server: Server, request: HttpRequest) -> HttpResponse {
    server.config.answer(&request)
}

/// The same as `/v1/config`
#[utoipa::path(tag = "configuration", responses((status = 200, description = "The configuration", body = ConfigView)))]
#[get("/v1/public/config")]
pub(crate) async fn get_public_config(server: Server, request: HttpRequest) -> HttpResponse {
    server.config.answer(&request)
}

/// Everything in it is fixed at start.
pub(crate) fn document(app: &App, settings: &HttpSettings) -> Document {
    let provider = |provider: &Provider| {
        let client_id = app.ports.identity_providers.get(provider).map(|known| known.client_id().to_owned());
        (provider.as_str().to_owned(), ProviderView { client_id })
    };
    let view = ConfigView {
        api_bases: settings
            .api_bases
            .iter()
            .map(|base| base.as_str().trim_end_matches('/').to_owned())
            .collect(),
        environment: app.settings.environment.as_str().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capabilities: capabilities(&app.capabilities),
        providers: Provider::ALL.iter().map(provider).collect(),
        passkey: PasskeyConfig { rp_id: app.settings.rp_id.clone() },
        languages: Language::ALL.iter().map(|language| language.code().to_owned()).collect(),
        limits: bounds(),
        #[cfg(feature = "sabotage")]
        client_secret: sabotage::is_off(sabotage::Guard::ConfigSecrets).then_some("not for everybody"),
        #[cfg(feature = "sabotage")]
        sabotaged: sabotage::off(),
    };
    let cache = format!("public, max-age={}", PUBLIC_MAX_AGE.as_secs());
    Document::new("application/json", &cache, serde_json::to_vec(&view).unwrap_or_default())
}

fn bounds() -> BTreeMap<String, u64> {
    [
        ("label_chars_max", limits::LABEL_CHARS_MAX),
        ("note_text_chars_max", limits::NOTE_TEXT_CHARS_MAX),
        ("note_tags_max", limits::NOTE_TAGS_MAX),
        ("note_tag_chars_max", limits::NOTE_TAG_CHARS_MAX),
        ("passkeys_per_member_max", limits::PASSKEYS_PER_MEMBER_MAX),
        ("password_chars_min", limits::PASSWORD_CHARS_MIN),
        ("password_bytes_max", limits::PASSWORD_BYTES_MAX),
        ("page_items_max", limits::PAGE_ITEMS_MAX as usize),
        ("email_code_digits", limits::EMAIL_CODE_DIGITS),
        ("body_bytes_max", JSON_BODY_BYTES_MAX),
        ("note_body_bytes_max", NOTE_BODY_BYTES_MAX),
        ("json_depth_max", JSON_DEPTH_MAX),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value as u64))
    .collect()
}
