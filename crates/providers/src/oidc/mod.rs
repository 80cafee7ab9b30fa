//! Sign-in with Google and Apple: OpenID Connect's authorization code flow with PKCE.
//!
//! The route chooses the provider, and configuration chooses its issuer, endpoints and keys. Nothing that a token says (`iss`,
//! `jku`, `x5u`, `jwk`) leads anywhere.

mod apple;
mod apple_secret;
mod flow;
mod google;
mod id_token;
mod issuer;
mod jwk_set;
mod jwks;

pub use self::{
    apple::{Apple, AppleConfig},
    google::{Google, GoogleConfig},
};
