//! T-OP-11: what is secret or personal is in no log line, no metric and no refusal (SEC-10).

use serde_json::json;

use crate::harness::{Engine, Options, TEST_AUTH, TestServer, logged, rendered_metrics};

on_both_engines! {
    async fn t_op_11_canaries_are_found_nowhere(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        let canary = |kind: &str| format!("canary-{kind}-{engine:?}-7f3a9b");
        let (mail, password) = (format!("{}@example.com", canary("mail").to_lowercase()), canary("password"));
        let (token, cookie, card) = (canary("token"), canary("cookie"), "4242424242424242");
        let ada = server.member("ada").await;
        let native = server.native_member("bob").await;
        let mut replies = Vec::new();

        for route in mainstay_http::access::ROUTES {
            let path = route.path.replace(['{', '}'], "");
            let path = format!("{path}?email={mail}&token={token}&card={card}");
            let body = json!({
                "email": mail, "password": password, "text": card, "refresh_token": token, "id_token": token,
                "provider": "google", "code": token, "flow_id": token, "credential": { "id": token }, "identity": card,
            });
            for client in [&server.native(), &ada] {
                let request = client
                    .request(route.method, &path)
                    .header("x-test-auth", &token)
                    .header("user-agent", &token)
                    .header("referer", format!("https://example.com/?token={token}"));
                let request = if route.method == "GET" { request } else { request.json(&body) };
                replies.push(client.send(request).await);
            }
            let anybody = server.native();
            let request = anybody.request(route.method, &path).header("cookie", format!("mainstay_access={cookie}; x={cookie}"));
            replies.push(anybody.send(request).await);
            replies.push(anybody.send(anybody.request(route.method, &path).bearer_auth(&token)).await);
        }
        server.native().get(&format!("/v1/{token}")).await;
        let flow = server.browser();
        let second = format!("second-{mail}");
        flow.post("/v1/auth/email/start", &json!({ "email": second })).await.expect(202);
        let code = server.mailed_code().await;

        let log = logged();
        assert!(log.contains("http.request"), "the log is empty");
        let places = [("log", log), ("metrics", rendered_metrics())];
        let secrets = [mail.as_str(), &second, &password, &token, &cookie, card, &code, TEST_AUTH, &native.access_token(), &native.refresh_token()];
        for (place, text) in &places {
            for secret in secrets {
                assert!(!text.contains(secret), "{secret} is in the {place}: {}", around(text, secret));
            }
        }
        for reply in replies.iter().filter(|reply| reply.status >= 400) {
            for secret in [&password, &token, &cookie, &mail] {
                assert!(!reply.text().contains(secret.as_str()), "{reply:?}");
            }
        }
    }

    async fn sec_9_refusals_tell_nothing_from_inside(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.native_member("ada").await;
        server.app.store.close().await;
        let reply = ada.get("/v1/notes").await;
        assert!(matches!(reply.status, 500 | 503), "{reply:?}");
        let text = reply.text().to_lowercase();
        for word in ["sql", "select", "pool", "stack", "panicked", ".rs", "postgres", "thread"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        let id = reply.header("x-request-id").expect("an id").to_owned();
        let line = logged().lines().find(|line| line.contains("http.failed") && line.contains(&id)).map(str::to_owned);
        assert!(line.is_some_and(|line| line.contains("cause")), "the cause is not in the log");
    }

    async fn obs_1_one_line_says_who_did_what_and_how_it_ended(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        let id = format!("find-me-{engine:?}");
        let note = ada.note("x").await;
        let request = ada.request("GET", &format!("/v1/notes/{note}?secret=1")).header("x-request-id", &id);
        ada.send(request).await.expect(200);
        let member = ada.id().await;
        let log = logged();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains("http.request") && line.contains(&id)).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        for part in ["\"route\":\"/v1/notes/{note_id}\"", "\"status\":200", "latency_us", &member] {
            assert!(lines[0].contains(part), "{part}: {}", lines[0]);
        }
        assert!(!lines[0].contains(&note) && !lines[0].contains("secret"));
    }
}

fn around(text: &str, secret: &str) -> String {
    text.lines().find(|line| line.contains(secret)).unwrap_or_default().to_owned()
}
