//! What the interface says and hears, as types. Made from entities here and nowhere else; entities are never serialised.

pub(crate) mod config;
pub(crate) mod inbox;
pub(crate) mod member;
pub(crate) mod merchant;
pub(crate) mod note;
pub(crate) mod offer;
pub(crate) mod operator;
pub(crate) mod outgoing;
pub(crate) mod passkey;
pub(crate) mod purchase;
pub(crate) mod redemption;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod tenant;
pub(crate) mod wallet;

use mainstay_services::{Error, limits};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// At most so many items: 1 to 100, and 20 when it is left out.
    #[param(minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// A page's size within its bounds.
pub(crate) fn page_limit(limit: Option<u32>) -> Result<u32, Error> {
    match limit {
        None => Ok(limits::PAGE_ITEMS_DEFAULT),
        Some(limit) if (1..=limits::PAGE_ITEMS_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(Error::field(
            "limit",
            "out_of_range",
            format!("must be from 1 to {}", limits::PAGE_ITEMS_MAX),
        )),
    }
}

/// A cursor, or that it is none of ours.
pub(crate) fn cursor<T: std::str::FromStr>(text: Option<&str>) -> Result<Option<T>, Error> {
    text.map(|text| {
        text.parse().map_err(|_| Error::field("cursor", "invalid", "is not one that a page gave"))
    })
    .transpose()
}

/// A word out of a fixed set.
pub(crate) fn word<T: std::str::FromStr>(field: &'static str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::field(field, "unknown", "is none of the known words"))
}

/// What is there, `null` too, as opposed to what is left out.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
