//! `mainstay gate scan`: the checks that make sense for any HTTP service, against one that is not Mainstay (GAT-4).
//!
//! What it knows of the service stands in a target file and an OpenAPI document; where that leaves it open whether something is a
//! fault, a check is skipped with the reason.

pub(crate) mod checks;
mod cookie;
mod document;
mod fill;
mod guessing;
mod insides;
mod party;
mod sample;
mod stranger;
mod surface;
mod target_file;
mod yaml;

pub(crate) use self::{
    document::Document,
    stranger::Stranger,
    target_file::{EXAMPLE, TargetFile},
};
