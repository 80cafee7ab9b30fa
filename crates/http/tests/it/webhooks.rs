//! Purchase webhooks, as senders and forgers see them: T-PU of the attacks, over real connections.

use std::time::Duration;

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use mainstay_model::Timestamp;
use mainstay_services::{
    limits, refusals, retention,
    webhooks::{Encoding, Scheme, Source, Sources},
};
use reqwest::RequestBuilder;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Client, Engine, Options, Reply, TestServer, logged, rendered_metrics};

const SQUARE_URL: &str = "https://app.example.com/v1/webhooks/square";
const SQUARE_KEY: &str = "canary-square-7f3a9b-key";
const STRIPE_OLD: &str = "whsec_canary-stripe-old-7f3a9b";
const STRIPE_NEW: &str = "whsec_canary-stripe-new-7f3a9b";
pub(crate) const TILL_KEY: &str = "canary-till-7f3a9b-key";
/// 24 bytes in base64.
const STANDARD_KEY: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";

pub(crate) fn source(name: &str, scheme: Scheme, secrets: &[&str]) -> Source {
    let ring = secrets.iter().try_fold(Source::new(name.to_owned(), scheme), |source, &secret| {
        source.secret(&SecretString::from(secret))
    });
    ring.expect("secrets of the source's form")
}

fn sources() -> Sources {
    let generic = |timestamp_header: Option<&str>, encoding| Scheme::Generic {
        header: "x-signature".to_owned(),
        encoding,
        timestamp_header: timestamp_header.map(str::to_owned),
    };
    let public_key = format!("whpk_{}", base64(ed25519().public_key().as_ref()));
    Sources::new([
        source("square", Scheme::Square { notification_url: SQUARE_URL.to_owned() }, &[SQUARE_KEY]),
        source("stripe", Scheme::Stripe { livemode: true }, &[STRIPE_OLD, STRIPE_NEW]),
        source("rolled", Scheme::Stripe { livemode: true }, &[STRIPE_NEW]),
        source("standard", Scheme::Standard, &[STANDARD_KEY, &public_key]),
        source("till", generic(None, Encoding::Hex), &[TILL_KEY]),
        source("timed", generic(Some("x-time"), Encoding::Base64), &[TILL_KEY]),
        source("secret", Scheme::SharedSecret { header: "x-secret".to_owned() }, &[TILL_KEY]),
        Source::new("bare".to_owned(), Scheme::Stripe { livemode: true }),
    ])
}

pub(crate) async fn start(engine: Engine) -> TestServer {
    let mut options = Options::generous();
    options.settings.webhook_sources = sources();
    TestServer::start_with(engine, options).await
}

fn ed25519() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key")
}

pub(crate) fn tag(key: &[u8], parts: &[&str]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), parts.concat().as_bytes()).as_ref().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(group >> (18 - 6 * place) & 63) as usize];
            text.push(if place > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

fn square(key: &str, url: &str, body: &str) -> String {
    base64(&tag(key.as_bytes(), &[url, body]))
}

fn stripe(key: &str, at: i64, body: &str) -> String {
    format!("t={at},v1={}", hex(&tag(key.as_bytes(), &[&at.to_string(), ".", body])))
}

fn square_event(id: &str, at: Timestamp) -> String {
    json!({ "merchant_id": "M", "type": "labor.shift.updated", "event_id": id, "created_at": at, "data": { "type": "x" } }).to_string()
}

fn stripe_event(id: &str, at: Timestamp, livemode: bool) -> String {
    json!({
        "id": id, "object": "event", "type": "customer.created", "created": at.seconds(), "livemode": livemode,
        "pending_webhooks": 1, "data": { "object": { "name": "canary-body-7f3a9b" } },
    }).to_string()
}

fn post(client: &Client, source: &str, body: &str) -> RequestBuilder {
    let request = client.request("POST", &format!("/v1/webhooks/{source}"));
    request.header("content-type", "application/json").body(body.to_owned())
}

pub(crate) async fn deliver(
    server: &TestServer,
    source: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let client = server.native();
    let request = headers
        .iter()
        .fold(post(&client, source, body), |request, (name, value)| request.header(*name, *value));
    client.send(request).await
}

/// The events that a source has in the inbox.
async fn kept(server: &TestServer, source: &str) -> Vec<Value> {
    let operator = server.operator("operator").await;
    let page =
        operator.get(&format!("/v1/operator/inbox?source={source}&limit=100")).await.expect(200).json();
    page["items"].as_array().expect("items").clone()
}

on_both_engines! {
    async fn t_pu_01_fifty_copies_at_once_are_one_event(engine: Engine) {
        let server = start(engine).await;
        let body = square_event("evt-1", server.app.now());
        let signature = square(SQUARE_KEY, SQUARE_URL, &body);
        let client = server.native();
        let copies = (0..50).map(|_| client.send(post(&client, "square", &body).header("x-square-hmacsha256-signature", &signature)));
        let replies = futures::future::join_all(copies).await;
        let told: Vec<_> = replies.into_iter().map(|reply| reply.expect(200).json()["status"].clone()).collect();
        assert_eq!(told.iter().filter(|status| *status == "recorded").count(), 1);
        assert_eq!(told.iter().filter(|status| *status == "duplicate").count(), 49);
        assert_eq!(kept(&server, "square").await.len(), 1);
    }

    async fn t_pu_02_what_is_not_signed_exactly_so_leaves_no_row(engine: Engine) {
        let server = start(engine).await;
        let now = server.app.now();
        let body = square_event("evt-1", now);
        let right = square(SQUARE_KEY, SQUARE_URL, &body);
        let name = "x-square-hmacsha256-signature";
        let reserialised = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&body).expect("JSON")).expect("JSON");
        let other = square("another-key-0123456789", SQUARE_URL, &body);
        let hexadecimal = hex(&tag(SQUARE_KEY.as_bytes(), &[SQUARE_URL, &body]));
        // What the older name once meant: a tag of 20 bytes.
        let short = base64(&tag(SQUARE_KEY.as_bytes(), &[SQUARE_URL, &body])[..20]);
        let longer = format!("{body} ");
        let forged: &[(&[(&str, &str)], &str)] = &[
            (&[(name, &right)], &longer),
            (&[(name, &right)], &reserialised),
            (&[(name, &other)], &body),
            (&[(name, &hexadecimal)], &body),
            (&[(name, "")], &body),
            (&[(name, &right), (name, &right)], &body),
            (&[("x-square-signature", &short)], &body),
            (&[(name, &other), ("x-square-signature", &right)], &body),
            (&[("x-signature", &right)], &body),
            (&[], &body),
        ];
        for (headers, body) in forged {
            deliver(&server, "square", headers, body).await.expect_problem(401, "signature_refused");
        }

        let body = stripe_event("evt_1", now, true);
        let at = now.seconds();
        let right = stripe(STRIPE_NEW, at, &body);
        let (time, v1) = right.split_once(',').expect("two parts");
        let tag = v1.strip_prefix("v1=").expect("a tag");
        for header in [
            stripe(TILL_KEY, at, &body),
            format!("{time},v0={tag}"),
            format!("{time},v1="),
            format!("{time},v1={}", &tag[1..]),
            format!("{time},v1={}", tag.replace(|c: char| c.is_ascii_digit(), "g")),
            format!("t={},{v1}", at + 1),
            format!("{time},{time},{v1}"),
            format!("t=now,{v1}"),
            format!("t=-{at},{v1}"),
            v1.to_owned(),
            time.to_owned(),
            String::new(),
            ",,,".to_owned(),
        ] {
            let reply = deliver(&server, "stripe", &[("stripe-signature", &header)], &body).await;
            reply.expect_problem(401, "signature_refused");
        }
        let twice = [("stripe-signature", right.as_str()), ("stripe-signature", right.as_str())];
        deliver(&server, "stripe", &twice, &body).await.expect_problem(401, "signature_refused");
        for source in ["square", "stripe"] {
            assert!(kept(&server, source).await.is_empty(), "{source}");
        }
        // And the same bytes with the right header are taken.
        deliver(&server, "stripe", &[("stripe-signature", &right)], &body).await.expect(200);
        assert_eq!(kept(&server, "stripe").await.len(), 1);
    }

    async fn whk_1_standard_and_generic_sources_are_verified(engine: Engine) {
        let server = start(engine).await;
        let now = server.app.now();
        let (at, body) = (now.seconds().to_string(), json!({ "type": "shift.ended", "timestamp": now }).to_string());
        let key: Vec<u8> = (1..=24).collect();
        let v1 = format!("v1,{}", base64(&tag(&key, &["msg_1", ".", &at, ".", &body])));
        let signed = ["msg_2", ".", &at, ".", &body].concat();
        let v1a = format!("v1a,{}", base64(ed25519().sign(signed.as_bytes()).as_ref()));
        let standard = async |id: &str, at: &str, signatures: &str| {
            let headers = [("webhook-id", id), ("webhook-timestamp", at), ("webhook-signature", signatures)];
            deliver(&server, "standard", &headers, &body).await
        };
        standard("msg_1", &at, &format!("v2,xyz v1,AAAA {v1}")).await.expect(200);
        standard("msg_2", &at, &v1a).await.expect(200);
        // The id and the time are signed, too.
        standard("msg_3", &at, &v1).await.expect_problem(401, "signature_refused");
        standard("msg_1", &(now.seconds() + 1).to_string(), &v1).await.expect_problem(401, "signature_refused");
        standard("msg_1", &at, &v1a).await.expect_problem(401, "signature_refused");
        standard("msg_1", &at, "").await.expect_problem(401, "signature_refused");
        standard("msg_1", &format!("{at}.0"), &v1).await.expect_problem(401, "signature_refused");
        assert_eq!(kept(&server, "standard").await.len(), 2);

        let body = json!({ "id": "e1", "type": "shift.ended", "timestamp": now }).to_string();
        let signature = hex(&tag(TILL_KEY.as_bytes(), &[&body]));
        deliver(&server, "till", &[("x-signature", &signature)], &body).await.expect(200);
        deliver(&server, "till", &[("x-signature", &format!("sha256={signature}"))], &body).await.expect(200);
        deliver(&server, "till", &[("x-signature", &signature[1..])], &body).await.expect_problem(401, "signature_refused");
        let signature = base64(&tag(TILL_KEY.as_bytes(), &[&at, ".", &body]));
        deliver(&server, "timed", &[("x-signature", &signature), ("x-time", &at)], &body).await.expect(200);
        deliver(&server, "timed", &[("x-signature", &signature)], &body).await.expect_problem(401, "signature_refused");
        deliver(&server, "secret", &[("x-secret", TILL_KEY)], &body).await.expect(200);
        deliver(&server, "secret", &[("x-secret", "another")], &body).await.expect_problem(401, "signature_refused");
    }

    async fn t_pu_03_a_signed_time_holds_for_five_minutes_either_way(engine: Engine) {
        let server = start(engine).await;
        let now = server.app.now();
        for (offset, is_fine) in [(-299, true), (299, true), (-301, false), (301, false)] {
            let body = stripe_event(&format!("evt_{offset}"), now, true);
            let header = stripe(STRIPE_NEW, now.seconds() + offset, &body);
            let reply = deliver(&server, "stripe", &[("stripe-signature", &header)], &body).await;
            if is_fine { reply.expect(200) } else { reply.expect_problem(400, "event_out_of_time") };
        }
        assert_eq!(kept(&server, "stripe").await.len(), 2);
    }

    async fn t_pu_04_a_ring_of_secrets_takes_both_until_one_is_gone(engine: Engine) {
        let server = start(engine).await;
        let now = server.app.now();
        let body = stripe_event("evt_1", now, true);
        let old = stripe(STRIPE_OLD, now.seconds(), &body);
        let new = stripe(STRIPE_NEW, now.seconds(), &body);
        let (_, new_tag) = new.split_once(',').expect("two parts");
        // As Stripe signs while a secret is rolled.
        let both = format!("{old},{new_tag}");
        for (source, header, is_fine) in
            [("stripe", &old, true), ("stripe", &new, true), ("rolled", &both, true), ("rolled", &old, false)]
        {
            let reply = deliver(&server, source, &[("stripe-signature", header)], &body).await;
            if is_fine { reply.expect(200) } else { reply.expect_problem(401, "signature_refused") };
        }
    }

    async fn t_pu_05_squares_url_is_the_configured_one_and_a_late_event_counts_once(engine: Engine) {
        let server = start(engine).await;
        let now = server.app.now();
        let name = "x-square-hmacsha256-signature";
        let body = square_event("evt-1", now);
        for url in [
            "http://app.example.com/v1/webhooks/square", "https://app.example.com/v1/webhooks/square/",
            "https://evil.example.com/v1/webhooks/square", "",
        ] {
            let headers = [
                (name, &*square(SQUARE_KEY, url, &body)), ("host", "evil.example.com"),
                ("x-forwarded-host", "evil.example.com"), ("x-forwarded-proto", "http"),
            ];
            deliver(&server, "square", &headers, &body).await.expect_problem(401, "signature_refused");
        }
        // The older name of the header, with the same signature.
        deliver(&server, "square", &[("X-Square-Signature", &square(SQUARE_KEY, SQUARE_URL, &body))], &body).await.expect(200);

        server.advance(Duration::from_millis(2));
        let late = square_event("evt-2", now - Duration::from_secs(3 * 3600));
        let signature = square(SQUARE_KEY, SQUARE_URL, &late);
        for status in ["recorded", "duplicate"] {
            let reply = deliver(&server, "square", &[(name, &signature)], &late).await.expect(200);
            assert_eq!(reply.json()["status"], status);
        }
        let events = kept(&server, "square").await;
        assert_eq!((events.len(), events[0]["late_seconds"].as_i64()), (2, Some(3 * 3600)));
        assert!(events[1]["late_seconds"].is_null());
        let ancient = square_event("evt-3", now - Duration::from_secs(73 * 3600));
        let signature = square(SQUARE_KEY, SQUARE_URL, &ancient);
        deliver(&server, "square", &[(name, &signature)], &ancient).await.expect_problem(400, "event_out_of_time");
    }

    async fn t_pu_06_a_test_event_is_refused_where_it_is_live(engine: Engine) {
        let server = start(engine).await;
        let now = server.app.now();
        let body = stripe_event("evt_1", now, false);
        let header = stripe(STRIPE_NEW, now.seconds(), &body);
        deliver(&server, "stripe", &[("stripe-signature", &header)], &body).await.expect_problem(403, "event_of_other_mode");
        assert!(kept(&server, "stripe").await.is_empty());
    }

    async fn t_pu_09_large_packed_and_deep_bodies_are_refused(engine: Engine) {
        let server = start(engine).await;
        let signed = async |body: &str| {
            let signature = hex(&tag(TILL_KEY.as_bytes(), &[body]));
            deliver(&server, "till", &[("x-signature", &signature)], body).await
        };
        let of = |size: usize| json!({ "id": "large", "type": "x", "timestamp": server.app.now(), "p": "x".repeat(size) }).to_string();
        signed(&of(200_000)).await.expect(200);
        signed(&of(1_000_000)).await.expect_problem(413, "payload_too_large");
        let body = of(1);
        let signature = hex(&tag(TILL_KEY.as_bytes(), &[&body]));
        for coding in ["gzip", "br", "identity, gzip"] {
            let headers = [("x-signature", signature.as_str()), ("content-encoding", coding)];
            deliver(&server, "till", &headers, &body).await.expect_problem(415, "unsupported_media_type");
        }
        let deep = |levels: usize| {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            format!(r#"{{"id":"deep","type":"x","timestamp":"{}","p":{open}{close}}}"#, server.app.now())
        };
        signed(&deep(100_000)).await.expect_problem(422, "validation_failed");
        signed(&deep(32)).await.expect_problem(422, "validation_failed");
        signed(&deep(31)).await.expect(200);
        signed("{").await.expect_problem(400, "malformed_json");
        signed("{}").await.expect_problem(422, "validation_failed");
        let plain = server.native();
        let request = plain.request("POST", "/v1/webhooks/till").header("content-type", "text/plain").body(body);
        plain.send(request).await.expect_problem(415, "unsupported_media_type");
        assert_eq!(kept(&server, "till").await.len(), 2);
    }

    async fn whk_3_a_changed_event_is_refused_and_raises_an_alarm(engine: Engine) {
        let server = start(engine).await;
        let now = server.app.now();
        let send = async |body: &str| {
            let signature = hex(&tag(TILL_KEY.as_bytes(), &[body]));
            deliver(&server, "till", &[("x-signature", &signature)], body).await
        };
        let event = |amount: u32| json!({ "id": "e1", "type": "x", "timestamp": now, "amount": amount }).to_string();
        send(&event(1)).await.expect(200);
        send(&event(2)).await.expect_problem(409, "event_changed");
        assert_eq!(send(&event(1)).await.expect(200).json()["status"], "duplicate");
        let operator = server.operator("operator").await;
        let told = operator.get("/v1/operator/audit?action=webhook.changed").await.expect(200).json();
        assert_eq!(told["items"][0]["subject"], "webhook:till");
        assert!(rendered_metrics().contains(r#"mainstay_webhook_deliveries_total{source="till",outcome="conflict"}"#));
        let id = kept(&server, "till").await[0]["id"].as_str().expect("an id").to_owned();
        let first = operator.get(&format!("/v1/operator/inbox/{id}")).await.expect(200).json();
        assert_eq!(first["body"], event(1).as_str());
    }

    async fn t_pu_11_origins_and_cookies_count_for_nothing(engine: Engine) {
        let server = start(engine).await;
        let body = json!({ "id": "e1", "type": "x", "timestamp": server.app.now() }).to_string();
        let signature = hex(&tag(TILL_KEY.as_bytes(), &[&body]));
        let signed = |client: &Client| post(client, "till", &body).header("x-signature", &signature);
        // A signed-in browser's cookies without its token, as another site could have them sent; and broken ones.
        let ada = server.member("ada").await;
        let request = signed(&ada).header("sec-fetch-site", "cross-site").header("origin", "https://evil.example.com").header("x-csrf-token", "x");
        ada.send(request).await.expect(200);
        let anybody = server.native();
        let broken = signed(&anybody).header("cookie", "mainstay_access=broken; mainstay_refresh=broken").bearer_auth("broken");
        anybody.send(broken).await.expect(200);
        // And they are no credentials for it.
        let unsigned = post(&ada, "till", &body);
        ada.send(unsigned).await.expect_problem(401, "signature_refused");
    }

    async fn t_pu_12_failures_are_counted_and_nothing_secret_is_told(engine: Engine) {
        let server = start(engine).await;
        let now = server.app.now();
        let body = stripe_event("evt_1", now, true);
        let wrong = stripe("whsec_another-secret", now.seconds(), &body);
        let reply = deliver(&server, "stripe", &[("stripe-signature", &wrong)], &body).await;
        let texts = [reply.expect_problem(401, "signature_refused").text(), logged(), rendered_metrics()];
        let (_, tag) = wrong.split_once("v1=").expect("a tag");
        for text in &texts {
            for secret in [SQUARE_KEY, STRIPE_OLD, STRIPE_NEW, TILL_KEY, "canary-body-7f3a9b", tag] {
                assert!(!text.contains(secret), "{secret} was told");
            }
        }
        assert!(texts[1].contains("webhook.refused"), "the log is empty");
        let counter = r#"mainstay_webhook_refusals_total{source="stripe",fault="signature_differs"}"#;
        assert!(texts[2].contains(counter), "{}", texts[2]);
        refusals::flush(&server.app).await.expect("writes");
        let operator = server.operator("operator").await;
        let told = operator.get("/v1/operator/audit?action=webhook.refused").await.expect(200).json();
        assert_eq!(told["items"][0]["subject"], "webhook:stripe");
        assert_eq!(told["items"][0]["detail"]["fault"], "signature_differs");
    }

    async fn whk_1_without_a_key_or_a_source_nothing_is_taken(engine: Engine) {
        let server = start(engine).await;
        let body = stripe_event("evt_1", server.app.now(), true);
        let problem = deliver(&server, "bare", &[], &body).await.expect_problem(503, "capability_unavailable").json();
        assert_eq!(problem["capability"], "purchases");
        assert!(problem["reason"].is_string());
        for nowhere in ["nowhere", "Square", "..", "%00"] {
            deliver(&server, nowhere, &[], &body).await.expect_problem(404, "not_found");
        }
    }

    async fn whk_3_an_event_is_known_after_what_it_said_was_removed(engine: Engine) {
        let server = start(engine).await;
        let body = stripe_event("evt_1", server.app.now(), true);
        let send = async |body: &str| {
            let signature = stripe(STRIPE_NEW, server.app.now().seconds(), body);
            deliver(&server, "stripe", &[("stripe-signature", &signature)], body).await
        };
        send(&body).await.expect(200);
        server.advance(limits::WEBHOOK_BODIES_KEPT + Duration::from_secs(1));
        assert_eq!(retention::run_once(&server.app).await.expect("runs").inbox_bodies, 1);
        // Stripe signs the time of sending, so an old event comes rightly signed; it is known all the same, and so is what it said.
        assert_eq!(send(&body).await.expect(200).json()["status"], "duplicate");
        send(&body.replace("evt_1\"", "evt_1\",\"more\":1")).await.expect_problem(409, "event_changed");
        let operator = server.operator("operator").await;
        let event = kept(&server, "stripe").await.remove(0);
        assert!(event["body_removed_at"].is_string());
        let event = format!("/v1/operator/inbox/{}", event["id"].as_str().expect("an id"));
        assert!(operator.get(&event).await.expect(200).json()["body"].is_null());
        operator.post(&format!("{event}/replay"), &json!({})).await.expect_problem(410, "event_body_removed");
    }

    async fn whk_5_operators_see_and_steer_the_inbox(engine: Engine) {
        let server = start(engine).await;
        let now = server.app.now();
        let send = async |id: &str, kind: &str| {
            let body = json!({ "id": id, "type": kind, "timestamp": now, "data": {} }).to_string();
            let signature = hex(&tag(TILL_KEY.as_bytes(), &[&body]));
            deliver(&server, "till", &[("x-signature", &signature)], &body).await.expect(200);
        };
        send("e1", "shift.ended").await;
        server.advance(Duration::from_millis(2));
        send("e2", "purchase.completed").await;
        let operator = server.operator("operator").await;
        let first = operator.get("/v1/operator/inbox?limit=1").await.expect(200).json();
        assert_eq!((&first["items"][0]["event_id"], &first["items"][0]["state"]), (&json!("e2"), &json!("failed")));
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        let next = operator.get(&format!("/v1/operator/inbox?limit=1&cursor={cursor}")).await.expect(200).json();
        assert_eq!(next["items"][0]["event_id"], "e1");
        let ignored = operator.get("/v1/operator/inbox?state=ignored&source=till").await.expect(200).json();
        assert_eq!(ignored["items"].as_array().expect("items").len(), 1);
        operator.get("/v1/operator/inbox?state=lost").await.expect_problem(422, "validation_failed");
        operator.get("/v1/operator/inbox?cursor=x").await.expect_problem(422, "validation_failed");

        let event = format!("/v1/operator/inbox/{}", first["items"][0]["id"].as_str().expect("an id"));
        let shown = operator.get(&event).await.expect(200).json();
        assert!(shown["body"].as_str().expect("a body").contains("purchase.completed"));
        let retried = operator.post(&format!("{event}/retry"), &json!({})).await.expect(200).json();
        assert_eq!((&retried["state"], &retried["attempts"]), (&json!("failed"), &json!(2)));
        assert_eq!(operator.post(&format!("{event}/replay"), &json!({})).await.expect(200).json()["attempts"], 3);
        assert_eq!(operator.post(&format!("{event}/ignore"), &json!({})).await.expect(200).json()["state"], "ignored");
        operator.post(&format!("{event}/retry"), &json!({})).await.expect_problem(409, "conflict");
    }
}
