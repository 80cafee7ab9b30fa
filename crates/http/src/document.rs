//! Bytes that stay the same for a while and are answered with an entity tag, compressed once.

use std::sync::OnceLock;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderMap, HeaderValue},
};
use bytes::Bytes;
use mainstay_services::crypto::{encode, sha256};

/// Not worth the bytes of the header below this.
const COMPRESSED_BYTES_MIN: usize = 1024;
/// Of 11; the higher ones take seconds for a large script.
const BROTLI_QUALITY: u32 = 9;
const BROTLI_WINDOW_BITS: u32 = 22;

/// A coding of content that browsers take (RFC 9110, 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Plain,
    Gzip,
    Brotli,
}

/// A document that is served from memory.
pub(crate) struct Document {
    content_type: &'static str,
    cache_control: HeaderValue,
    tag: String,
    plain: Bytes,
    gzip: OnceLock<Option<Bytes>>,
    brotli: OnceLock<Option<Bytes>>,
}

impl Document {
    pub(crate) fn new(content_type: &'static str, cache_control: &str, bytes: impl Into<Bytes>) -> Self {
        let plain = bytes.into();
        Self {
            content_type,
            cache_control: HeaderValue::from_str(cache_control)
                .unwrap_or(HeaderValue::from_static("no-store")),
            tag: encode(&sha256(&plain)[..15]),
            plain,
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
        }
    }

    /// The answer to a request for it: whole, compressed, or that the client has it already.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let headers = request.headers();
        let (coding, bytes) = self.coded(headers);
        let tag = match coding {
            Coding::Plain => format!("\"{}\"", self.tag),
            Coding::Gzip => format!("\"{}-g\"", self.tag),
            Coding::Brotli => format!("\"{}-b\"", self.tag),
        };
        let mut response = if has_tag(headers, &self.tag) {
            // With its type, by which the edge knows a page's policy: a browser lays the headers of a 304 over what it kept.
            HttpResponse::NotModified().content_type(self.content_type).finish()
        } else {
            let mut response = HttpResponse::Ok().content_type(self.content_type).body(bytes);
            match coding {
                Coding::Plain => {}
                Coding::Gzip => {
                    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                }
                Coding::Brotli => {
                    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
                }
            }
            response
        };
        let answer = response.headers_mut();
        if let Ok(tag) = HeaderValue::try_from(tag) {
            answer.insert(header::ETAG, tag);
        }
        answer.insert(header::CACHE_CONTROL, self.cache_control.clone());
        answer.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        response
    }

    /// Compresses it now, for whoever asks next.
    pub(crate) fn compress(&self) {
        if is_text(self.content_type) {
            self.brotli.get_or_init(|| brotli(&self.plain));
            self.gzip.get_or_init(|| gzip(&self.plain));
        }
    }

    fn coded(&self, headers: &HeaderMap) -> (Coding, Bytes) {
        if self.plain.len() >= COMPRESSED_BYTES_MIN && is_text(self.content_type) {
            if accepts(headers, "br")
                && let Some(bytes) = self.brotli.get_or_init(|| brotli(&self.plain))
            {
                return (Coding::Brotli, bytes.clone());
            }
            if accepts(headers, "gzip")
                && let Some(bytes) = self.gzip.get_or_init(|| gzip(&self.plain))
            {
                return (Coding::Gzip, bytes.clone());
            }
        }
        (Coding::Plain, self.plain.clone())
    }

    /// Whether compressing for the first time would take noticeable time.
    pub(crate) fn is_slow(&self) -> bool {
        self.plain.len() > 16 * COMPRESSED_BYTES_MIN
            && is_text(self.content_type)
            && self.gzip.get().is_none()
    }
}

fn is_text(content_type: &str) -> bool {
    content_type.starts_with("text/")
        || ["json", "xml", "wasm", "javascript"].iter().any(|word| content_type.contains(word))
}

/// Whether a coding is accepted: named, and not with a weight of zero.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            name.trim().eq_ignore_ascii_case(coding) && weight != Some(0.0)
        })
}

/// Whether the client has this document in whatever coding (RFC 9110, 13.1.2).
fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|item| item.trim().trim_start_matches("W/").trim_matches('"'))
        .any(|item| item == "*" || item == tag || item.strip_suffix(['g', 'b']) == Some(&format!("{tag}-")))
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().filter(|coded| coded.len() < plain.len()).map(Bytes::from)
}

fn brotli(plain: &[u8]) -> Option<Bytes> {
    use std::io::Write;
    let mut coded = Vec::new();
    {
        let mut encoder = brotli::CompressorWriter::new(&mut coded, 4096, BROTLI_QUALITY, BROTLI_WINDOW_BITS);
        encoder.write_all(plain).ok()?;
    }
    (coded.len() < plain.len()).then(|| Bytes::from(coded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_and_tags_are_read_as_written() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip;q=1.0, br;q=0"));
        assert!(accepts(&headers, "gzip") && !accepts(&headers, "br"));
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"x\", W/\"abc-b\""));
        assert!(has_tag(&headers, "abc") && !has_tag(&headers, "ab"));
    }

    #[test]
    fn what_was_compressed_is_smaller() {
        let text = "Mainstay ".repeat(500);
        assert!(brotli(text.as_bytes()).expect("smaller").len() < text.len());
        assert!(gzip(text.as_bytes()).expect("smaller").len() < text.len());
    }
}
