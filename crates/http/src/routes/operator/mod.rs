//! What only operators may do.

mod audit;
mod inbox;
mod merchants;
mod offers;
mod purchases;
mod service_keys;
mod wallet;
mod webhook_endpoints;

use crate::routes::Registry;

pub(crate) fn configure(services: &mut impl Registry) {
    services
        .service(audit::list_audit_events)
        .service(inbox::list_inbox_events)
        .service(purchases::list_purchase_rules)
        .service(purchases::create_purchase_rule)
        .service(purchases::end_purchase_rule)
        .service(purchases::link_customer)
        .service(inbox::get_inbox_event)
        .service(inbox::retry_inbox_event)
        .service(inbox::replay_inbox_event)
        .service(inbox::ignore_inbox_event)
        .service(service_keys::list_service_keys)
        .service(service_keys::create_service_key)
        .service(service_keys::revoke_service_key)
        .service(wallet::get_member_wallet)
        .service(wallet::get_member_statement)
        .service(wallet::grant_points)
        .service(wallet::reverse_transfer);
    webhook_endpoints::configure(services);
    merchants::configure(services);
    offers::configure(services);
}
