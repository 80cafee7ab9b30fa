//! Start and stop (OPS-5).

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{Engine, Options, TestServer};

on_both_engines! {
    async fn ops_5_a_request_that_is_under_way_is_answered(engine: Engine) {
        let server = TestServer::start(engine).await;
        let ada = server.native_member("ada").await;
        let body = json!({ "text": "sent in two halves" }).to_string();
        let (first, second) = body.split_at(8);
        let head = format!(
            "POST /v1/notes HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nexpect: 100-continue\r\n\r\n",
            ada.access_token(),
            body.len(),
        );
        let mut stream = TcpStream::connect(server.address).await.expect("connects");
        stream.write_all(head.as_bytes()).await.expect("writes");
        // The handler asks for the body: it is at work.
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).await.expect("reads");
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(first.as_bytes()).await.expect("writes");

        let (address, app) = (server.address, server.app.clone());
        let stopping = tokio::spawn(server.stop());
        stream.write_all(second.as_bytes()).await.expect("writes");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.expect("reads");
        assert!(reply.starts_with("HTTP/1.1 201 "), "{reply}");
        stopping.await.expect("stops");
        assert!(TcpStream::connect(address).await.is_err());
        drop(app);
    }

    async fn an_address_that_is_taken_is_an_error_and_no_panic(engine: Engine) {
        let server = TestServer::start(engine).await;
        let mut options = Options::dev();
        options.http.listen = vec![server.address];
        let outcome = mainstay_http::serve(
            server.app.clone(),
            options.http,
            std::sync::Arc::new(options.checks),
            std::sync::Arc::new(String::new),
        );
        assert!(outcome.is_err());
    }
}
