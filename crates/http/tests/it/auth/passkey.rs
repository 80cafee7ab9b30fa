//! Passkeys over HTTP; what a dishonest authenticator does is tested with the use cases.

use serde_json::{Value, json};

use crate::harness::{Client, Engine, SoftPasskey, TestServer, rendered_metrics};

const NOBODY: &str = "0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4";

/// Both steps of a registration.
async fn register(client: &Client, name: &str) -> (SoftPasskey, Value) {
    let wish = json!({ "display_name": "Ada" });
    let begun = client.post("/v1/auth/passkey/register/start", &wish).await.expect(200).json();
    let (passkey, credential) = SoftPasskey::create(&begun["public_key"]);
    let made = json!({ "ceremony_id": begun["ceremony_id"], "credential": credential, "name": name });
    (passkey, client.post("/v1/auth/passkey/register/finish", &made).await.expect(201).json())
}

/// Both steps of a sign-in; the second one's body, so that it can be sent again.
async fn assertion(client: &Client, passkey: &SoftPasskey) -> Value {
    let begun = client.post("/v1/auth/passkey/login/start", &json!({})).await.expect(200).json();
    json!({ "ceremony_id": begun["ceremony_id"], "credential": passkey.get(&begun["public_key"]) })
}

on_both_engines! {
    async fn idn_2_a_passkey_makes_a_member_and_signs_them_in(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let (passkey, body) = register(&client, "laptop").await;
        assert_eq!(body["passkey"]["name"], "laptop");
        assert_eq!(body["signed_in"]["member"]["display_name"], "Ada");
        assert!(body["signed_in"].get("access_token").is_none());
        client.note("written at once").await;

        client.post("/v1/auth/logout", &json!({})).await.expect(204);
        let proof = assertion(&client, &passkey).await;
        let signed_in = client.post("/v1/auth/passkey/login/finish", &proof).await.expect(200).json();
        assert_eq!(signed_in["member"]["id"], body["signed_in"]["member"]["id"]);
        // The same once more, from wherever.
        client.post("/v1/auth/passkey/login/finish", &proof).await.expect_problem(401, "ceremony_refused");
        let stranger = server.browser();
        let stolen = assertion(&client, &passkey).await;
        stranger.post("/v1/auth/passkey/login/finish", &stolen).await.expect_problem(401, "ceremony_refused");
        let counted = "mainstay_sign_in_refusals_total{route=\"/v1/auth/passkey/login/finish\",code=\"ceremony_refused\"}";
        assert!(rendered_metrics().contains(counted));
    }

    async fn idn_7_passkeys_are_added_renamed_and_removed(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let (_, first) = register(&client, "laptop").await;
        let (_, second) = register(&client, "phone").await;
        assert!(second["signed_in"].is_null());
        assert_eq!(client.me().await["passkeys"], 2);
        let path = |body: &Value| format!("/v1/me/passkeys/{}", body["passkey"]["id"].as_str().expect("an id"));
        let renamed = client.patch(&path(&second), &json!({ "name": "tablet" })).await.expect(200).json();
        assert_eq!(renamed["name"], "tablet");
        let accepted = client.delete(&path(&second)).await.expect(200).json();
        assert_eq!(accepted["rp_id"], "localhost");
        assert_eq!(accepted["accepted_credential_ids"].as_array().expect("a list").len(), 1);
        client.delete(&path(&first)).await.expect_problem(409, "last_way_in");
    }

    async fn a_ceremony_begins_with_a_challenge_and_a_flow_cookie(engine: Engine) {
        let server = TestServer::start(engine).await;
        let client = server.browser();
        let start = client.post("/v1/auth/passkey/login/start", &json!({})).await.expect(200);
        let body = start.json();
        assert!(body["ceremony_id"].is_string() && body["public_key"]["challenge"].is_string());
        assert!(start.set_flow_cookie("mainstay_flow_passkey").is_some());
        let before = client.flow_cookie("mainstay_flow_passkey");
        // A second tab does not disturb the first.
        client.send(client.request("POST", "/v1/auth/passkey/login/start")).await.expect(200);
        assert_eq!(client.flow_cookie("mainstay_flow_passkey"), before);
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
