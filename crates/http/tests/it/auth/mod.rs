//! Signing in and out.

mod bearer;
mod cookies;
mod email;
mod oauth;
mod passkey;
mod refresh;
mod test_login;
