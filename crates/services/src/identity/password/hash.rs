//! Hashing and verifying passwords, outside of transactions and a few at a time.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::SaltString,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::{App, Error, Result};

/// Argon2id with 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet; RFC 9106).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Imported hashes that would take more than this are not computed: one sign-in must not take the memory of all.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const BCRYPT_COST_MAX: u32 = 15;

/// Hashes that no account has, so that a try costs the same with and without one. What they are hashes of is nobody's password.
const DUMMY_ARGON2: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bWFpbnN0YXktbm8tb25l$O1JTHZTmmJJBdOYAjHOmKZ3Z4tWvkMv7nQ1jAZzsMqE";
const DUMMY_BCRYPT: &str = "$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// What a stored hash says to a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is not the one, or there is none.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, but the hash is of an older kind and should be made anew.
    RightButOld,
}

/// Hashes a new password.
///
/// # Errors
/// When the hash can't be computed, which is a fault of ours.
pub(super) async fn make(app: &App, password: &SecretString) -> Result<String> {
    let mut salt = [0; 16];
    app.ports.random.fill(&mut salt);
    let password = password.clone();
    bounded(app, move || {
        let salt = SaltString::encode_b64(&salt)?;
        Ok(hasher()?.hash_password(password.expose_secret().as_bytes(), &salt)?.to_string())
    })
    .await?
    .map_err(|fault: argon2::password_hash::Error| Error::internal(fault.to_string()))
}

/// Compares a password with a stored hash, or with nothing in the same time.
///
/// # Errors
/// When the work can't be done, which is a fault of ours.
pub(super) async fn verify(app: &App, password: &SecretString, stored: Option<String>) -> Result<Verdict> {
    let password = password.clone();
    bounded(app, move || verdict(password.expose_secret().as_bytes(), stored.as_deref())).await
}

fn verdict(password: &[u8], stored: Option<&str>) -> Verdict {
    let old = stored.filter(|hash| hash.starts_with("$2"));
    let new = stored.filter(|hash| hash.starts_with("$argon2"));
    // Both kinds are computed for every failure, so that its time does not tell which kind an account has, or whether there is one.
    let new_right = argon2_matches(password, new.unwrap_or(DUMMY_ARGON2)) && new.is_some();
    if new_right {
        return if new.is_some_and(is_current) { Verdict::Right } else { Verdict::RightButOld };
    }
    let old_right = bcrypt_matches(password, old.unwrap_or(DUMMY_BCRYPT)) && old.is_some();
    if old_right { Verdict::RightButOld } else { Verdict::Wrong }
}

fn argon2_matches(password: &[u8], hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    if hash.params.get_decimal("m").is_none_or(|memory| memory > MEMORY_KIB_MAX) {
        return false;
    }
    Argon2::default().verify_password(password, &hash).is_ok()
}

/// Whether a hash was made as new ones are made now.
fn is_current(hash: &str) -> bool {
    hash.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

/// bcrypt in the spellings `$2a$`, `$2b$` and `$2y$`. It sees 72 bytes of a password at most, as it did where the hash was made.
fn bcrypt_matches(password: &[u8], hash: &str) -> bool {
    let known = ["$2a$", "$2b$", "$2y$"].iter().any(|kind| hash.starts_with(kind));
    let cost = hash.get(4..6).and_then(|cost| cost.parse::<u32>().ok());
    known
        && cost.is_some_and(|cost| cost <= BCRYPT_COST_MAX)
        && bcrypt::verify(password, hash).unwrap_or(false)
}

fn hasher() -> std::result::Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Runs work on a thread that may block, as soon as one of the few places is free. The place goes with the work: a caller who
/// leaves drops this future, but not the hash that is being computed, and its memory is in use until the end.
async fn bounded<T: Send + 'static>(app: &App, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let places = Arc::clone(&app.identity.hashing);
    in_place(places, work).await
}

async fn in_place<T: Send + 'static>(
    places: Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let place = places.acquire_owned().await.map_err(Error::internal)?;
    let work = move || {
        let done = work();
        drop(place);
        done
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argon2(params: Params, password: &[u8]) -> String {
        let salt = SaltString::encode_b64(&[7; 16]).expect("a salt");
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        hasher.hash_password(password, &salt).expect("hashes").to_string()
    }

    #[test]
    fn a_hash_of_today_is_right_and_current() {
        let hash = argon2(Params::new(MEMORY_KIB, PASSES, LANES, None).expect("valid"), b"correct horse");
        assert_eq!(verdict(b"correct horse", Some(&hash)), Verdict::Right);
        assert_eq!(verdict(b"wrong horse", Some(&hash)), Verdict::Wrong);
    }

    #[test]
    fn older_hashes_are_right_but_old() {
        let weak = argon2(Params::new(8, 1, 1, None).expect("valid"), b"correct horse");
        assert_eq!(verdict(b"correct horse", Some(&weak)), Verdict::RightButOld);
        let bcrypt = bcrypt::hash_with_salt("correct horse", 4, [7; 16]).expect("hashes");
        for version in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
            let hash = bcrypt.format_for_version(version);
            assert_eq!(verdict(b"correct horse", Some(&hash)), Verdict::RightButOld, "{hash}");
            assert_eq!(verdict(b"wrong horse", Some(&hash)), Verdict::Wrong, "{hash}");
        }
    }

    #[tokio::test]
    async fn a_caller_who_leaves_keeps_the_place_until_the_work_is_done() {
        let places = Arc::new(Semaphore::new(1));
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let caller = tokio::spawn(in_place(Arc::clone(&places), move || {
            begun.send(()).expect("the test listens");
            may_go_on.recv().expect("the test says when");
        }));
        has_begun.await.expect("begins");
        caller.abort();
        assert!(caller.await.expect_err("is gone").is_cancelled());
        assert_eq!(places.available_permits(), 0, "the work still runs");
        go_on.send(()).expect("the work waits");
        let _place = places.acquire().await.expect("free at last");
    }

    #[test]
    fn dummies_parse_and_no_account_has_them() {
        assert!(PasswordHash::new(DUMMY_ARGON2).is_ok_and(|hash| hash.hash.is_some()));
        assert!(DUMMY_BCRYPT.parse::<bcrypt::HashParts>().is_ok());
        assert_eq!(verdict(b"anything", None), Verdict::Wrong);
    }

    #[test]
    fn nonsense_and_bombs_are_wrong_without_being_computed() {
        for hash in [
            "",
            "x",
            "$2x$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$2b$31$x",
            "$argon2id$v=19$m=4194304,t=2,p=1$bWFpbnN0YXktbm8tb25l$O1JTHZTmmJJBdOYAjHOmKZ3Z4tWvkMv7nQ1jAZzsMqE",
        ] {
            assert_eq!(verdict(b"anything", Some(hash)), Verdict::Wrong, "{hash}");
        }
    }
}
