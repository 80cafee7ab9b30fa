//! What only operators may do.

mod audit;
mod service_keys;
mod wallet;
mod webhook_endpoints;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn configure(services: &mut ServiceConfig<'_>) {
    services
        .service(audit::list_audit_events)
        .service(service_keys::list_service_keys)
        .service(service_keys::create_service_key)
        .service(service_keys::revoke_service_key)
        .service(wallet::get_member_wallet)
        .service(wallet::get_member_statement)
        .service(wallet::grant_points)
        .service(wallet::reverse_transfer)
        .configure(webhook_endpoints::configure);
}
