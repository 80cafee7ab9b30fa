//! Merchants, what members can have there for their points, and how that is confirmed (WAL-7). Operators register merchants and offers;
//! a member redeems an offer, which holds the points and gives a short code; the merchant confirms the code once, which captures
//! them.

mod hold;
mod merchant;
mod offer;
mod redemption;

pub use self::{
    hold::{MerchantHold, hold},
    merchant::{MerchantPatch, account, create, get, list, statement, update},
    offer::{NewOffer, OfferPatch, create_offer, list_open, offer, offers, update_offer},
    redemption::{
        Confirmation, cancel, code, confirm, redeem, redemption, redemptions, redemptions_of_merchant,
    },
};
