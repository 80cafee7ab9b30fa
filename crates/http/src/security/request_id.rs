//! The id by which a request is found again in logs, problems and the audit trail (OBS-1).

use actix_web::http::header::{HeaderMap, HeaderName};
use mainstay_services::App;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CHARS_MIN: usize = 8;
const CHARS_MAX: usize = 64;

/// The caller's own id when it is well formed (8 to 64 of `A–Z a–z 0–9 - _ .`), a new one otherwise.
pub(crate) fn request_id(headers: &HeaderMap, app: &App) -> String {
    headers
        .get(X_REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|text| is_well_formed(text))
        .map_or_else(|| app.new_uuid().to_string(), str::to_owned)
}

fn is_well_formed(text: &str) -> bool {
    (CHARS_MIN..=CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_taken_over() {
        assert!(is_well_formed("0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4"));
        for text in
            ["", "short", "with space in it", "line\nfeed12", "<script>alert</script>", &"x".repeat(65)]
        {
            assert!(!is_well_formed(text), "{text:?}");
        }
    }
}
