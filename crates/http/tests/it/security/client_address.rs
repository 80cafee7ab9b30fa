//! T-OP-01 and T-OP-02: whose requests are counted together.

use mainstay_http::{ClassLimits, IpNetwork};
use serde_json::json;

use crate::harness::{Client, Engine, Options, Reply, TestServer};

const LIMIT: u32 = 10;

fn options() -> Options {
    let mut options = Options::dev();
    options.http.rate_limits.auth = ClassLimits::per_minute(LIMIT, LIMIT);
    options
}

async fn attempt(client: &Client, headers: &[(&str, String)]) -> Reply {
    let mut request = client.request("POST", "/v1/auth/login");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    client.send(request.json(&json!({ "email": "x", "password": "guess-a-password" }))).await
}

on_both_engines! {
    async fn t_op_01_forwarded_headers_of_strangers_change_nothing(engine: Engine) {
        let server = TestServer::start_with(engine, options()).await;
        let client = server.native();
        let mut passed = 0;
        for number in 0..1_000_u32 {
            let ip = format!("{}.{}.{}.{}", number % 223 + 1, number % 251, number % 241, number % 239);
            let headers = [
                ("x-forwarded-for", format!("{ip}, 10.0.0.1")),
                ("x-real-ip", ip.clone()),
                ("forwarded", format!("for={ip}")),
                ("true-client-ip", ip.clone()),
                ("cf-connecting-ip", ip),
            ];
            passed += u32::from(attempt(&client, &headers).await.status != 429);
        }
        assert_eq!(passed, LIMIT);
    }

    async fn t_op_01_a_trusted_proxy_is_believed_from_the_right(engine: Engine) {
        let mut options = options();
        options.http.trusted_proxies = vec!["127.0.0.0/8".parse::<IpNetwork>().expect("a network")];
        let server = TestServer::start_with(engine, options).await;
        let client = server.native();
        for number in 0..LIMIT {
            let headers = [("x-forwarded-for", format!("9.9.9.{number}, 203.0.113.5"))];
            assert_ne!(attempt(&client, &headers).await.status, 429);
        }
        // Whatever a client writes in front, the proxy's entry counts.
        attempt(&client, &[("x-forwarded-for", "8.8.8.8, 203.0.113.5".to_owned())]).await.expect_problem(429, "rate_limited");
        assert_ne!(attempt(&client, &[("x-forwarded-for", "203.0.113.6".to_owned())]).await.status, 429);
    }

    async fn t_op_02_spellings_and_neighbours_share_a_bucket(engine: Engine) {
        let mut options = options();
        options.http.trusted_proxies = vec!["127.0.0.1".parse::<IpNetwork>().expect("a network")];
        let server = TestServer::start_with(engine, options).await;
        let client = server.native();
        let spellings = ["2001:db8:0:1::1", "2001:0DB8:0000:0001:0000:0000:0000:0001", "[2001:db8:0:1::ffff]:443", "2001:db8:0:1:dead:beef::"];
        for turn in 0..LIMIT {
            let spelling = spellings[turn as usize % spellings.len()];
            assert_ne!(attempt(&client, &[("x-forwarded-for", spelling.to_owned())]).await.status, 429);
        }
        for spelling in spellings {
            attempt(&client, &[("x-forwarded-for", spelling.to_owned())]).await.expect(429);
        }
        assert_ne!(attempt(&client, &[("x-forwarded-for", "2001:db8:0:2::1".to_owned())]).await.status, 429);
    }
}
