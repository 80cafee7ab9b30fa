//! What only operators may do.

mod audit;
mod service_keys;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn configure(services: &mut ServiceConfig<'_>) {
    services
        .service(audit::list_audit_events)
        .service(service_keys::list_service_keys)
        .service(service_keys::create_service_key)
        .service(service_keys::revoke_service_key);
}
