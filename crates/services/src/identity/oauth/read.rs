//! Reading what browsers and providers send along: nothing here is signed, so little of it is believed.

use serde::Deserialize;

/// A path to return to, in characters.
const RETURN_TO_CHARS_MAX: usize = 512;

/// The member said no: `access_denied` (RFC 6749, 4.1.2.1), or Apple's own word for it.
pub(super) const DENIED_BY_MEMBER: &str = "denied_by_member";

/// Why a trip ended without a code, for the audit trail.
pub(super) fn denial(word: &str) -> &'static str {
    match word {
        "access_denied" | "user_cancelled_authorize" => DENIED_BY_MEMBER,
        _ => "denied_by_provider",
    }
}

/// A path that stays on this site. Browsers read `//host` and `/\host` as another site, and drop tabs and line feeds first.
pub(super) fn local_path(path: Option<&str>) -> &str {
    path.filter(|path| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && !path.chars().any(char::is_control)
            && path.chars().count() <= RETURN_TO_CHARS_MAX
    })
    .unwrap_or("/")
}

/// The name in Apple's `user` field, which comes once and is signed by nobody; the address beside it is never looked at.
pub(super) fn posted_name(user: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct User {
        name: Option<Name>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Name {
        #[serde(default)]
        first_name: String,
        #[serde(default)]
        last_name: String,
    }
    let name = serde_json::from_str::<User>(user).ok()?.name?;
    Some(format!("{} {}", name.first_name.trim(), name.last_name.trim()).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_paths_are_returned_to() {
        for path in ["/", "/notes", "/notes?tab=1#two", "/a//b"] {
            assert_eq!(local_path(Some(path)), path);
        }
        let long = format!("/{}", "a".repeat(RETURN_TO_CHARS_MAX));
        for path in [
            "",
            "notes",
            "//evil.example",
            "/\\evil.example",
            "/a\\b",
            "https://evil.example",
            "/\t/evil.example",
            "/\n",
            &long,
        ] {
            assert_eq!(local_path(Some(path)), "/", "{path:?}");
        }
        assert_eq!(local_path(None), "/");
    }

    #[test]
    fn a_posted_name_is_read_and_nothing_else() {
        let user = r#"{"name":{"firstName":" Ada ","lastName":"Lovelace"},"email":"evil@example.com"}"#;
        assert_eq!(posted_name(user).as_deref(), Some("Ada Lovelace"));
        assert_eq!(posted_name(r#"{"name":{"firstName":"Ada"}}"#).as_deref(), Some("Ada"));
        assert_eq!(posted_name(r#"{"email":"evil@example.com"}"#), None);
        assert_eq!(posted_name("no JSON"), None);
    }
}
