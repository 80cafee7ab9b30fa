//! The inbox: what becomes of events whose effect fails, of a lost database, and what operators do. What a sender can do wrong is
//! tried over HTTP.

use std::{sync::Arc, time::Duration};

use mainstay_model::{
    Timestamp,
    inbox::{InboxHead, InboxState},
};
use mainstay_services::{
    App, Capabilities, Code, Result, crypto, limits, refusals, retention,
    webhooks::{self, InboxFilter, Receipt, ReplayWindow, Scheme, SentHeaders, Source, Sources},
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    both_engines,
    harness::{Engine, NodeOptions, TestApp, refusal, runtime},
};

const DAY: Duration = Duration::from_secs(24 * 3600);
const SECRET: &str = "till-secret-0123456789";

struct Sent(Vec<(&'static str, String)>);

impl SentHeaders for Sent {
    fn values(&self, name: &str) -> Vec<&[u8]> {
        self.0.iter().filter(|(known, _)| *known == name).map(|(_, value)| value.as_bytes()).collect()
    }
}

/// A till that signs the body alone.
fn till(name: &str) -> Source {
    let scheme = Scheme::Generic {
        header: "x-signature".to_owned(),
        encoding: webhooks::Encoding::Hex,
        timestamp_header: None,
    };
    Source::new(name.to_owned(), scheme).secret(&SecretString::from(SECRET)).expect("a secret")
}

fn options(sources: impl IntoIterator<Item = Source>) -> NodeOptions {
    let mut options = NodeOptions::new();
    options.settings.webhook_sources = Sources::new(sources);
    options
}

/// A node with a till, whatever else the test's own node has.
async fn node(test: &TestApp) -> Arc<App> {
    let strict = till("strict").replay(ReplayWindow::Strict, limits::WEBHOOK_TOLERANCE);
    let options = NodeOptions { seed: 2, ..options([till("till"), strict]) };
    test.node(options, &test.bus).await.expect("starts")
}

async fn deliver(test: &TestApp, app: &App, source: &str, event: &Value) -> Result<Receipt> {
    let body = event.to_string().into_bytes();
    let signature = hex::encode(crypto::hmac_sha256(SECRET.as_bytes(), &body));
    webhooks::receive(app, &test.ctx(), source, &Sent(vec![("x-signature", signature)]), body).await
}

fn purchase(id: &str, at: Timestamp) -> Value {
    json!({
        "id": id, "type": "purchase.completed", "timestamp": at,
        "data": { "purchase_id": format!("p-{id}"), "amount": 1250, "currency": "USD", "merchant": "m1", "occurred_at": at },
    })
}

/// A purchase that nobody can read.
fn poison(id: &str, at: Timestamp) -> Value {
    json!({ "id": id, "type": "purchase.completed", "timestamp": at, "data": { "amount": "much" } })
}

async fn heads(app: &App) -> Vec<InboxHead> {
    webhooks::list(app, InboxFilter { limit: 100, ..InboxFilter::default() }).await.expect("lists")
}

async fn only(app: &App) -> InboxHead {
    let mut heads = heads(app).await;
    assert_eq!(heads.len(), 1, "{heads:?}");
    heads.remove(0)
}

both_engines! {
    async fn whk_3_an_event_is_kept_as_it_came(test: &TestApp) {
        let app = node(test).await;
        let event = purchase("a", test.now());
        assert_eq!(deliver(test, &app, "till", &event).await.expect("is taken"), Receipt::Recorded);
        let head = only(&app).await;
        assert_eq!((head.source.as_str(), head.event_id.as_str(), head.kind.as_str()), ("till", "a", "purchase.completed"));
        assert_eq!((head.occurred_at, head.received_at, head.late_s), (Some(test.now()), test.now(), None));
        assert_eq!((head.progress.state, head.progress.attempts), (InboxState::Done, 1));
        let kept = webhooks::get(&app, head.id).await.expect("is there");
        assert_eq!(kept.body, event.to_string().into_bytes());
        // Another kind is kept, too, and does nothing.
        test.advance(Duration::from_millis(2));
        let other = json!({ "id": "b", "type": "shift.ended", "timestamp": test.now() });
        deliver(test, &app, "till", &other).await.expect("is taken");
        assert_eq!(heads(&app).await[0].progress.state, InboxState::Ignored);
        let told = test.audit_events().await;
        assert!(told.iter().all(|event| !event.action.starts_with("webhook.")), "the inbox is their record");
    }

    async fn t_pu_07_without_a_database_the_sender_is_told_to_try_again(test: &TestApp) {
        let app = node(test).await;
        test.store.set_down(true);
        let event = purchase("a", test.now());
        assert_eq!(refusal(deliver(test, &app, "till", &event).await), Code::DependencyUnavailable);
        test.store.set_down(false);
        assert_eq!(deliver(test, &app, "till", &event).await.expect("is taken"), Receipt::Recorded);
        assert_eq!(only(&app).await.progress.state, InboxState::Done);
    }

    async fn t_pu_08_an_effect_that_fails_is_retried_and_set_aside(test: &TestApp) {
        let app = node(test).await;
        // Recorded, so the sender is done with it; one poison event keeps nobody else's out.
        assert_eq!(deliver(test, &app, "till", &poison("bad", test.now())).await.expect("is taken"), Receipt::Recorded);
        let again = deliver(test, &app, "till", &poison("bad", test.now())).await;
        assert_eq!(again.expect("is known"), Receipt::Duplicate);
        let head = only(&app).await;
        assert_eq!((head.progress.state, head.progress.attempts), (InboxState::Failed, 1));
        assert_eq!(head.progress.last_error.as_deref(), Some("unreadable"));
        assert_eq!(webhooks::run_due(&app).await.expect("runs"), 0, "it waits first");

        let mut pauses = Vec::new();
        for attempts in 2..=limits::WEBHOOK_ATTEMPTS_MAX {
            let next_at = only(&app).await.progress.next_at.expect("a next time");
            pauses.push(next_at.since(test.now()));
            test.advance(next_at.since(test.now()));
            // Two nodes at once try it once.
            let (one, two) = tokio::join!(webhooks::run_due(&app), webhooks::run_due(&app));
            assert_eq!(one.expect("runs") + two.expect("runs"), 1);
            assert_eq!(only(&app).await.progress.attempts, attempts);
        }
        assert!(pauses.windows(2).all(|pair| pair[1] > pair[0] || pair[0] >= limits::JOB_BACKOFF_MAX / 2), "{pauses:?}");
        let head = only(&app).await;
        assert_eq!((head.progress.state, head.progress.next_at), (InboxState::SetAside, None));
        assert_eq!(test.audited("webhook.set_aside").await, 1);
        test.advance(Duration::from_secs(24 * 3600));
        assert_eq!(webhooks::run_due(&app).await.expect("runs"), 0);
    }

    async fn whk_5_operators_retry_replay_and_ignore(test: &TestApp) {
        let app = node(test).await;
        let caller = test.caller().await;
        deliver(test, &app, "till", &purchase("good", test.now())).await.expect("is taken");
        let good = only(&app).await.id;
        test.advance(Duration::from_millis(2));
        deliver(test, &app, "till", &poison("bad", test.now())).await.expect("is taken");
        let bad = heads(&app).await[0].id;
        let ctx = test.ctx();

        assert_eq!(refusal(webhooks::retry(&app, &ctx, &caller, good).await), Code::Conflict);
        assert_eq!(refusal(webhooks::ignore(&app, &ctx, &caller, good).await), Code::Conflict);
        let replayed = webhooks::replay(&app, &ctx, &caller, good).await.expect("is replayed");
        assert_eq!((replayed.head.progress.state, replayed.head.progress.attempts), (InboxState::Done, 2));

        let retried = webhooks::retry(&app, &ctx, &caller, bad).await.expect("is tried");
        assert_eq!((retried.head.progress.state, retried.head.progress.attempts), (InboxState::Failed, 2));
        let ignored = webhooks::ignore(&app, &ctx, &caller, bad).await.expect("is ignored");
        assert_eq!(ignored.head.progress.state, InboxState::Ignored);
        assert_eq!(webhooks::get(&app, bad).await.expect("is there"), ignored);
        test.advance(Duration::from_secs(24 * 3600));
        assert_eq!(webhooks::run_due(&app).await.expect("runs"), 0);

        let nobody = mainstay_model::InboxEventId::new(app.new_uuid());
        assert_eq!(refusal(webhooks::get(&app, nobody).await), Code::NotFound);
        assert_eq!(refusal(webhooks::replay(&app, &ctx, &caller, nobody).await), Code::NotFound);
        for action in ["webhook.replayed", "webhook.retried", "webhook.ignored"] {
            assert_eq!(test.audited(action).await, 1, "{action}");
        }
    }

    async fn whk_5_what_an_event_said_is_removed_and_the_event_stays(test: &TestApp) {
        let mut options = NodeOptions { seed: 2, ..options([till("till")]) };
        options.settings.webhook_bodies_kept = DAY * 3;
        let app = test.node(options, &test.bus).await.expect("starts");
        let caller = test.caller().await;
        deliver(test, &app, "till", &purchase("good", test.now())).await.expect("is taken");
        let good = only(&app).await.id;
        test.advance(Duration::from_millis(2));
        deliver(test, &app, "till", &poison("bad", test.now())).await.expect("is taken");
        let bad = heads(&app).await[0].id;
        let removed = async || retention::run_once(&app).await.expect("runs").inbox_bodies;
        test.advance(DAY * 3 - Duration::from_secs(1));
        assert_eq!(removed().await, 0);
        // Whoever has its effect again may want to read it again, too.
        webhooks::replay(&app, &test.ctx(), &caller, good).await.expect("is replayed");
        test.advance(DAY * 3);
        assert_eq!(removed().await, 0);
        test.advance(limits::RETENTION_INTERVAL);
        assert_eq!(removed().await, 1);

        let kept = webhooks::get(&app, good).await.expect("stays");
        assert_eq!((kept.body.as_slice(), kept.head.body_removed_at), (&b""[..], Some(test.now())));
        assert_eq!((kept.head.progress.state, kept.head.event_id.as_str()), (InboxState::Done, "good"));
        let replayed = webhooks::replay(&app, &test.ctx(), &caller, good).await;
        assert_eq!(refusal(replayed), Code::EventBodyRemoved);
        assert_eq!(webhooks::get(&app, good).await.expect("stays"), kept);
        // What waits for a person is kept until they have seen to it.
        let waiting = webhooks::get(&app, bad).await.expect("is there");
        assert!(waiting.head.body_removed_at.is_none() && !waiting.body.is_empty());
        webhooks::ignore(&app, &test.ctx(), &caller, bad).await.expect("is ignored");
        test.advance(DAY * 3 + limits::RETENTION_INTERVAL);
        assert_eq!(removed().await, 1);
    }

    async fn whk_5_what_operators_do_in_vain_is_in_the_trail_too(test: &TestApp) {
        let app = node(test).await;
        let (caller, ctx) = (test.caller().await, test.ctx());
        deliver(test, &app, "till", &purchase("good", test.now())).await.expect("is taken");
        let good = only(&app).await.id;
        test.advance(Duration::from_millis(2));
        // A refund in another currency can't be counted, so that its effect breaks the transaction.
        let refund = json!({
            "refund_id": "r1", "purchase_id": "p-good", "amount": 1, "currency": "EUR", "occurred_at": test.now(),
        });
        let event = json!({ "id": "bad", "type": "purchase.refunded", "timestamp": test.now(), "data": refund });
        deliver(test, &app, "till", &event).await.expect("is taken");
        let bad = heads(&app).await[0].clone();
        assert_eq!(bad.progress.last_error.as_deref(), Some("poisoned"));

        let newest = async |action: &str, subject: mainstay_model::InboxEventId| {
            let told = test.audit_events().await.remove(0);
            assert_eq!((told.action.as_str(), told.subject), (action, format!("webhook_event:{subject}")));
            assert_eq!(told.actor, caller.actor().to_text());
            serde_json::from_str::<Value>(&told.detail).expect("JSON")
        };
        let failed = json!({ "before": "failed", "after": "failed", "fault": "poisoned" });
        for (attempts, action) in [(2, "webhook.retried"), (3, "webhook.replayed")] {
            let tried = if attempts == 2 {
                webhooks::retry(&app, &ctx, &caller, bad.id).await
            } else {
                webhooks::replay(&app, &ctx, &caller, bad.id).await
            };
            assert_eq!(tried.expect("is tried").head.progress.attempts, attempts);
            assert_eq!(newest(action, bad.id).await, failed);
        }

        let conflict = json!({ "code": "conflict" });
        assert_eq!(refusal(webhooks::retry(&app, &ctx, &caller, good).await), Code::Conflict);
        assert_eq!(newest("webhook.retry_refused", good).await, conflict);
        assert_eq!(refusal(webhooks::ignore(&app, &ctx, &caller, good).await), Code::Conflict);
        assert_eq!(newest("webhook.ignore_refused", good).await, conflict);
        let nobody = mainstay_model::InboxEventId::new(app.new_uuid());
        assert_eq!(refusal(webhooks::replay(&app, &ctx, &caller, nobody).await), Code::NotFound);
        assert_eq!(newest("webhook.replay_refused", nobody).await, json!({ "code": "not_found" }));
        // What is no refusal is none in the trail.
        let told = test.audit_events().await.len();
        test.store.set_down(true);
        assert_eq!(refusal(webhooks::replay(&app, &ctx, &caller, good).await), Code::DependencyUnavailable);
        test.store.set_down(false);
        assert_eq!(test.audit_events().await.len(), told);
    }

    async fn t_pu_05_a_late_event_is_taken_once_and_marked(test: &TestApp) {
        let app = node(test).await;
        let late = purchase("late", test.now() - Duration::from_secs(3 * 3600));
        assert_eq!(deliver(test, &app, "till", &late).await.expect("is taken"), Receipt::Recorded);
        assert_eq!(deliver(test, &app, "till", &late).await.expect("is known"), Receipt::Duplicate);
        assert_eq!(only(&app).await.late_s, Some(3 * 3600));
        let told = test.audit_events().await;
        assert_eq!(told.iter().filter(|event| event.action == "webhook.late").count(), 1);
        assert!(told[0].detail.contains("\"age_minutes\":180"), "{}", told[0].detail);
        let ancient = purchase("ancient", test.now() - Duration::from_secs(73 * 3600));
        assert_eq!(refusal(deliver(test, &app, "till", &ancient).await), Code::EventOutOfTime);
        // One setting away.
        let late = purchase("strict", test.now() - Duration::from_secs(301));
        assert_eq!(refusal(deliver(test, &app, "strict", &late).await), Code::EventOutOfTime);
        assert_eq!(heads(&app).await.len(), 1);
    }

    async fn whk_2_a_refusal_for_its_age_is_in_the_trail_in_minutes(test: &TestApp) {
        let app = node(test).await;
        for minutes in [6, 90, 12] {
            let old = purchase("old", test.now() - Duration::from_secs(minutes * 60));
            assert_eq!(refusal(deliver(test, &app, "strict", &old).await), Code::EventOutOfTime);
        }
        refusals::flush(&app).await.expect("writes");
        let told = test.audit_events().await;
        assert_eq!((told.len(), told[0].action.as_str(), told[0].subject.as_str()), (1, "webhook.refused", "webhook:strict"));
        let detail: Value = serde_json::from_str(&told[0].detail).expect("JSON");
        assert_eq!((detail["fault"].as_str(), detail["count"].as_u64()), (Some("too_old"), Some(3)));
        assert_eq!(detail["age_minutes"], 90, "the oldest");
    }

    async fn whk_3_parallel_events_share_transactions(test: &TestApp) {
        let app = node(test).await;
        let writes = test.store.counts().1;
        let deliveries = (0..200).map(|number| {
            let (app, event) = (Arc::clone(&app), purchase(&number.to_string(), test.now()));
            async move { deliver(test, &app, "till", &event).await }
        });
        let outcomes = futures::future::join_all(deliveries).await;
        assert!(outcomes.into_iter().all(|outcome| outcome.expect("is taken") == Receipt::Recorded));
        let transactions = test.store.counts().1 - writes;
        assert!(transactions < 100, "{transactions} transactions for 200 events");
        assert_eq!(heads(&app).await.len(), 100);
    }

    async fn whk_1_a_source_that_is_closed_or_unknown_takes_nothing(test: &TestApp) {
        let scheme = Scheme::Stripe { livemode: true };
        let sources = [Source::new("bare".to_owned(), scheme), till("off").disabled()];
        let app = test.node(NodeOptions { seed: 2, ..options(sources) }, &test.bus).await.expect("starts");
        let event = purchase("a", test.now());
        for source in ["bare", "off"] {
            let error = deliver(test, &app, source, &event).await.expect_err("is closed");
            assert_eq!(error.code, Code::CapabilityUnavailable);
            assert!(error.capability.is_some());
        }
        assert_eq!(refusal(deliver(test, &app, "nowhere", &event).await), Code::NotFound);
        let off = NodeOptions { seed: 3, capabilities: Capabilities::default(), ..options([till("till")]) };
        let app = test.node(off, &test.bus).await.expect("starts");
        assert_eq!(refusal(deliver(test, &app, "till", &event).await), Code::CapabilityUnavailable);
    }
}

/// An event whose source was taken out of the configuration stays, and is tried again when it is back.
#[test]
fn whk_5_a_source_that_is_gone_fails_its_events_until_it_is_back() {
    runtime().block_on(async {
        let test = TestApp::start_with(Engine::Sqlite, options([till("till")])).await;
        let gone = test.second_node().await;
        deliver(&test, &test.app, "till", &poison("bad", test.now())).await.expect("is taken");
        test.advance(Duration::from_secs(3600));
        assert_eq!(webhooks::run_due(&gone).await.expect("runs"), 1);
        assert_eq!(only(&gone).await.progress.last_error.as_deref(), Some("source_gone"));
        test.advance(Duration::from_secs(3600));
        assert_eq!(webhooks::run_due(&test.app).await.expect("runs"), 1);
        assert_eq!(only(&gone).await.progress.last_error.as_deref(), Some("unreadable"));
        test.finish().await;
    });
}
