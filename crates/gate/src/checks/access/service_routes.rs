//! Services' routes take service keys and nothing else: a member's token opens none of them, and a key no member's.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    check::{
        Check, Control, Effect, Ended, Need, Outcome, Phase, Priority, Reference, Running, ensure, passed,
    },
    checks::{shop::Shop, verdict::settled},
    limits,
    openapi::{Admits, Operation},
    probe::Probe,
};

pub(crate) static CHECK: Check = Check {
    id: "access.service-routes",
    title: "Services' routes take no member's token, and keys only within their scope",
    promises: &["SEC-8", "IDN-10"],
    priority: Priority::P0,
    references: &[
        Reference::Asvs("8.2.1"),
        Reference::Asvs("8.3.3"),
        Reference::Cwe(285),
        Reference::Cwe(863),
        Reference::Api(5),
    ],
    needs: &[Need::Operator, Need::Members],
    effect: Effect::Safe,
    phase: Phase::Together,
    control: Control::Guard("service_scope"),
    run: |probe| -> Running { Box::pin(run(probe)) },
};

/// The scope of keys that belong to a merchant.
const SCOPE_OF_MERCHANTS: &str = "redemptions:confirm";
/// A scope that opens no route of a service yet.
const SCOPE_OF_NOTHING: &str = "audit:read";

async fn run(probe: Probe) -> Outcome {
    let shop = match probe.target.why_off("wallet") {
        None => Some(Shop::open(&probe).await?),
        Some(_) => None,
    };
    let outcome = attack(&probe, shop.as_ref()).await;
    if let Some(shop) = &shop {
        shop.close().await?;
    }
    outcome
}

async fn attack(probe: &Probe, shop: Option<&Shop>) -> Outcome {
    let member = probe.bearer_member().await?;
    let operator = probe.operator().await?;
    let operations = probe.operations()?;
    let is_on = |operation: &&Operation| {
        operation.capability.as_deref().is_none_or(|name| probe.target.why_off(name).is_none())
    };
    let service = operations.iter().filter(|operation| operation.admits == Admits::Service).filter(is_on);
    let service = service.collect::<Vec<_>>();
    ensure(!service.is_empty(), || "the OpenAPI document has no service's route".to_owned())?;
    let path = |operation: &Operation| operation.filled(|_| member.member_id.clone());
    for operation in &service {
        for who in [&member, &operator] {
            let answer = who.call(operation.method.clone(), &path(operation)).patiently().send().await?;
            ensure(answer.status == 401, || {
                format!("{} with a member's token answered {}", operation.name(), answer.status)
            })?;
        }
    }
    let mut opened = 0;
    let scopes = service.iter().flat_map(|operation| operation.scopes.iter().map(String::as_str));
    let scopes = scopes.chain([SCOPE_OF_NOTHING]).collect::<BTreeSet<_>>();
    for scope in &scopes {
        let made = match shop {
            // Such a key belongs to one merchant.
            Some(shop) if *scope == SCOPE_OF_MERCHANTS => {
                let path = format!("/v1/operator/merchants/{}/service-keys", shop.merchant_id);
                operator.post(&path).json(&json!({ "name": "gate" }))
            }
            _ => {
                operator.post("/v1/operator/service-keys").json(&json!({ "name": "gate", "scopes": [scope] }))
            }
        };
        let made = made.purpose("an operator makes a key").patiently().expect(201).await?;
        let key = format!("Bearer {}", made.text_at("/key")?);
        let with_key = |method: Method, path: &str| {
            probe.client.call(method, path).header("authorization", &key).patiently()
        };
        let judged = async {
            for operation in &service {
                let answer =
                    with_key(operation.method.clone(), &path(operation)).purpose(*scope).send().await?;
                let is_meant = operation.scopes.iter().any(|other| other == scope);
                // What is let in may still be refused: it has no body here, and its ids are not always those of a thing.
                let is_let_in = !matches!(answer.status, 401 | 403) && answer.status < 500;
                let is_as_wanted = if is_meant { is_let_in } else { answer.status == 403 };
                ensure(is_as_wanted, || {
                    format!("{} with a key for {scope} answered {}", operation.name(), answer.status)
                })?;
                opened += usize::from(answer.status == 200);
            }
            for operation in operations.iter().filter(|operation| operation.needs_session()).filter(is_on) {
                let answer =
                    with_key(operation.method.clone(), &path(operation)).only_counted().send().await?;
                ensure(answer.status == 401, || {
                    format!("{} with a service's key answered {}", operation.name(), answer.status)
                })?;
            }
            Ok::<(), Ended>(())
        };
        let judged = judged.await;
        let id = made.text_at("/service_key/id")?;
        let revoked =
            operator.delete(&format!("/v1/operator/service-keys/{id}")).patiently().expect(204).await;
        judged?;
        revoked?;
        let until = Instant::now() + limits::END_TIME_MAX;
        for operation in &service {
            let call = || with_key(operation.method.clone(), &path(operation)).purpose("the key was revoked");
            let answer = settled(until, call).await?;
            ensure(answer.status == 401, || {
                format!("{} with a revoked key answered {}", operation.name(), answer.status)
            })?;
        }
    }
    ensure(opened > 0, || "no scope opens a service's route".to_owned())?;
    passed(format!(
        "{} routes, {} scopes, a member's and an operator's token, revoked keys",
        service.len(),
        scopes.len()
    ))
}
