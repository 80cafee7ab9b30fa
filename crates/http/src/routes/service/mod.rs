//! What a team's own back ends may do with their keys.

mod holds;
mod members;
mod redemptions;
mod wallet;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn configure(services: &mut ServiceConfig<'_>) {
    services
        .service(members::get_service_member)
        .service(wallet::get_service_wallet)
        .service(wallet::grant_points_by_service);
    holds::configure(services);
    redemptions::configure(services);
}
