//! A `Set-Cookie` header with its attributes (RFC 6265bis).

use std::collections::BTreeMap;

use crate::client::Answer;

/// A cookie as it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetCookie {
    pub(crate) name: String,
    /// By name in lower case.
    attributes: BTreeMap<String, String>,
}

impl SetCookie {
    /// What an answer sets, without what it takes away.
    pub(crate) fn all(answer: &Answer) -> Vec<Self> {
        answer.all("set-cookie").into_iter().filter_map(Self::parse).collect()
    }

    fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let attributes = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect::<BTreeMap<_, _>>();
        let is_over = value.is_empty() || attributes.get("max-age").is_some_and(|age| age == "0");
        (!is_over).then(|| Self { name: name.trim().to_owned(), attributes })
    }

    pub(crate) fn is_http_only(&self) -> bool {
        self.attributes.contains_key("httponly")
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.attributes.contains_key("secure")
    }

    /// `lax`, `strict`, `none`, or nothing when the browser decides.
    pub(crate) fn same_site(&self) -> Option<String> {
        self.attributes.get("samesite").map(|value| value.to_ascii_lowercase())
    }

    /// Whether browsers send it with a form of another site.
    pub(crate) fn crosses_sites(&self) -> bool {
        !matches!(self.same_site().as_deref(), Some("lax" | "strict"))
    }
}

#[cfg(test)]
mod tests {
    use super::SetCookie;

    #[test]
    fn attributes_are_read_in_any_case_and_an_end_is_no_cookie() {
        let cookie = SetCookie::parse("sid=1; Path=/; HTTPONLY; samesite=Lax").unwrap();
        assert!(cookie.is_http_only() && !cookie.is_secure() && !cookie.crosses_sites());
        assert!(SetCookie::parse("sid=1").unwrap().crosses_sites());
        assert_eq!(SetCookie::parse("sid=; Path=/"), None);
        assert_eq!(SetCookie::parse("sid=x; Max-Age=0"), None);
    }
}
