//! The cookies of one actor: by name, without the rules of browsers, since an attacker's program has none.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;
use reqwest::header::{HeaderMap, SET_COOKIE};

/// Cookies by their name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar(Arc<Mutex<BTreeMap<String, String>>>);

impl Jar {
    /// Takes over what an answer sets and takes away.
    pub(crate) fn absorb(&self, headers: &HeaderMap) {
        let mut cookies = self.0.lock();
        for value in headers.get_all(SET_COOKIE) {
            let Some((name, rest)) = value.to_str().ok().and_then(|text| text.split_once('=')) else {
                continue;
            };
            let value = rest.split(';').next().unwrap_or_default();
            let is_over = rest.to_ascii_lowercase().contains("max-age=0") || value.is_empty();
            if is_over {
                cookies.remove(name.trim());
            } else {
                cookies.insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }

    /// What the `Cookie` header says; nothing if there are none.
    pub(crate) fn header(&self) -> Option<String> {
        let cookies = self.0.lock();
        let pairs = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The value of the first cookie whose name ends like this; prefixes depend on the deployment.
    pub(crate) fn ending_with(&self, name: &str) -> Option<(String, String)> {
        let cookies = self.0.lock();
        cookies.iter().find(|(key, _)| key.ends_with(name)).map(|(key, value)| (key.clone(), value.clone()))
    }

    /// Takes another jar's cookies too.
    pub(crate) fn add(&self, other: &Self) {
        let others = other.0.lock().clone();
        self.0.lock().extend(others);
    }

    pub(crate) fn set(&self, name: &str, value: &str) {
        self.0.lock().insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn remove(&self, name: &str) {
        self.0.lock().remove(name);
    }

    /// Another jar with the same cookies: a thief's copy.
    pub(crate) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().clone())))
    }
}
