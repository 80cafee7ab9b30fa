//! Passkey ceremonies over HTTP; authenticators themselves are tested with the use cases.

use serde_json::json;

use crate::harness::{Engine, TestServer};

const NOBODY: &str = "0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4";

on_both_engines! {
    async fn a_ceremony_begins_with_a_challenge_and_a_flow_cookie(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let start = client.post("/v1/auth/passkey/login/start", &json!({})).await.expect(200);
        let body = start.json();
        assert!(body["ceremony_id"].is_string() && body["public_key"]["challenge"].is_string());
        assert!(start.set_cookie("mainstay_flow_passkey").is_some());
        let before = client.cookie("mainstay_flow_passkey");
        // A second tab does not disturb the first.
        client.send(client.request("POST", "/v1/auth/passkey/login/start")).await.expect(200);
        assert_eq!(client.cookie("mainstay_flow_passkey"), before);
        let wish = json!({ "display_name": "Ada", "language": "en" });
        let body = client.post("/v1/auth/passkey/register/start", &wish).await.expect(200).json();
        assert_eq!(body["public_key"]["rp"]["id"], "localhost");
    }

    async fn t_id_11_what_was_not_started_here_is_refused(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let credential = json!({
            "id": "AAAA", "rawId": "AAAA", "type": "public-key", "clientExtensionResults": {},
            "response": { "clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA", "userHandle": null },
        });
        let body = json!({ "ceremony_id": NOBODY, "credential": credential });
        client.post("/v1/auth/passkey/login/finish", &body).await.expect_problem(401, "ceremony_refused");
        let begun = client.post("/v1/auth/passkey/login/start", &json!({})).await.expect(200).json();
        let body = json!({ "ceremony_id": begun["ceremony_id"], "credential": credential });
        server.browser().post("/v1/auth/passkey/login/finish", &body).await.expect_problem(401, "ceremony_refused");
    }

    async fn a_stale_session_does_not_make_a_second_account(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        ada.forget_cookie("mainstay_access");
        ada.post("/v1/auth/passkey/register/start", &json!({})).await.expect_problem(401, "unauthenticated");
    }

    async fn t_id_12_adding_a_passkey_needs_a_recent_sign_in(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        ada.post("/v1/auth/passkey/register/start", &json!({})).await.expect(200);
        server.advance(mainstay_services::limits::RECENT_SIGN_IN);
        ada.post("/v1/auth/passkey/register/start", &json!({})).await.expect_problem(403, "recent_sign_in_required");
        assert_eq!(ada.get("/v1/me/passkeys").await.expect(200).json(), json!({ "items": [] }));
    }
}
