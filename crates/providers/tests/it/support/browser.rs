//! The browser's part of a sign-in: follows redirects with cookies until something is for the relying party.

use std::collections::BTreeMap;

use reqwest::{StatusCode, header, redirect::Policy};
use url::Url;

/// What the browser brings back to the redirect URI: from its query, or from a form that submits itself there.
pub(crate) async fn sign_in(start: Url, redirect_uri: &str) -> BTreeMap<String, String> {
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
    let mut cookies = BTreeMap::new();
    let mut url = start;
    for _ in 0..8 {
        let jar =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let answer = http.get(url.clone()).header(header::COOKIE, jar).send().await.expect("an answer");
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a pair");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let Some(location) = answer.headers().get(header::LOCATION) else {
            assert_eq!(answer.status(), StatusCode::OK, "{url}");
            return form(&answer.text().await.expect("a page"), redirect_uri);
        };
        url = url.join(location.to_str().expect("text")).expect("a URL");
        if url.as_str().starts_with(redirect_uri) {
            return url.query_pairs().into_owned().collect();
        }
    }
    panic!("too many redirects");
}

fn form(page: &str, action: &str) -> BTreeMap<String, String> {
    assert!(page.contains(&format!("action=\"{action}\"")), "{page}");
    let fields = page.split("name=\"").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once('"')?;
        let (value, _) = rest.strip_prefix(" value=\"")?.split_once('"')?;
        Some((name.to_owned(), plain(value)))
    });
    fields.collect()
}

fn plain(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
