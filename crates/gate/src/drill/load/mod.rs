//! What clients do while something happens to the servers: write, read, refresh, sample, and hang on half-sent requests.

mod half_sent;
mod posters;
mod samples;
mod senders;
mod sessions;
mod writers;

pub(crate) use self::{
    half_sent::HalfSent,
    posters::{Posters, books, replay},
    samples::{Question, Samples, Tells},
    senders::{CURRENCY, Senders, credits, inbox},
    sessions::Sessions,
    writers::{Writers, stored},
};
