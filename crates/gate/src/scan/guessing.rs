//! Wrong sign-ins for an account that nobody has, until something slows them down. Locks nobody out.

use std::time::Duration;

use tokio::time::Instant;

use super::stranger::{Stranger, unique};
use crate::{
    check::Ended,
    client::{Call, Client},
    limits,
};

/// How it went.
pub(crate) enum Guesses {
    /// They were slowed down or refused after so many.
    Limited { after: usize, how: String },
    /// Nothing happened.
    Free { tries: usize, status: u16, took: Duration },
    /// The answers say nothing of wrong passwords.
    Unclear(String),
}

/// One wrong try.
pub(crate) fn wrong_try(stranger: &Stranger, client: &Client, identity: &str) -> Result<Call, Ended> {
    stranger.sign_in_call(client, identity, &format!("wrong-{}", unique()))
}

/// Tries until it is limited, or [`limits::SCAN_SIGN_INS`] times, as long as that takes no longer than
/// [`limits::SCAN_SIGN_INS_TIME_MAX`].
///
/// # Errors
/// [`Ended::Fail`] when the made-up account is let in.
pub(crate) async fn until_limited(
    stranger: &Stranger,
    client: &Client,
    identity: &str,
) -> Result<Guesses, Ended> {
    let started = Instant::now();
    let mut first: Option<(u16, Duration)> = None;
    let mut slow = 0;
    let mut tries = 0;
    for number in 1..=limits::SCAN_SIGN_INS {
        if started.elapsed() > limits::SCAN_SIGN_INS_TIME_MAX {
            break;
        }
        tries = number;
        let answer =
            wrong_try(stranger, client, identity)?.purpose(format!("wrong try {number}")).send().await?;
        if let Some(pointer) = stranger.sign_in()?.token.as_deref()
            && answer.is_success()
            && answer.json().pointer(pointer).is_some()
        {
            return Err(Ended::fail(format!("the made-up account {identity} was let in")));
        }
        let Some((status, took)) = first else {
            match answer.status {
                404 | 405 => {
                    return Ok(Guesses::Unclear(format!(
                        "the sign-in answers {}; look at [sign_in]",
                        answer.status
                    )));
                }
                415 | 422 => {
                    return Ok(Guesses::Unclear(format!(
                        "the sign-in refuses the form of a wrong try ({}), so it says nothing of wrong passwords: {}",
                        answer.status,
                        answer.said()
                    )));
                }
                429 => return Ok(Guesses::Limited { after: 0, how: "429 from the start".to_owned() }),
                status => first = Some((status, answer.took)),
            }
            continue;
        };
        let how = match answer.status {
            now if now != status && matches!(now, 403 | 423 | 429 | 503) => {
                format!("{now} instead of {status}")
            }
            _ => {
                // One slow answer is a busy machine; some in a row are meant.
                slow = if answer.took > took + limits::SCAN_SLOWED_BY { slow + 1 } else { 0 };
                if slow < limits::SCAN_SLOWED_TIMES {
                    continue;
                }
                format!("an answer takes {:.1} s", answer.took.as_secs_f64())
            }
        };
        return Ok(Guesses::Limited { after: number - 1, how });
    }
    let status = first.map_or(0, |(status, _)| status);
    Ok(Guesses::Free { tries, status, took: started.elapsed() })
}
