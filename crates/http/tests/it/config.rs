//! What a client needs to know (CFG-7), and the key set.

use crate::harness::{Engine, Options, TEST_AUTH, TestServer};

on_both_engines! {
    async fn cfg_7_config_is_complete_cacheable_and_holds_no_secret(engine: Engine) {
        let mut options = Options::dev();
        options.http.api_bases = ["https://a.example.com", "https://b.example.com/api"].map(|base| base.parse().expect("a URL")).to_vec();
        let server = TestServer::start_with(engine, options).await;
        let anybody = server.native();
        let reply = anybody.get("/v1/config").await.expect(200);
        let config = reply.json();
        assert_eq!(config["api_bases"], serde_json::json!(["https://a.example.com", "https://b.example.com/api"]));
        assert_eq!(config["environment"], "dev");
        assert_eq!(config["providers"]["google"]["client_id"], "client-of-the-tests");
        assert_eq!(config["passkey"]["rp_id"], "localhost");
        assert_eq!(config["languages"], serde_json::json!(["en", "he", "ar", "ru", "es"]));
        assert_eq!(config["limits"]["note_text_chars_max"], 20_000);
        assert!(config["capabilities"]["passkey"]["enabled"].as_bool().expect("a flag"));
        assert!(!reply.text().contains(TEST_AUTH));

        assert_eq!(reply.header("cache-control"), Some("public, max-age=60"));
        let tag = reply.header("etag").expect("a tag").to_owned();
        let again = anybody.send(anybody.request("GET", "/v1/config").header("if-none-match", &tag)).await.expect(304);
        assert!(again.bytes.is_empty());
        assert_eq!(anybody.get("/v1/public/config").await.expect(200).json(), config);
    }

    async fn idn_10_the_key_set_verifies_and_holds_no_private_part(engine: Engine) {
        let server = TestServer::start(engine).await;
        let set = server.native().get("/.well-known/jwks.json").await.expect(200).json();
        let keys = set["keys"].as_array().expect("keys");
        assert!(!keys.is_empty());
        for key in keys {
            assert!(key["kid"].is_string() && key["x"].is_string());
            assert!(key["d"].is_null());
        }
    }
}
