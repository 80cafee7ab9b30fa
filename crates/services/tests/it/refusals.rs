//! Refusals at the edge in the audit trail.

use std::net::IpAddr;

use mainstay_model::audit::AuditEvent;
use mainstay_services::{Code, audit, limits, refusals};
use mainstay_store::AuditFilter;
use serde_json::Value;

use crate::{both_engines, harness::TestApp};

fn refuse(test: &TestApp, code: Code, route: &'static str, address: &str, request_id: &str) {
    let address: IpAddr = address.parse().expect("an address");
    refusals::note(&test.app, code, route, Some(address), request_id);
}

/// What the trail has, oldest first.
async fn written(test: &TestApp) -> Vec<AuditEvent> {
    let action = Some("edge.refused".to_owned());
    let filter = AuditFilter { action, limit: 1_000, ..AuditFilter::default() };
    let mut tx = test.app.read().await.expect("opens");
    let mut events = tx.audit_events(&filter).await.expect("lists");
    events.reverse();
    events
}

fn detail(event: &AuditEvent) -> Value {
    serde_json::from_str(&event.detail).expect("JSON")
}

both_engines! {
    async fn refusals_of_one_kind_are_one_event_with_a_count(test: &TestApp) {
        for number in 0..1_000 {
            let address = format!("203.0.113.{}", number % 250);
            refuse(test, Code::CsrfRefused, "/v1/notes", &address, &format!("request-{number}"));
        }
        refuse(test, Code::OriginRefused, "/v1/notes", "203.0.113.9", "request-x");
        refuse(test, Code::CsrfRefused, "/v1/me", "203.0.113.9", "request-y");
        refuse(test, Code::CsrfRefused, "/v1/notes", "198.51.100.9", "request-z");
        assert!(written(test).await.is_empty());
        refusals::flush(&test.app).await.expect("writes");
        let events = written(test).await;
        assert_eq!(events.len(), 4);
        let first = events.iter().find(|event| event.request_id == "request-0").expect("is there");
        let told = detail(first);
        assert_eq!((told["code"].as_str(), told["count"].as_u64()), (Some("csrf_refused"), Some(1_000)));
        assert_eq!((told["route"].as_str(), told["network"].as_str()), (Some("/v1/notes"), Some("203.0.113.0/24")));
        assert_eq!((first.actor.as_str(), first.subject.as_str()), ("anonymous", ""));
        // What was written is not written again, and the chain is whole.
        refusals::flush(&test.app).await.expect("writes");
        assert_eq!(written(test).await.len(), 4);
        assert_eq!(audit::verify(&test.app, |_, _| {}).await.expect("reads").fault, None);
    }

    async fn a_flood_from_everywhere_stays_bounded_and_is_all_counted(test: &TestApp) {
        for number in 0..5_000_u32 {
            let address = format!("10.{}.{}.1", number / 256, number % 256);
            refuse(test, Code::RateLimited, "/v1/auth/login", &address, "request-1");
        }
        refusals::flush(&test.app).await.expect("writes");
        let events = written(test).await;
        assert_eq!(events.len(), limits::REFUSAL_GROUPS_MAX + 1);
        let counts = events.iter().map(|event| detail(event)["count"].as_u64().expect("a number"));
        assert_eq!(counts.sum::<u64>(), 5_000);
        assert!(events.iter().any(|event| detail(event)["network"] == "others"));
    }

    async fn refusals_outlive_a_lost_database(test: &TestApp) {
        refuse(test, Code::CsrfRefused, "/v1/notes", "203.0.113.9", "request-1");
        test.store.set_down(true);
        refusals::flush(&test.app).await.expect_err("the database is away");
        refuse(test, Code::CsrfRefused, "/v1/notes", "203.0.113.9", "request-2");
        refusals::finish(&test.app).await;
        test.store.set_down(false);
        refusals::finish(&test.app).await;
        let events = written(test).await;
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].request_id.as_str(), detail(&events[0])["count"].as_u64()), ("request-1", Some(2)));
    }
}
