//! What a member has and does for themselves.

mod email;
mod identities;
mod passkeys;
mod profile;
mod purchases;
mod sessions;

pub(crate) use self::profile::me_view;
use crate::routes::Registry;

pub(crate) fn configure(services: &mut impl Registry) {
    services
        .service(profile::get_me)
        .service(profile::update_me)
        .service(profile::delete_me)
        .service(sessions::list_sessions)
        .service(sessions::end_other_sessions)
        .service(sessions::end_session)
        .service(passkeys::list_passkeys)
        .service(passkeys::rename_passkey)
        .service(passkeys::remove_passkey)
        .service(email::start_email_change)
        .service(email::finish_email_change)
        .service(email::remove_email)
        .service(identities::remove_identity)
        .service(purchases::list_purchases)
        .service(purchases::claim_purchases)
        .service(purchases::list_purchase_links)
        .service(purchases::create_purchase_code)
        .service(purchases::delete_purchase_link);
}
