//! Refreshing over HTTP.

use futures::future::join_all;
use serde_json::json;

use crate::harness::{Engine, TestServer};

on_both_engines! {
    async fn a_browser_refreshes_by_cookie_and_token(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.member("ada").await;
        let before = client.cookie("mainstay_refresh").expect("a cookie");
        client.forget_cookie("mainstay_access");
        client.get("/v1/auth/me").await.expect_problem(401, "unauthenticated");
        let reply = client.send(client.request("POST", "/v1/auth/refresh")).await.expect(200);
        assert!(reply.json().get("refresh_token").is_none());
        assert_eq!(reply.set_cookies().len(), 3);
        assert_ne!(client.cookie("mainstay_refresh").expect("a cookie"), before);
        client.me().await;
    }

    async fn t_op_06_a_refresh_by_cookie_needs_the_token(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.member("ada").await;
        let of = |name: &str| format!("{name}={}", client.cookie(name).expect("a cookie"));
        let cookie = format!("{}; {}", of("mainstay_refresh"), of("mainstay_session"));
        let page = server.browser();
        let request = page.request("POST", "/v1/auth/refresh").header("cookie", &cookie);
        page.send(request).await.expect_problem(403, "csrf_refused");
        let request = page.request("POST", "/v1/auth/refresh").header("cookie", &cookie).header("x-csrf-token", "guess");
        page.send(request).await.expect_problem(403, "csrf_refused");
        client.send(client.request("POST", "/v1/auth/refresh")).await.expect(200);
    }

    /// A sister site plants its own refresh cookie with a longer path, so that it comes first; it can't plant the one that names
    /// the session.
    async fn ses_4_a_planted_refresh_cookie_puts_nobody_into_another_session(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (victim, attacker) = (server.member("ada").await, server.member("mallory").await);
        let of = |name: &str| victim.cookie(name).expect("a cookie");
        let planted = attacker.cookie("mainstay_refresh").expect("a cookie");
        let page = server.browser();
        let csrf = |cookies: String| page.send(page.request("GET", "/v1/auth/csrf").header("cookie", cookies));
        // Without the victim's own cookies there is no session at all, and with them it stays the victim's.
        csrf(format!("mainstay_refresh={planted}")).await.expect_problem(401, "unauthenticated");
        csrf(format!("mainstay_refresh={planted}; mainstay_session={}", of("mainstay_session")))
            .await
            .expect_problem(401, "unauthenticated");
        for first in [planted.as_str(), "rubbish"] {
            let cookies = format!(
                "mainstay_refresh={first}; mainstay_refresh={}; mainstay_session={}",
                of("mainstay_refresh"),
                of("mainstay_session")
            );
            let told = csrf(cookies).await.expect(200).json()["csrf_token"].clone();
            assert_eq!(told, victim.csrf_token().as_str());
        }
    }

    async fn t_id_17_twenty_parallel_refreshes_are_one_generation(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.native_member("ada").await;
        let body = json!({ "refresh_token": client.refresh_token() });
        let replies = join_all((0..20).map(|_| client.post("/v1/auth/refresh", &body))).await;
        let mut tokens: Vec<String> = replies
            .into_iter()
            .map(|reply| reply.expect(200).json()["refresh_token"].as_str().expect("a token").to_owned())
            .collect();
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 1);
    }

    async fn t_id_18_a_replayed_predecessor_ends_the_family(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.native_member("ada").await;
        let stolen = client.refresh_token();
        client.post("/v1/auth/refresh", &json!({ "refresh_token": stolen })).await.expect(200);
        client.me().await;
        server.advance(std::time::Duration::from_secs(30));
        let thief = server.native();
        thief.post("/v1/auth/refresh", &json!({ "refresh_token": stolen })).await.expect_problem(401, "refresh_reused");
        client.get("/v1/auth/me").await.expect_problem(401, "session_ended");
        let newest = json!({ "refresh_token": client.refresh_token() });
        client.post("/v1/auth/refresh", &newest).await.expect(401);
    }

    async fn a_session_that_is_over_takes_its_cookies_with_it(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (laptop, phone) = (server.member("ada").await, server.member("ada").await);
        phone.delete("/v1/me/sessions").await.expect(204);
        let reply = laptop.send(laptop.request("POST", "/v1/auth/refresh")).await.expect(401);
        assert_eq!(reply.set_cookies().len(), 3);
        assert!(laptop.cookie("mainstay_refresh").is_none());
        server.browser().send(server.browser().request("POST", "/v1/auth/refresh")).await.expect_problem(401, "unauthenticated");
    }
}
