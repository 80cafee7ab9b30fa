//! SEC-7: sizes, depth, types and slowness.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{Engine, Options, TestServer};

/// What the server says to bytes that are sent as they are, until it closes.
async fn raw(server: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    stream.write_all(bytes).await.expect("writes");
    let mut reply = Vec::new();
    // A server that closes hard has said what it had to say.
    let _ = stream.read_to_end(&mut reply).await;
    String::from_utf8_lossy(&reply).into_owned()
}

on_both_engines! {
    async fn sec_7_a_body_over_its_bound_is_refused_with_and_without_a_length(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.native_member("ada").await;
        let bound = 192 * 1024;
        let fits = json!({ "text": "x".repeat(20_000), "padding": "" }).to_string();
        let padded = |total: usize| fits.replace("\"padding\":\"\"", &format!("\"padding\":\"{}\"", "p".repeat(total - fits.len())));
        let post = |body: String| ada.request("POST", "/v1/notes").header("content-type", "application/json").body(body);
        ada.send(post(padded(bound))).await.expect(201);
        ada.send(post(padded(bound + 1))).await.expect_problem(413, "payload_too_large");

        let body = padded(bound + 1);
        let head = format!(
            "POST /v1/notes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             transfer-encoding: chunked\r\nconnection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            ada.access_token(), body.len(),
        );
        let reply = raw(&server, head.as_bytes()).await;
        assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
        assert_eq!(ada.get("/v1/notes").await.expect(200).json()["items"].as_array().expect("items").len(), 1);
    }

    async fn sec_7_deep_json_is_refused_in_bounded_time(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.native_member("ada").await;
        let nested = |levels: usize| format!("{{\"text\":\"x\",\"ignored\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        let post = |body: String| ada.request("POST", "/v1/notes").header("content-type", "application/json").body(body);
        ada.send(post(nested(31))).await.expect(201);
        let problem = ada.send(post(nested(32))).await.expect_problem(422, "validation_failed").json();
        assert_eq!(problem["errors"][0]["code"], "too_deep");
        ada.send(post(nested(90_000))).await.expect_problem(422, "validation_failed");
    }

    async fn sec_9_bodies_that_are_not_what_is_expected(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.native_member("ada").await;
        let post = |kind: &str, body: &'static str| ada.request("POST", "/v1/notes").header("content-type", kind).body(body);
        for body in ["", "{", "nonsense", "[]", "{\"text\":1}", "{\"text\":\"x\",\"tags\":{}}"] {
            ada.send(post("application/json", body)).await.expect_problem(400, "malformed_json");
        }
        let missing = ada.send(post("application/json", "{}")).await.expect_problem(400, "malformed_json").json();
        assert!(missing["detail"].as_str().expect("a detail").contains("missing field `text`"));
        // What was sent is not repeated.
        let echo = ada.send(post("application/json", "{\"text\":\"x\",\"pinned\":\"secret-value\"}")).await.expect(400);
        assert!(!echo.text().contains("secret-value"));
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""] {
            ada.send(post(kind, "{\"text\":\"x\"}")).await.expect_problem(415, "unsupported_media_type");
        }
        ada.send(post("application/json", "{\"text\":\"x\"}").header("content-encoding", "gzip")).await.expect_problem(415, "unsupported_media_type");
        ada.send(post("Application/JSON; charset=utf-8", "{\"text\":\"x\"}")).await.expect(201);
    }

    async fn sec_7_a_slow_body_is_cut_off(engine: Engine) {
        let mut options = Options::dev();
        options.http.body_timeout = Duration::from_millis(200);
        let server = TestServer::start_with(engine, options).await;
        let token = server.native_member("ada").await.access_token();
        let head = format!(
            "POST /v1/notes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: 100\r\n\r\n{{\"text\""
        );
        let reply = raw(&server, head.as_bytes()).await;
        assert!(reply.starts_with("HTTP/1.1 408 ") && reply.contains("request_timeout"), "{reply}");
    }

    /// The chunks never end; a server that read on would keep the connection for as long as they come.
    async fn sec_7_a_refusal_ends_the_connection_of_a_chunked_body(engine: Engine) {
        let server = TestServer::start(engine).await;
        for path in ["/v1/nothing-is-here", "/v1/notes"] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n \r\n"
            );
            let reply = tokio::time::timeout(Duration::from_secs(20), raw(&server, head.as_bytes())).await;
            let reply = reply.expect("the server closes");
            assert!(reply.starts_with("HTTP/1.1 40") && reply.contains("connection: close"), "{reply}");
        }
    }

    async fn sec_7_slow_headers_are_cut_off(engine: Engine) {
        let mut options = Options::dev();
        options.http.header_timeout = Duration::from_millis(200);
        let server = TestServer::start_with(engine, options).await;
        let reply = raw(&server, b"GET /v1/config HTTP/1.1\r\nhost: x\r\nx-slow").await;
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 408 "), "{reply}");
    }

    async fn sec_7_what_is_no_http_gets_a_bare_answer_and_the_connection_closes(engine: Engine) {
        let server = TestServer::start(engine).await;
        let mut options = Options::dev();
        options.http.header_timeout = Duration::from_millis(200);
        let impatient = TestServer::start_with(engine, options).await;
        for (sent, status) in [
            ("canary\r\n\r\n", "400"),
            ("GET /canary HTTP/9.9\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nbad header: canary\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\ncanary", "400"),
            ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n\r\ncanary", "400"),
            ("GET /canary HTTP/1.1\r\nhost: x\r\nx-slow", "408"),
        ] {
            // `raw` ends only when the server has closed.
            let asked = if status == "408" { &impatient } else { &server };
            let reply = raw(asked, sent.as_bytes()).await;
            let mut lines = reply.trim_end().split("\r\n");
            let first = lines.next().expect("a line");
            assert!(first.starts_with(&format!("HTTP/1.1 {status} ")), "{sent:.60}: {reply}");
            for header in lines {
                let name = header.split(':').next().expect("a name").to_ascii_lowercase();
                assert!(matches!(name.as_str(), "content-length" | "connection" | "date"), "{sent:.60}: {reply}");
            }
            assert!(!reply.contains("canary") && reply.ends_with("\r\n\r\n"), "{sent:.60}: {reply}");
        }
    }

    async fn sec_7_a_long_address_is_refused(engine: Engine) {
        let server = TestServer::start(engine).await;
        let path = format!("/v1/notes?cursor={}", "x".repeat(9_000));
        server.native().get(&path).await.expect_problem(400, "invalid_request");
    }
}
