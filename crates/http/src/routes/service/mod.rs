//! What a team's own back ends may do with their keys.

mod holds;
mod members;
mod redemptions;
mod wallet;

use crate::routes::Registry;

pub(crate) fn configure(services: &mut impl Registry) {
    services
        .service(members::get_service_member)
        .service(wallet::get_service_wallet)
        .service(wallet::grant_points_by_service);
    holds::configure(services);
    redemptions::configure(services);
}
