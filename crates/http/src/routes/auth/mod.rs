//! Signing in and out.

pub(crate) mod browser;
mod csrf;
pub(crate) mod email;
mod logout;
mod oauth;
mod passkey;
mod password;
mod refresh;
mod signed_in;
mod social;
mod test_login;

use crate::routes::Registry;

pub(crate) fn configure(services: &mut impl Registry) {
    services
        .service(passkey::start_passkey_registration)
        .service(passkey::finish_passkey_registration)
        .service(passkey::start_passkey_login)
        .service(passkey::finish_passkey_login)
        .service(oauth::start_google_login)
        .service(oauth::finish_google_login)
        .service(oauth::start_apple_login)
        .service(oauth::finish_apple_login)
        .service(email::start_email_code)
        .service(email::finish_email_code)
        .service(password::register_with_password)
        .service(password::log_in_with_password)
        .service(social::log_in_with_id_token)
        .service(test_login::log_in_for_tests)
        .service(refresh::refresh_session)
        .service(logout::log_out)
        .service(csrf::get_csrf_token);
}
