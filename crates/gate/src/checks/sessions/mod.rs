//! Sessions and their tokens.

mod access_token_life;
mod across_nodes;
mod bearer_not_for_browsers;
mod cookie_attributes;
mod deletion;
mod ended_elsewhere;
mod forged_tokens;
mod log_out;
mod lost_answer;
mod refresh_parallel;
mod refresh_predecessor;
mod refresh_reuse;
mod renewal;
mod thief_alternates;
mod tokens_out_of_reach;

use crate::check::Check;

pub(super) const CHECKS: &[&Check] = &[
    &log_out::CHECK,
    &deletion::CHECK,
    &ended_elsewhere::CHECK,
    &across_nodes::CHECK,
    &refresh_parallel::CHECK,
    &refresh_reuse::CHECK,
    &refresh_predecessor::CHECK,
    &thief_alternates::CHECK,
    &lost_answer::CHECK,
    &renewal::CHECK,
    &forged_tokens::CHECK,
    &access_token_life::CHECK,
    &cookie_attributes::CHECK,
    &tokens_out_of_reach::CHECK,
    &bearer_not_for_browsers::CHECK,
];
