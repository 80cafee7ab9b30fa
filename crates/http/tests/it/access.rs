//! The access table, row by row, tried by every kind of wrong caller (SEC-8). A route without a row, a row without a route and a
//! row that nobody tried fail here.

use std::collections::BTreeSet;

use mainstay_http::access::{Access, ROUTES, Route};
use mainstay_model::{service_key::Scope, tenant::TenantRole};
use mainstay_services::limits;
use reqwest::RequestBuilder;
use serde_json::json;

use crate::harness::{Client, Engine, Options, Reply, TestServer};

/// A well-formed id that names nothing.
const NOBODY: &str = "0198c9a2-7d1e-7cc3-a1c4-3f60f1b2c3d4";

fn path(route: &Route, ids: &[(&str, &str)]) -> String {
    let mut path = route.path.to_owned();
    for (name, id) in ids {
        path = path.replace(&format!("{{{name}}}"), id);
    }
    let named = path.split('/').map(|part| if part.starts_with('{') { NOBODY } else { part });
    named.collect::<Vec<_>>().join("/")
}

async fn call(client: &Client, route: &Route, path: &str) -> Reply {
    client.send(with_body(client.request(route.method, path), route)).await
}

/// A body that is right enough to get past its extractor, so that what refuses is the access check.
fn with_body(request: RequestBuilder, route: &Route) -> RequestBuilder {
    if route.method == "GET" {
        return request;
    }
    request.header("idempotency-key", "a-key").json(&json!({
        "text": "x", "name": "x", "role": "member", "member_id": NOBODY, "scopes": ["members:read"], "display_name": "x",
        "email": "ada@example.com", "flow_id": NOBODY, "code": "00000000", "ceremony_id": NOBODY, "credential": {},
        "password": "correct horse", "provider": "google", "id_token": "x", "identity": "x",
        "to": NOBODY, "amount": 1, "reason": "x", "currency": "USD", "points": 1, "per_amount": 100, "source": "till", "kind": "customer",
        "value": "x", "offer_id": NOBODY, "merchant_id": NOBODY, "lasts_seconds": 60, "title": "x",
        "url": "https://hooks.example.com/",
    }))
}

fn needs_member(access: Access) -> bool {
    matches!(access, Access::Member | Access::RecentMember | Access::TenantRole(_) | Access::Operator)
}

#[test]
fn sec_8_every_described_operation_has_a_row_and_every_row_is_described() {
    let api = serde_json::to_value(mainstay_http::openapi()).expect("JSON");
    let mut described = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete", "head", "options"] {
            let operation = &item[method];
            if operation.is_object() {
                described.insert((method.to_uppercase(), path.clone()));
                assert!(operation["x-mainstay"]["access"].is_string(), "{method} {path} has no row");
                assert!(operation["security"].is_array(), "{method} {path} says nothing about security");
                let id = operation["operationId"].as_str().expect("an id").to_owned();
                assert!(ids.insert(id.clone()), "{id} is there twice");
            }
        }
    }
    let rows = ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(described, rows);
}

on_both_engines! {
    async fn sec_8_nobody_gets_in_without_credentials(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        let ended = server.native_member("ended").await;
        ended.post("/v1/auth/logout", &json!({})).await.expect(204);
        let old = server.native_member("old").await;
        server.advance(limits::ACCESS_TOKEN_TTL + limits::CLOCK_LEEWAY + std::time::Duration::from_secs(1));

        for route in ROUTES.iter().filter(|route| needs_member(route.access)) {
            let path = path(route, &[]);
            call(&server.native(), route, &path).await.expect_problem(401, "unauthenticated");
            let forged = server.native();
            let request = forged.request(route.method, &path).bearer_auth("forged.token.value");
            forged.send(with_body(request, route)).await.expect_problem(401, "invalid_token");
            call(&old, route, &path).await.expect_problem(401, "invalid_token");
        }
    }

    async fn sec_8_an_ended_session_opens_nothing(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        let ended = server.native_member("ended").await;
        ended.post("/v1/auth/logout", &json!({})).await.expect(204);
        for route in ROUTES.iter().filter(|route| needs_member(route.access)) {
            let reply = call(&ended, route, &path(route, &[])).await;
            reply.expect_problem(401, "session_ended");
        }
    }

    async fn sec_8_only_operators_find_what_is_theirs(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        let (member, operator) = (server.native_member("member").await, server.operator("operator").await);
        let routes: Vec<_> = ROUTES.iter().filter(|route| route.access == Access::Operator).collect();
        assert!(!routes.is_empty());
        for route in routes {
            call(&member, route, &path(route, &[])).await.expect_problem(404, "not_found");
            let reply = call(&operator, route, &path(route, &[])).await;
            assert!(reply.status < 300 || (reply.status == 404 && route.path.contains('{')), "{route:?} {reply:?}");
        }
    }

    async fn sec_8_guarded_actions_need_a_recent_sign_in(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        let member = server.native_member("member").await;
        server.advance(limits::RECENT_SIGN_IN);
        let routes: Vec<_> = ROUTES.iter().filter(|route| route.access == Access::RecentMember).collect();
        assert!(!routes.is_empty());
        for route in routes {
            call(&member, route, &path(route, &[])).await.expect_problem(403, "recent_sign_in_required");
        }
        member.me().await;
    }

    async fn sec_8_service_routes_take_keys_with_their_scope_only(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        let (member, operator) = (server.native_member("member").await, server.operator("operator").await);
        let id = member.id().await;
        let merchant = operator.post("/v1/operator/merchants", &json!({ "name": "Café" })).await.expect(201).json();
        let tills = format!("/v1/operator/merchants/{}/service-keys", merchant["id"].as_str().expect("an id"));
        let key = async |scope: Scope| {
            let body = json!({ "name": "back end", "scopes": [scope.as_str()] });
            // A till's key is made at its merchant.
            let path = if scope == Scope::RedemptionsConfirm { tills.as_str() } else { "/v1/operator/service-keys" };
            let made = operator.post(path, &body).await.expect(201).json();
            (made["service_key"]["id"].as_str().expect("an id").to_owned(), made["key"].as_str().expect("a key").to_owned())
        };
        let routes: Vec<_> = ROUTES.iter().filter(|route| matches!(route.access, Access::Service(_))).collect();
        assert!(!routes.is_empty());
        for route in routes {
            let Access::Service(scope) = route.access else { continue };
            let path = path(route, &[("member_id", &id)]);
            let (right_id, right) = key(scope).await;
            let other = *Scope::ALL.iter().find(|other| **other != scope).expect("another scope");
            let (_, wrong) = key(other).await;
            let by = async |key: &str| {
                let anybody = server.native();
                anybody.send(with_body(anybody.request(route.method, &path).bearer_auth(key), route)).await
            };
            call(&server.native(), route, &path).await.expect_problem(401, "unauthenticated");
            call(&server.member("browser").await, route, &path).await.expect_problem(401, "unauthenticated");
            call(&member, route, &path).await.expect(401);
            call(&operator, route, &path).await.expect(401);
            by("msk_deadbeef_0000000000000000000000000000000000000000000").await.expect(401);
            by(&wrong).await.expect_problem(403, "forbidden");
            // Past the access check there are no such hold, code and merchant.
            let expected: &[u16] = match route.path {
                "/v1/service/redemptions/confirm" => &[404],
                "/v1/service/members/{member_id}/wallet/holds" => &[422],
                path if path.contains("{hold_id}") => &[404],
                _ => &[200, 201],
            };
            let status = by(&right).await.status;
            assert!(expected.contains(&status), "{route:?} {status}");
            operator.delete(&format!("/v1/operator/service-keys/{right_id}")).await.expect(204);
            by(&right).await.expect(401);
        }
    }

    async fn sec_8_tenants_are_seen_by_their_members_and_changed_by_their_role(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        let owner = server.member("owner").await;
        let (plain, stranger) = (server.native_member("plain").await, server.native_member("stranger").await);
        let tenant = owner.post("/v1/tenants", &json!({ "name": "Acme" })).await.expect(201).json();
        let tenant = tenant["id"].as_str().expect("an id").to_owned();
        let members = format!("/v1/tenants/{tenant}/members");
        let plain_id = plain.id().await;
        owner.post(&members, &json!({ "member_id": plain_id, "role": "member" })).await.expect(201);
        let owner_id = owner.id().await;
        let ids = [("tenant_id", tenant.as_str()), ("member_id", owner_id.as_str())];

        for route in ROUTES {
            let Access::TenantRole(role) = route.access else { continue };
            let path = path(route, &ids);
            call(&stranger, route, &path).await.expect_problem(404, "not_found");
            let reply = call(&plain, route, &path).await;
            match (route.method, role) {
                ("GET", TenantRole::Member) => reply.expect(200),
                _ => reply.expect_problem(403, "forbidden"),
            };
        }
    }

    async fn sec_8_the_ids_of_others_name_nothing(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        let (ada, eve) = (server.member("ada").await, server.native_member("eve").await);
        let note = ada.note("mine").await;
        let session = ada.me().await["session"]["id"].as_str().expect("an id").to_owned();
        let ids = [("note_id", note.as_str()), ("session_id", session.as_str())];
        let mut tried = 0;
        for route in ROUTES.iter().filter(|route| route.path.contains('{')) {
            if !matches!(route.access, Access::Member | Access::RecentMember) {
                continue;
            }
            call(&eve, route, &path(route, &ids)).await.expect_problem(404, "not_found");
            // What is no id at all names nothing either.
            call(&eve, route, &path(route, &[]).replace(NOBODY, "nonsense")).await.expect_problem(404, "not_found");
            tried += 1;
        }
        assert!(tried >= 6);
        assert_eq!(ada.get(&format!("/v1/notes/{note}")).await.expect(200).json()["text"], "mine");
        ada.me().await;
    }

    async fn sec_8_every_row_reaches_a_handler(engine: Engine) {
        let server = TestServer::start_with(engine, Options::generous()).await;
        for route in ROUTES {
            let operator = server.operator("operator").await;
            let reply = call(&operator, route, &path(route, &[])).await;
            // These are there, but not what they are about.
            let absent = route.path.contains('{') || ["/v1/me/email", "/v1/wallet/transfers", "/v1/wallet/redemptions"].contains(&route.path) || route.access == Access::MetricsToken;
            let missing = reply.status == 404 && !absent;
            assert!(!missing && reply.status != 405 && reply.status < 500, "{route:?} {reply:?}");
        }
    }

    async fn sec_9_unknown_paths_and_methods_are_problems(engine: Engine) {
        let server = TestServer::start(engine).await;
        let anybody = server.native();
        for path in ["/v1/nothing", "/v1", "/v1/notes/", "/v1/notes/a/b/c", "/v1/%6eotes", "/nothing", "/.env", "/v1/../etc"] {
            anybody.get(path).await.expect_problem(404, "not_found");
        }
        let reply = anybody.put("/v1/notes", &json!({})).await.expect_problem(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some("GET, POST, HEAD"));
        anybody.send(anybody.request("BREW", "/v1/notes")).await.expect_problem(405, "method_not_allowed");
        anybody.send(anybody.request("OPTIONS", "/v1/notes")).await.expect_problem(405, "method_not_allowed");
        let head = anybody.send(anybody.request("HEAD", "/v1/config")).await.expect(200);
        assert!(head.bytes.is_empty() && head.header("etag").is_some());
    }
}
