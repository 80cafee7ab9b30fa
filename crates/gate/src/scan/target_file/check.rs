//! What the types of a target file can't say, with the line and the key of each fault.

use std::fmt;

use super::{Member, Request, TargetFile};
use crate::scan::fill;

/// One thing that is wrong with a target file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    line: Option<usize>,
    key: String,
    what: String,
}

impl Fault {
    /// What the TOML reader says, which shows the line by itself.
    pub(super) fn of_syntax(error: &toml::de::Error) -> Self {
        Self { line: None, key: String::new(), what: error.to_string().trim_end().to_owned() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}, {}: {}", self.key, self.what),
            None if self.key.is_empty() => write!(f, "{}", self.what),
            None => write!(f, "{}: {}", self.key, self.what),
        }
    }
}

struct Faults<'a> {
    text: &'a str,
    found: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, table: &str, key: &str, what: impl Into<String>) {
        let line = line_of(self.text, table, key);
        let key = [table, key].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
        self.found.push(Fault { line, key, what: what.into() });
    }

    fn path(&mut self, table: &str, key: &str, path: &str) {
        if !path.starts_with('/') {
            self.add(table, key, format!("`{path}` is no path; it starts with `/`"));
        }
    }

    fn pointer(&mut self, table: &str, key: &str, pointer: &str) {
        if !pointer.starts_with('/') {
            let right = pointer.replace('.', "/");
            self.add(table, key, format!("`{pointer}` is no JSON pointer; write `/{right}`"));
        }
    }

    fn request(&mut self, table: &str, key: &str, request: &Request, known: &[&str]) {
        self.path(table, key, &request.path);
        if request.json.is_some() && request.form.is_some() {
            self.add(table, key, "has a json and a form body; a request has one");
        }
        if let Some(method) = &request.method
            && (method.is_empty() || !method.chars().all(|c| c.is_ascii_uppercase()))
        {
            self.add(table, key, format!("`{method}` is no method; write it in capitals: `POST`"));
        }
        for name in fill::placeholders(request) {
            if !known.contains(&name.as_str()) {
                let known = known.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ");
                self.add(table, key, format!("{{{name}}} is not known here; there are {known}"));
            }
        }
    }

    fn of_id(&mut self, table: &str, key: &str, path: &str) {
        self.path(table, key, path);
        if !path.contains("{id}") {
            self.add(table, key, format!("`{path}` names no object; write `{{id}}` where its id stands"));
        }
    }

    fn member(&mut self, name: &str, member: &Member, can_sign_in: bool) {
        let table = format!("members.{name}");
        let has_identity = member.identity.is_some() || member.identity_env.is_some();
        match (&member.token_env, has_identity, member.secret_env.is_some()) {
            (Some(_), false, false) => {}
            (None, true, true) if can_sign_in => {}
            (None, true, true) => {
                self.add(&table, "secret_env", "needs a [sign_in] that says how to sign in with it");
            }
            _ => self.add(
                &table,
                "",
                "give either token_env, or identity (or identity_env) together with secret_env",
            ),
        }
    }
}

const IN_SIGN_IN: &[&str] = &["identity", "secret"];
const IN_SESSION: &[&str] = &["identity", "member_id", "unique", "refresh_token"];
const IN_OBJECT: &[&str] = &["identity", "member_id", "unique", "id"];

pub(super) fn faults(file: &TargetFile, text: &str, checks: &[&str]) -> Vec<Fault> {
    let mut faults = Faults { text, found: Vec::new() };
    if file.environment.trim().is_empty() {
        faults.add("", "environment", "is empty; write what the deployment is called: `staging`");
    }
    for (name, member) in [("a", &file.members.a), ("b", &file.members.b)] {
        if let Some(member) = member {
            faults.member(name, member, file.sign_in.is_some());
        }
    }
    if let Some(sign_in) = &file.sign_in {
        faults.request("sign_in", "request", &sign_in.request, IN_SIGN_IN);
        if sign_in.token.is_none() && !sign_in.cookies {
            faults.add(
                "sign_in",
                "",
                "say where the session is: token = \"/access_token\" or cookies = true",
            );
        }
        for (key, pointer) in [("token", &sign_in.token), ("refresh_token", &sign_in.refresh_token)] {
            if let Some(pointer) = pointer {
                faults.pointer("sign_in", key, pointer);
            }
        }
    }
    if let Some(csrf) = &file.csrf {
        if csrf.cookie.is_some() == csrf.pointer.is_some() {
            faults.add("csrf", "", "say where the token comes from: either cookie or pointer");
        }
        if let Some(pointer) = &csrf.pointer {
            faults.pointer("csrf", "pointer", pointer);
        }
    }
    if let Some(me) = &file.me {
        faults.path("me", "path", &me.path);
        faults.pointer("me", "id", &me.id);
    }
    object(&mut faults, file);
    if let Some(refresh) = &file.refresh {
        faults.request("refresh", "request", &refresh.request, IN_SESSION);
        faults.pointer("refresh", "refresh_token", &refresh.refresh_token);
        if file.sign_in.as_ref().is_none_or(|sign_in| sign_in.refresh_token.is_none()) {
            faults.add("refresh", "", "needs sign_in.refresh_token, a pointer to the first one");
        }
    }
    if let Some(log_out) = &file.log_out {
        faults.request("log_out", "", log_out, IN_SESSION);
    }
    for page in &file.pages {
        faults.path("", "pages", page);
    }
    for path in &file.diagnostics {
        faults.path("", "diagnostics", path);
    }
    for request in &file.links {
        faults.request("links", "", request, IN_SESSION);
    }
    for (id, reason) in &file.leave_out {
        if !checks.contains(&id.as_str()) {
            faults.add(
                "leave_out",
                id,
                "there is no such check; `mainstay gate scan --list` shows them, and the id is written in quotes",
            );
        }
        if reason.trim().is_empty() {
            faults.add("leave_out", id, "needs its reason, which the report shows");
        }
    }
    faults.found
}

fn object(faults: &mut Faults<'_>, file: &TargetFile) {
    let Some(object) = &file.object else { return };
    faults.request("object", "create", &object.create, IN_SESSION);
    faults.pointer("object", "id", &object.id);
    faults.of_id("object", "read", &object.read);
    if let Some(update) = &object.update {
        faults.of_id("object", "update", &update.path);
        faults.request("object", "update", update, IN_OBJECT);
    }
    if let Some(delete) = &object.delete {
        faults.of_id("object", "delete", delete);
    }
    if let Some(list) = &object.list {
        faults.path("object", "list", list);
    }
}

/// Where a key of a table stands, or the table if the key stands nowhere. Good enough for a message: the text was read as TOML before.
fn line_of(text: &str, table: &str, key: &str) -> Option<usize> {
    let mut inside = table.is_empty();
    let mut header = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            let name = line.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
            inside = name == table || name.starts_with(&format!("{table}.{key}"));
            if name == table || (header.is_none() && inside) {
                header = Some(index + 1);
            }
            continue;
        }
        let name = line.split('=').next().unwrap_or_default().trim().trim_matches('"');
        if inside && !key.is_empty() && (name == key || name.starts_with(&format!("{key}."))) {
            return Some(index + 1);
        }
        if header.is_none() && !table.is_empty() && (name == table || name.starts_with(&format!("{table}.")))
        {
            header = Some(index + 1);
        }
    }
    header
}
