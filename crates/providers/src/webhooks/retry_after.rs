//! `Retry-After` in both of its forms (RFC 9110, 10.2.3). What is neither asks for nothing.

use std::time::{Duration, UNIX_EPOCH};

use mainstay_model::Timestamp;
use mainstay_services::ports::RetryAfter;
use reqwest::header::{HeaderMap, RETRY_AFTER};

pub(super) fn read(headers: &HeaderMap) -> Option<RetryAfter> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than any number holds is for ever.
        return Some(RetryAfter::Delay(Duration::from_secs(text.parse().unwrap_or(u64::MAX))));
    }
    let moment = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(RetryAfter::Moment(Timestamp::from_seconds(i64::try_from(moment.as_secs()).ok()?)))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn read_text(text: &str) -> Option<RetryAfter> {
        let value = HeaderValue::from_str(text).expect("a value");
        read(&HeaderMap::from_iter([(RETRY_AFTER, value)]))
    }

    #[test]
    fn both_forms_are_read() {
        let delay = |seconds| Some(RetryAfter::Delay(Duration::from_secs(seconds)));
        assert_eq!((read_text("120"), read_text(" 0 ")), (delay(120), delay(0)));
        assert_eq!(read_text("99999999999999999999999"), delay(u64::MAX));
        // The preferred form of a date, and both obsolete ones that must be read (RFC 9110, 5.6.7).
        let moment = Some(RetryAfter::Moment(Timestamp::from_seconds(784_111_777)));
        for date in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(read_text(date), moment, "{date}");
        }
    }

    #[test]
    fn what_is_neither_asks_for_nothing() {
        for text in [
            "",
            "-1",
            "1.5",
            "+5",
            "soon",
            "120, 240",
            "2027-01-15T08:00:00Z",
            "Fri, 31 Dec 1965 23:59:59 GMT",
        ] {
            assert_eq!(read_text(text), None, "{text}");
        }
        assert_eq!(read(&HeaderMap::new()), None);
    }
}
