//! Browsers in which somebody signed in to an address before. They keep a mark, which opens nothing: it only lets its owner's next
//! mails come from a quota that strangers can't use up.
//!
//! A mark is 16 random bytes, its end as seconds, and a keyed hash of both with the address (the "device cookie" of OWASP).

use mainstay_model::{EmailAddress, Timestamp};

use crate::{App, crypto, limits};

const LABEL: &str = "mainstay/known-browser";
const ID_BYTES: usize = 16;
const HEAD_BYTES: usize = ID_BYTES + 8;

/// What a browser keeps after a sign-in to an address.
#[must_use]
pub fn mark(app: &App, address: &EmailAddress) -> String {
    let mut head = [0; HEAD_BYTES];
    app.ports.random.fill(&mut head[..ID_BYTES]);
    let end = (app.now() + limits::KNOWN_BROWSER_TTL).seconds();
    head[ID_BYTES..].copy_from_slice(&end.to_be_bytes());
    crypto::encode(&[&head[..], &seal(app, &head, address)].concat())
}

/// Whose mark it is, if it is one of ours, for this address, and not too old.
pub(super) fn recognise(app: &App, address: &EmailAddress, mark: &str) -> Option<[u8; ID_BYTES]> {
    let bytes = crypto::decode(mark)?;
    let (head, seal_shown) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let seal_shown: &[u8; 32] = seal_shown.try_into().ok()?;
    if !crypto::equal(seal_shown, &seal(app, head, address)) {
        return None;
    }
    let (id, end) = head.split_first_chunk::<ID_BYTES>()?;
    let end = i64::from_be_bytes(end.try_into().ok()?);
    (app.now() < Timestamp::from_seconds(end)).then_some(*id)
}

fn seal(app: &App, head: &[u8; HEAD_BYTES], address: &EmailAddress) -> [u8; 32] {
    app.sealer.mac(LABEL, &[head, address.as_str().as_bytes()].concat())
}
