//! Target files that are right, and what is said about those that are not.

use super::{EXAMPLE, TargetFile};

const CHECKS: &[&str] = &["scan.hsts", "scan.cors"];

fn complaints(text: &str) -> String {
    let faults = TargetFile::parse(text, CHECKS).expect_err("the file was taken");
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_can_be_read_as_it_is() {
    let file = TargetFile::parse(EXAMPLE, CHECKS).expect("the example");
    assert!(file.object.is_some() && file.refresh.is_some() && file.log_out.is_some());
    assert_eq!(file.leave_out.len(), 1);
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_with_the_known_ones() {
    let said = complaints("environment = \"staging\"\n\n[me]\npath = \"/me\"\nidd = \"/id\"\n");
    assert!(said.contains("line 5") && said.contains("idd") && said.contains("`id`"), "{said}");
}

#[test]
fn every_fault_is_named_with_line_and_key() {
    let said = complaints(
        r#"environment = "staging"
pages = ["index.html"]

[members.a]
identity = "a@example.com"

[sign_in]
request = { path = "/login", json = { user = "{name}" } }
token = "data.token"

[object]
create = { path = "/notes", json = {}, form = {} }
id = "/id"
read = "/notes"

[leave_out]
"scan.cors" = ""
"scan.nothing" = "because"
"#,
    );
    for expected in [
        "line 2, pages: `index.html` is no path",
        "line 4, members.a: give either token_env",
        "line 8, sign_in.request: {name} is not known here; there are {identity}, {secret}",
        "line 9, sign_in.token: `data.token` is no JSON pointer; write `/data/token`",
        "line 12, object.create: has a json and a form body",
        "line 14, object.read: `/notes` names no object; write `{id}`",
        "line 17, leave_out.scan.cors: needs its reason",
        "line 18, leave_out.scan.nothing: there is no such check",
    ] {
        assert!(said.contains(expected), "{expected}\nis not in\n{said}");
    }
}

#[test]
fn a_session_has_to_be_somewhere() {
    let said = complaints("environment = \"dev\"\n[sign_in]\nrequest = { path = \"/login\" }\n");
    assert!(said.contains("line 2, sign_in: say where the session is"), "{said}");
}
