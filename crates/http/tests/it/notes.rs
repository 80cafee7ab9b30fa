//! Notes.

use serde_json::{Value, json};

use crate::harness::{Engine, Options, TestServer, capabilities_without};
use mainstay_services::Capability;

on_both_engines! {
    async fn a_note_is_written_read_changed_and_deleted(engine: Engine) {
        let server = TestServer::start(engine).await;
        for client in [server.member("ada").await, server.native_member("bob").await] {
            let body = json!({ "text": "Lisbon in May", "tags": ["travel"], "pinned": true });
            let note = client.post("/v1/notes", &body).await.expect(201).json();
            let path = format!("/v1/notes/{}", note["id"].as_str().expect("an id"));
            assert_eq!(client.get(&path).await.expect(200).json(), note);
            let changed = client.patch(&path, &json!({ "text": "Lisbon in June" })).await.expect(200).json();
            assert_eq!((&changed["text"], &changed["tags"], &changed["pinned"]), (&json!("Lisbon in June"), &json!(["travel"]), &json!(true)));
            client.delete(&path).await.expect(204);
            client.get(&path).await.expect_problem(404, "not_found");
        }
    }

    async fn pages_end_where_the_next_begins(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        for number in 0..5 {
            server.advance(std::time::Duration::from_millis(2));
            ada.note(&number.to_string()).await;
        }
        let texts = |page: &Value| -> Vec<String> {
            let items = page["items"].as_array().expect("items").iter();
            items.map(|note| note["text"].as_str().expect("a text").to_owned()).collect()
        };
        let first = ada.get("/v1/notes?limit=3").await.expect(200).json();
        assert_eq!(texts(&first), ["4", "3", "2"]);
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        let last = ada.get(&format!("/v1/notes?limit=3&cursor={cursor}")).await.expect(200).json();
        assert_eq!(texts(&last), ["1", "0"]);
        assert!(last["next_cursor"].is_null());
    }

    async fn sec_7_values_out_of_their_bounds_are_named(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        for query in ["limit=0", "limit=101", "cursor=nonsense"] {
            let problem = ada.get(&format!("/v1/notes?{query}")).await.expect_problem(422, "validation_failed").json();
            let field = query.split('=').next().expect("a name");
            assert_eq!(problem["errors"][0]["field"], field);
        }
        ada.get("/v1/notes?limit=many").await.expect_problem(400, "invalid_request");
        for text in ["", " ", &"x".repeat(20_001), "nul\u{0}"] {
            ada.post("/v1/notes", &json!({ "text": text })).await.expect_problem(422, "validation_failed");
        }
        ada.post("/v1/notes", &json!({ "text": "x", "tags": vec!["t"; 21] })).await.expect_problem(422, "validation_failed");
    }

    async fn t_op_07_reading_changes_nothing(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.member("ada").await;
        let note = ada.note("as it was").await;
        let before = ada.get("/v1/notes").await.expect(200).json();
        let (me, sessions) = (ada.me().await, ada.get("/v1/me/sessions").await.expect(200).json());
        for route in mainstay_http::access::ROUTES.iter().filter(|route| route.method == "GET") {
            let path = route.path.replace("{note_id}", &note);
            let path = format!("{path}?text=changed&_method=DELETE");
            let request = ada.request("GET", &path).header("x-http-method-override", "DELETE").json(&json!({ "text": "changed" }));
            ada.send(request).await;
        }
        assert_eq!(ada.get("/v1/notes").await.expect(200).json(), before);
        assert_eq!(ada.me().await, me);
        assert_eq!(ada.get("/v1/me/sessions").await.expect(200).json(), sessions);
    }

    async fn cap_2_a_capability_that_is_off_says_so_and_why(engine: Engine) {
        let mut options = Options::dev();
        options.capabilities = capabilities_without(&[Capability::Notes, Capability::Password, Capability::GoogleOauth]);
        let server = TestServer::start_with(engine, options).await;
        let ada = server.member("ada").await;
        let problem = ada.get("/v1/notes").await.expect_problem(503, "capability_unavailable").json();
        assert_eq!(problem["capability"], "notes");
        assert_eq!(problem["reason"], "It is switched off.");
        ada.post("/v1/notes", &json!({ "text": "x" })).await.expect_problem(503, "capability_unavailable");
        let anybody = server.browser();
        anybody.post("/v1/auth/login", &json!({ "email": "a@b.example", "password": "x" })).await.expect_problem(503, "capability_unavailable");
        anybody.get("/v1/auth/google/start").await.expect_problem(503, "capability_unavailable");
        anybody.get("/v1/notez").await.expect_problem(404, "not_found");
    }
}
