//! The interface description.

use crate::harness::{Engine, TestServer};

#[test]
fn the_description_is_the_same_each_time() {
    let text = || mainstay_http::openapi().to_pretty_json().expect("JSON");
    assert_eq!(text(), text());
    assert!(text().contains("\"openapi\": \"3.1.0\""));
}

#[test]
fn the_tables_name_every_code_and_route() {
    let codes = mainstay_http::error_table();
    assert!(codes.iter().any(|row| row.code == "rate_limited" && row.status == 429));
    assert_eq!(mainstay_http::access_table().len(), mainstay_http::access::ROUTES.len());
    assert!(mainstay_http::limit_table().len() > 10);
}

#[test]
fn every_reference_leads_somewhere() {
    let api = serde_json::to_value(mainstay_http::openapi()).expect("JSON");
    let text = api.to_string();
    for reference in text.split("\"$ref\":\"#/").skip(1) {
        let pointer = format!("/{}", reference.split('"').next().expect("a reference"));
        assert!(api.pointer(&pointer).is_some(), "{pointer} is missing");
    }
}

on_both_engines! {
    async fn the_description_is_served_for_machines_and_people(engine: Engine) {
        let server = TestServer::start(engine).await;
        let anybody = server.native();
        let served = anybody.get("/v1/openapi.json").await.expect(200).json();
        assert_eq!(served, serde_json::to_value(mainstay_http::openapi()).expect("JSON"));
        let page = anybody.get("/docs").await.expect(200);
        assert!(page.header("content-type").expect("a type").starts_with("text/html"));
        assert!(page.text().contains("create_note"));
        assert!(page.header("content-security-policy").expect("a policy").contains("script-src 'self'"));
        anybody.get("/docs/docs.css").await.expect(200);
    }
}
