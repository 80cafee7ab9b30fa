//! Who somebody is: passkeys, codes, providers, and what is told to whom.

mod address_change;
mod address_spellings;
mod capabilities_off;
mod challenge_binding;
mod challenge_single_use;
mod client_claims;
mod code_other_browser;
mod code_single_use;
mod code_tries;
mod configured_links;
mod forged_id_tokens;
mod jwks_public_only;
mod last_way_in;
mod newest_code;
mod oauth_request;
mod oauth_state;
mod passkey_backup_flags;
mod passkey_counter;
mod passkey_origin;
mod passkey_signature;
mod passkey_user_verification;
mod premade_password;
mod recent_sign_in;
mod service_keys;
mod test_sign_in_header;
mod test_sign_in_off;
mod uniform_answers;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &client_claims::CHECK,
    &premade_password::CHECK,
    &address_change::CHECK,
    &address_spellings::CHECK,
    &code_single_use::CHECK,
    &code_other_browser::CHECK,
    &code_tries::CHECK,
    &newest_code::CHECK,
    &uniform_answers::CHECK,
    &configured_links::CHECK,
    &passkey_origin::CHECK,
    &passkey_user_verification::CHECK,
    &passkey_signature::CHECK,
    &passkey_backup_flags::CHECK,
    &passkey_counter::CHECK,
    &challenge_single_use::CHECK,
    &challenge_binding::CHECK,
    &last_way_in::CHECK,
    &recent_sign_in::CHECK,
    &oauth_state::CHECK,
    &oauth_request::CHECK,
    &forged_id_tokens::CHECK,
    &test_sign_in_header::CHECK,
    &test_sign_in_off::CHECK,
    &capabilities_off::CHECK,
    &service_keys::CHECK,
    &jwks_public_only::CHECK,
];
