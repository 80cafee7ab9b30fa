//! The trips to Google and Apple over HTTP; the protocol with the providers is tested where it is spoken.

use reqwest::Url;
use serde_json::json;

use crate::harness::{Client, Engine, Options, Reply, TestServer};

async fn start(client: &Client, provider: &str, query: &str) -> String {
    let reply = client.get(&format!("/v1/auth/{provider}/start?{query}")).await.expect(303);
    let target = Url::parse(reply.header("location").expect("a target")).expect("a URL");
    let state = target.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    assert!(target.query_pairs().any(|(name, _)| name == "code_challenge"));
    state
}

/// Apple's browser comes back by a form on Apple's page, without `Lax` cookies.
async fn post_from_apple(server: &TestServer, flow_cookie: Option<&str>, state: &str) -> Reply {
    let browser = server.native();
    let form = format!("state={state}&code=ada-at-apple&user=%7B%22name%22%3A%7B%7D%7D");
    let mut request = browser
        .request("POST", "/v1/auth/apple/callback")
        .header("origin", "https://appleid.apple.com")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    if let Some(cookie) = flow_cookie {
        request = request.header("cookie", cookie);
    }
    browser.send(request).await.expect(303)
}

fn target(reply: &Reply) -> &str {
    reply.header("location").expect("a target")
}

on_both_engines! {
    async fn idn_2_google_signs_in_and_returns_to_where_it_began(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let state = start(&client, "google", "return_to=/account").await;
        let back = client.get(&format!("/v1/auth/google/callback?state={state}&code=ada-at-google")).await.expect(303);
        assert_eq!(target(&back), "http://localhost:8080/account");
        assert!(client.flow_cookie("mainstay_flow_google").is_none());
        assert_eq!(client.me().await["identities"][0]["provider"], "google");
    }

    async fn obs_1_what_a_provider_is_asked_belongs_to_the_request_that_asked(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let state = start(&client, "google", "").await;
        let path = format!("/v1/auth/google/callback?state={state}&code=ada-at-google");
        let request = client.request("GET", &path).header("x-request-id", "find-me-0123456789");
        client.send(request).await.expect(303);
        // The tests' provider calls people by the request in which it is asked about them.
        assert_eq!(client.me().await["display_name"], "find-me-0123456789");
    }

    async fn idn_3_a_state_works_once_and_only_where_it_was_made(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let state = start(&client, "google", "").await;
        let path = format!("/v1/auth/google/callback?state={state}&code=ada-at-google");
        let elsewhere = server.browser().get(&path).await.expect(303);
        assert_eq!(target(&elsewhere), "http://localhost:8080/sign-in?error=oauth_state_refused");
        assert!(elsewhere.set_cookie("mainstay_access").is_none());
        let denied = server.browser();
        let other = start(&denied, "google", "").await;
        let back = denied.get(&format!("/v1/auth/google/callback?state={other}&error=access_denied")).await.expect(303);
        assert!(target(&back).starts_with("http://localhost:8080/sign-in?error="));
        denied.get("/v1/auth/me").await.expect(401);
        let again = client.get(&path).await.expect(303);
        let once_more = client.get(&path).await.expect(303);
        assert_eq!(target(&once_more), "http://localhost:8080/sign-in?error=oauth_state_refused");
        // The stranger's try may have spent it; nobody got in twice.
        assert!(again.set_cookie("mainstay_access").is_none() || once_more.set_cookie("mainstay_access").is_none());
    }

    async fn idn_3_two_tabs_that_start_at_once_do_not_disturb_each_other(engine: Engine) {
        let server = TestServer::start(engine).await;
        // Neither start has seen the other's cookie yet.
        let (one, two) = (server.browser(), server.browser());
        let (first, second) = (start(&one, "google", "").await, start(&two, "google", "").await);
        let cookies = [one, two].map(|tab| tab.flow_cookie("mainstay_flow_google").expect("a cookie")).join("; ");
        for (state, person) in [(first, "ada"), (second, "bob")] {
            let browser = server.native();
            let path = format!("/v1/auth/google/callback?state={state}&code={person}");
            let back = browser.send(browser.request("GET", &path).header("cookie", &cookies)).await.expect(303);
            assert!(back.set_cookie("mainstay_access").is_some(), "{}", target(&back));
        }
    }

    async fn t_id_08_apples_form_works_once_with_only_the_flow_cookie(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let state = start(&client, "apple", "return_to=/account").await;
        let flow = client.flow_cookie("mainstay_flow_apple").expect("a cookie");
        let back = post_from_apple(&server, Some(&flow), &state).await;
        assert_eq!(target(&back), "http://localhost:8080/account");
        assert!(back.set_cookie("mainstay_access").is_some());
        assert!(back.set_flow_cookie("mainstay_flow_apple").expect("cleared").contains("Max-Age=0"));
        let again = post_from_apple(&server, Some(&flow), &state).await;
        assert_eq!(target(&again), "http://localhost:8080/sign-in?error=oauth_state_refused");
        assert!(again.set_cookie("mainstay_access").is_none());
    }

    async fn t_id_08_another_browsers_or_providers_state_is_refused(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (client, other) = (server.browser(), server.browser());
        let state = start(&client, "apple", "").await;
        start(&other, "apple", "").await;
        let stranger = other.flow_cookie("mainstay_flow_apple").expect("a cookie");
        for cookie in [None, Some(stranger.as_str()), Some("nonsense")] {
            let reply = post_from_apple(&server, cookie, &state).await;
            assert_eq!(target(&reply), "http://localhost:8080/sign-in?error=oauth_state_refused");
            assert!(reply.set_cookie("mainstay_access").is_none());
        }
        let googles = start(&client, "google", "").await;
        let cookie = client.flow_cookie("mainstay_flow_google").expect("a cookie");
        let reply = post_from_apple(&server, Some(&cookie), &googles).await;
        assert_eq!(target(&reply), "http://localhost:8080/sign-in?error=oauth_state_refused");
    }

    async fn t_bi_05_a_return_leads_to_this_site_only(engine: Engine) {
        let server = TestServer::start(engine).await;
        for path in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%0d%0aSet-Cookie:x=y"] {
            let client = server.browser();
            let query = reqwest::Url::parse_with_params("http://x/", [("return_to", path)]).expect("a URL");
            let reply = client.get(&format!("/v1/auth/google/start?{}", query.query().expect("a query"))).await;
            if reply.status != 303 {
                reply.expect(422);
                continue;
            }
            let target_url = Url::parse(target(&reply)).expect("a URL");
            let state = target_url.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
            let back = client.get(&format!("/v1/auth/google/callback?state={state}&code=x")).await.expect(303);
            assert!(target(&back).starts_with("http://localhost:8080/"), "{path}: {}", target(&back));
            assert_eq!(Url::parse(target(&back)).expect("a URL").origin().ascii_serialization(), "http://localhost:8080");
        }
    }

    async fn idn_5_linking_needs_a_session_and_a_link_on_our_own_page(engine: Engine) {
        let server = TestServer::start(engine).await;
        server.browser().get("/v1/auth/google/start?link=true").await.expect_problem(401, "unauthenticated");
        let ada = server.member("ada").await;
        let foreign = ada.request("GET", "/v1/auth/google/start?link=true");
        // A page elsewhere sends the member's browser here.
        let cookie = format!("mainstay_access={}", ada.cookie("mainstay_access").expect("a cookie"));
        drop(foreign);
        let victim = server.native();
        for site in ["cross-site", "same-site", "none"] {
            let request = victim.request("GET", "/v1/auth/google/start?link=true").header("cookie", &cookie);
            let request = request.header("sec-fetch-site", site).header("referer", "https://evil.example/");
            victim.send(request).await.expect_problem(403, "origin_refused");
        }
        let state = start(&ada, "google", "link=true&return_to=/account").await;
        let back = ada.get(&format!("/v1/auth/google/callback?state={state}&code=ada-at-google")).await.expect(303);
        assert_eq!(target(&back), "http://localhost:8080/account");
        let me = ada.me().await;
        assert_eq!(me["identities"].as_array().expect("a list").len(), 1);
        assert_eq!(me["display_name"], "ada");
    }

    async fn idn_2_a_provider_that_is_off_says_so(engine: Engine) {
        let mut options = Options::dev();
        options.capabilities = crate::harness::capabilities_without(&[mainstay_services::Capability::AppleOauth]);
        let server = TestServer::start_with(engine, options).await;
        let problem = server.browser().get("/v1/auth/apple/start").await.expect_problem(503, "capability_unavailable").json();
        assert_eq!(problem["capability"], "apple_oauth");
        let social = json!({ "provider": "myspace", "id_token": "x" });
        server.browser().post("/v1/auth/social_login", &social).await.expect_problem(422, "validation_failed");
    }
}
