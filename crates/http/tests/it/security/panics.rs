//! T-OP-13: a fault in a handler is an answer, a count and a line in the log; the next request is served.

use crate::harness::{Engine, Options, TestServer, logged, rendered_metrics};

on_both_engines! {
    async fn t_op_13_a_panic_in_a_handler_is_contained(engine: Engine) {
        let options = Options::dev();
        *options.checks.0.lock().expect("not poisoned") = None;
        let server = TestServer::start_with(engine, options).await;
        let client = server.native();
        for _ in 0..3 {
            let reply = client.get("/ready").await.expect_problem(500, "internal");
            assert!(!reply.text().contains("a fault in a handler"));
            client.get("/health").await.expect(200);
        }
        assert!(rendered_metrics().contains("mainstay_panics_total{where=\"http\"}"));
        // The log says that and where, but not the panic's words, which may repeat what a member sent.
        assert!(logged().contains("a handler panicked"));
        assert!(!logged().contains("a fault in a handler"));
    }
}
