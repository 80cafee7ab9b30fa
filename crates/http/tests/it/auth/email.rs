//! Mailed codes over HTTP.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Client, Engine, Options, Reply, SoftPasskey, TestServer};

async fn start(client: &Client, email: &str) -> Reply {
    client.post("/v1/auth/email/start", &json!({ "email": email })).await
}

async fn flow(client: &Client, email: &str) -> String {
    start(client, email).await.expect(202).json()["flow_id"].as_str().expect("an id").to_owned()
}

async fn finish(client: &Client, flow: &str, code: &str) -> Reply {
    client.post("/v1/auth/email/finish", &json!({ "flow_id": flow, "code": code })).await
}

async fn sign_in(server: &TestServer, email: &str) -> (Client, Value) {
    let client = server.browser();
    let flow = flow(&client, email).await;
    let body = finish(&client, &flow, &server.mailed_code().await).await.expect(200).json();
    (client, body)
}

on_both_engines! {
    async fn idn_1_a_code_makes_a_member_and_finds_them_again(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (_, first) = sign_in(&server, "ada@example.com").await;
        server.advance(Duration::from_secs(60));
        let (client, second) = sign_in(&server, "ada@example.com").await;
        assert_eq!(first["member"]["id"], second["member"]["id"]);
        assert_eq!(second["member"]["email"], "ada@example.com");
        assert_eq!(second["member"]["role"], "member");
        client.note("signed in").await;
    }

    async fn t_id_03_what_a_client_claims_about_itself_has_no_effect(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (_, victim) = sign_in(&server, "victim@example.com").await;
        server.advance(Duration::from_secs(60));
        let client = server.browser();
        let claims = json!({
            "email": "eve@example.com", "email_verified": true, "role": "operator", "user_id": victim["member"]["id"],
            "member_id": victim["member"]["id"], "id": victim["member"]["id"], "is_admin": true,
        });
        let flow = client.post("/v1/auth/email/start", &claims).await.expect(202).json()["flow_id"].clone();
        let code = server.mailed_code().await;
        let mut proof = claims;
        proof["flow_id"] = flow;
        proof["code"] = json!(code);
        proof["email"] = json!("victim@example.com");
        let body = client.post("/v1/auth/email/finish", &proof).await.expect(200).json();
        assert_eq!(body["member"]["email"], "eve@example.com");
        assert_eq!(body["member"]["role"], "member");
        assert_ne!(body["member"]["id"], victim["member"]["id"]);
        client.get("/v1/operator/audit").await.expect_problem(404, "not_found");
    }

    async fn t_id_13_known_and_unknown_addresses_look_the_same(engine: Engine) {
        let server = TestServer::start(engine).await;
        sign_in(&server, "known@example.com").await;
        server.advance(Duration::from_secs(60));
        let shape = |reply: &Reply| {
            let body = reply.json();
            let fields: Vec<String> = body.as_object().expect("an object").keys().cloned().collect();
            let headers: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
            (reply.status, fields, headers, body["expires_in_seconds"].clone())
        };
        let known = start(&server.browser(), "known@example.com").await;
        let unknown = start(&server.browser(), "unknown@example.com").await;
        assert_eq!(shape(&known), shape(&unknown));
        let register = |email: &str| json!({ "email": email, "password": "correct horse battery" });
        let known = server.browser().post("/v1/auth/register", &register("known@example.com")).await;
        let unknown = server.browser().post("/v1/auth/register", &register("nobody@example.com")).await;
        assert_eq!(shape(&known), shape(&unknown));
        let login = |email: &str| json!({ "email": email, "password": "wrong horse battery" });
        let known = server.browser().post("/v1/auth/login", &login("known@example.com")).await.expect_problem(401, "invalid_credentials").json();
        let unknown = server.browser().post("/v1/auth/login", &login("unknown@example.com")).await.expect_problem(401, "invalid_credentials").json();
        assert_eq!(known["detail"], unknown["detail"]);
    }

    async fn t_id_14_the_host_of_a_request_is_never_believed(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let spoofed = |request: reqwest::RequestBuilder| {
            request
                .header("host", "evil.example")
                .header("x-forwarded-host", "evil.example")
                .header("x-forwarded-proto", "https")
                .header("forwarded", "host=evil.example;proto=https")
                .header("x-original-url", "https://evil.example/")
        };
        let body = json!({ "email": "ada@example.com" });
        let reply = client.send(spoofed(client.request("POST", "/v1/auth/email/start")).json(&body)).await.expect(202);
        assert!(!reply.text().contains("evil"));
        let mails = server.mail().await;
        assert!(!mails.is_empty() && mails.iter().all(|mail| !mail.contains("evil")), "{mails:?}");
        let reply = client.send(spoofed(client.request("GET", "/v1/auth/google/start"))).await.expect(303);
        assert!(!reply.header("location").expect("a target").contains("evil"));
        let reply = client.send(spoofed(client.request("GET", "/v1/auth/google/callback?state=x&code=y"))).await.expect(303);
        assert!(reply.header("location").expect("a target").starts_with("http://localhost:8080/sign-in?error="));
        for path in ["/v1/config", "/", "/v1/openapi.json"] {
            let reply = client.send(spoofed(client.request("GET", path))).await.expect(200);
            assert!(!reply.text().contains("evil.example"), "{path}");
        }
    }

    async fn t_id_15_looking_does_not_spend_and_parallel_posts_spend_once(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let flow = flow(&client, "ada@example.com").await;
        let code = server.mailed_code().await;
        for _ in 0..5 {
            let path = format!("/v1/auth/email/finish?flow_id={flow}&code={code}");
            client.get(&path).await.expect_problem(405, "method_not_allowed");
        }
        let replies = join_all((0..20).map(|_| finish(&client, &flow, &code))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            assert!(matches!(reply.status, 401 | 429), "{reply:?}");
        }
    }

    async fn t_id_16_a_code_of_eleven_minutes_or_of_another_browser_is_refused(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let flow = flow(&client, "ada@example.com").await;
        let code = server.mailed_code().await;
        finish(&server.browser(), &flow, &code).await.expect_problem(401, "invalid_code");
        server.advance(Duration::from_secs(11 * 60));
        finish(&client, &flow, &code).await.expect_problem(401, "invalid_code");
    }

    async fn t_id_16b_spellings_of_an_address_are_one_account_or_refused(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (_, first) = sign_in(&server, "ada@example.com").await;
        server.advance(Duration::from_secs(60));
        let (_, second) = sign_in(&server, " ADA@Example.COM").await;
        assert_eq!(first["member"]["id"], second["member"]["id"]);
        for email in ["ada＠example.com", "аda@example.com", "a@b@example.com", "ada@", "\"ada\"@example.com"] {
            start(&server.browser(), email).await.expect_problem(422, "validation_failed");
        }
    }

    async fn t_id_12_the_answer_to_a_code_lists_what_opens_the_account(engine: Engine) {
        let server = TestServer::start(engine).await;
        let (owner, first) = sign_in(&server, "ada@example.com").await;
        assert_eq!(first["ways_in"]["passkeys"], json!([]));
        assert_eq!(first["ways_in"]["sessions"].as_array().expect("sessions").len(), 1);
        let begun = owner.post("/v1/auth/passkey/register/start", &json!({})).await.expect(200).json();
        let (_, credential) = SoftPasskey::create(&begun["public_key"]);
        let made = json!({ "ceremony_id": begun["ceremony_id"], "credential": credential, "name": "odd one" });
        owner.post("/v1/auth/passkey/register/finish", &made).await.expect(201);
        server.advance(Duration::from_secs(60));
        let (_, again) = sign_in(&server, "ada@example.com").await;
        let ways = &again["ways_in"];
        assert_eq!(ways["passkeys"][0]["name"], "odd one");
        assert_eq!((&ways["identities"], &ways["has_password"]), (&json!([]), &json!(false)));
        let sessions = ways["sessions"].as_array().expect("sessions");
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
        let mails = server.mail().await;
        assert!(mails.iter().any(|mail| mail.contains("passkeys: 1")), "{mails:?}");
        assert!(mails.iter().all(|mail| !mail.contains("odd one")), "{mails:?}");
        // Other ways to sign in answer without it.
        assert!(server.member("bob").await.me().await.get("ways_in").is_none());
    }

    async fn who_signed_in_before_gets_a_code_although_strangers_used_up_theirs(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        let (owner, _) = sign_in(&server, "ada@example.com").await;
        let mark = owner.cookie("mainstay_known").expect("a mark");
        owner.post("/v1/auth/logout", &json!({})).await.expect(204);
        assert_eq!(owner.cookie("mainstay_known"), Some(mark), "it outlives the session");
        while start(&server.browser(), "ada@example.com").await.status == 202 {}
        start(&server.browser(), "ada@example.com").await.expect_problem(429, "rate_limited");
        start(&owner, "ada@example.com").await.expect(202);
        // It is good for that address alone.
        while start(&server.browser(), "bob@example.com").await.status == 202 {}
        start(&owner, "bob@example.com").await.expect_problem(429, "rate_limited");
    }

    async fn t_id_04_a_new_address_is_proven_before_it_counts(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        let begun = ada.post("/v1/me/email/start", &json!({ "email": "ada@example.com" })).await.expect(202).json();
        assert!(ada.me().await["email"].is_null());
        let proof = json!({ "flow_id": begun["flow_id"], "code": server.mailed_code().await });
        let me = ada.post("/v1/me/email/finish", &proof).await.expect(200).json();
        assert_eq!(me["email"], "ada@example.com");
        ada.post("/v1/me/email/finish", &proof).await.expect_problem(401, "invalid_code");
    }
}
