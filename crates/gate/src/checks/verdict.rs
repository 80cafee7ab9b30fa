//! What several checks judge alike.

use tokio::time::{Instant, sleep};

use crate::{
    check::{Ended, ensure},
    client::{Answer, Call},
    limits,
    members::Actor,
};

/// Goes on if an attack was refused as nobody's who may (401). A full quota tells nothing.
pub(crate) fn unauthorised(answer: &Answer, what: &str) -> Result<(), Ended> {
    not_limited(answer, what)?;
    ensure(answer.status == 401, || {
        format!("{what} is answered with {}, not 401: {}", answer.status, answer.said())
    })
}

/// Goes on if an attack was refused in any way (4xx).
pub(crate) fn refused(answer: &Answer, what: &str) -> Result<(), Ended> {
    not_limited(answer, what)?;
    let is_refused = (400..500).contains(&answer.status);
    ensure(is_refused, || format!("{what} is answered with {}: {}", answer.status, answer.said()))
}

fn not_limited(answer: &Answer, what: &str) -> Result<(), Ended> {
    if answer.status == 429 {
        return Err(Ended::error(format!("{what} met a full quota, which tells nothing: {}", answer.said())));
    }
    Ok(())
}

/// Sends it until it is refused as nobody's who may, or until then, and answers what came last: a node may remember what was revoked
/// for less than a second, and each request may reach another node.
pub(crate) async fn settled(until: Instant, call: impl Fn() -> Call) -> Result<Answer, Ended> {
    loop {
        let answer = call().send().await?;
        if answer.status == 401 || Instant::now() >= until {
            return Ok(answer);
        }
        sleep(limits::END_POLL).await;
    }
}

/// Goes on if a session is over within a second: its access token, and its refresh token after that.
pub(crate) async fn ends(session: &Actor, what: &str) -> Result<(), Ended> {
    let until = Instant::now() + limits::END_TIME_MAX;
    loop {
        let answer = session.get("/v1/auth/me").purpose(what).send().await?;
        if answer.status == 401 {
            break;
        }
        if Instant::now() >= until {
            return Err(Ended::fail(format!(
                "{what}: the access token still answers {} after {} ms",
                answer.status,
                limits::END_TIME_MAX.as_millis()
            )));
        }
        sleep(limits::END_POLL).await;
    }
    unauthorised(&session.refresh().await?, &format!("{what}: the refresh token"))
}
