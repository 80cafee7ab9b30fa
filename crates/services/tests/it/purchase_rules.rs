//! Rules by which purchases become points: they end, and are never changed (WHK-4).

use std::time::Duration;

use mainstay_services::{
    Code, limits,
    purchases::{self, NewRule},
};
use serde_json::json;

use crate::{
    both_engines,
    harness::{TestApp, refusal},
    purchases::{balance, bought, customer, deliver, node, rule},
};

both_engines! {
    async fn whk_4_a_rule_that_ended_counts_no_more(test: &TestApp) {
        let app = node(test, 2).await;
        let operator = test.caller().await;
        let made = purchases::make_rule(&app, &test.ctx(), &operator, &rule("base")).await.expect("is made");
        let ada = customer(test, &app, "till", "c1").await;
        test.advance(Duration::from_secs(60));
        purchases::end_rule(&app, &test.ctx(), &operator, made.id).await.expect("ends");
        let before = test.now() - Duration::from_secs(30);
        deliver(test, &app, "till", &bought("before", 1_000, &json!({ "id": "c1" }), before)).await;
        deliver(test, &app, "till", &bought("after", 1_000, &json!({ "id": "c1" }), test.now())).await;
        assert_eq!(balance(&app, ada.member_id).await, (10, 0));
        assert_eq!(purchases::rules(&app).await.expect("lists")[0].ends_at, Some(test.now()));
        for bad in [
            NewRule { points: 0, ..rule("x") },
            NewRule { per_amount: 0, ..rule("x") },
            NewRule { day_points_max: Some(-1), ..rule("x") },
            NewRule { source: Some("nowhere".to_owned()), ..rule("x") },
            NewRule { ends_at: Some(test.now()), starts_at: Some(test.now()), ..rule("x") },
            rule(" "),
        ] {
            assert_eq!(refusal(purchases::make_rule(&app, &test.ctx(), &operator, &bad).await), Code::ValidationFailed);
        }
    }

    async fn whk_4_a_rule_that_ended_makes_room_for_another(test: &TestApp) {
        let app = node(test, 2).await;
        let operator = test.caller().await;
        let make = async |name: &str| purchases::make_rule(&app, &test.ctx(), &operator, &rule(name)).await;
        let first = make("first").await.expect("is made");
        for _ in 1..limits::PURCHASE_RULES_MAX {
            make("more").await.expect("is made");
        }
        assert_eq!(refusal(make("one too many").await), Code::Conflict);
        purchases::end_rule(&app, &test.ctx(), &operator, first.id).await.expect("ends");
        make("in its place").await.expect("is made");
        assert_eq!(refusal(make("one too many").await), Code::Conflict);
        let rules = purchases::rules(&app).await.expect("lists");
        assert_eq!(rules.len(), limits::PURCHASE_RULES_MAX + 1);
        let ended = rules.iter().find(|rule| rule.id == first.id).expect("is kept");
        assert_eq!(ended.ends_at, Some(test.now()));
    }
}
