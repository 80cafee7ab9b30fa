//! What an OpenAPI document (3.0 or 3.1, JSON or YAML) says of a service's operations: paths, security, bodies.

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::Value;
use url::Url;

use crate::limits;

const METHODS: &[(&str, Method)] = &[
    ("get", Method::GET),
    ("head", Method::HEAD),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("patch", Method::PATCH),
    ("delete", Method::DELETE),
];

/// A service's interface, as its document tells it.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    root: Value,
    pub(crate) operations: Vec<Operation>,
}

/// One method of one path.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// With the server's path in front: `/api/notes/{note_id}`.
    pub(crate) template: String,
    /// Path parameters by name, with their schemas.
    parameters: Vec<(String, Value)>,
    /// Whether every way in that the document knows asks who it is.
    pub(crate) is_secured: bool,
    /// The schema of a JSON body, where there is one.
    body: Option<Value>,
    is_form: bool,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is neither JSON nor YAML, or of another version of OpenAPI; the message says which.
    pub(crate) fn parse(text: &str, base: &Url) -> anyhow::Result<Self> {
        let root: Value = match serde_json::from_str(text) {
            Ok(root) => root,
            Err(_) if text.trim_start().starts_with('{') => {
                serde_json::from_str::<Value>(text).context("the OpenAPI document is broken JSON")?
            }
            Err(_) => super::yaml::parse(text).context("the OpenAPI document is neither JSON nor YAML")?,
        };
        if let Some(version) = root.get("swagger") {
            bail!("the document is Swagger {version}; convert it to OpenAPI 3, e.g. with swagger2openapi");
        }
        match root.get("openapi").and_then(Value::as_str) {
            Some(version) if version.starts_with("3.") => {}
            Some(version) => bail!("the document is OpenAPI {version}; 3.0 and 3.1 are understood"),
            None => bail!("the document has no `openapi` version; is it an OpenAPI document?"),
        }
        let mut document = Self { root, operations: Vec::new() };
        document.operations = document.read_operations(base);
        Ok(document)
    }

    fn read_operations(&self, base: &Url) -> Vec<Operation> {
        let prefix = self.server_path(base);
        let Some(paths) = self.root.get("paths").and_then(Value::as_object) else { return Vec::new() };
        let mut operations = Vec::new();
        for (path, item) in paths {
            let item = self.resolve(item);
            for (name, method) in METHODS {
                if let Some(operation) = item.get(name) {
                    operations.push(self.operation(method, &format!("{prefix}{path}"), item, operation));
                }
            }
        }
        operations
    }

    fn operation(&self, method: &Method, template: &str, item: &Value, operation: &Value) -> Operation {
        let lists = [item.get("parameters"), operation.get("parameters")];
        let parameters = lists
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .map(|parameter| self.resolve(parameter))
            .filter(|parameter| parameter.get("in").and_then(Value::as_str) == Some("path"))
            .filter_map(|parameter| {
                let name = parameter.get("name")?.as_str()?.to_owned();
                Some((name, parameter.get("schema").cloned().unwrap_or(Value::Null)))
            })
            .collect();
        let content = operation
            .get("requestBody")
            .map(|body| self.resolve(body))
            .and_then(|body| body.get("content"))
            .and_then(Value::as_object);
        let schema_of = |kind: &str| content.and_then(|content| content.get(kind)?.get("schema").cloned());
        let json = schema_of("application/json");
        let form = schema_of("application/x-www-form-urlencoded");
        let security = operation.get("security").or_else(|| self.root.get("security"));
        Operation {
            method: method.clone(),
            template: template.to_owned(),
            parameters,
            is_secured: is_secured(security),
            is_form: json.is_none() && form.is_some(),
            body: json.or(form),
        }
    }

    /// The path under which the service has its operations; a server elsewhere is not the one that is scanned.
    fn server_path(&self, base: &Url) -> String {
        let server = self.root.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or("/");
        let path = base.join(server).map(|url| url.path().to_owned()).unwrap_or_default();
        path.trim_end_matches('/').to_owned()
    }

    /// Follows a reference inside the document.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..limits::SCAN_SCHEMA_DEPTH {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            let Some(target) = target else { return value };
            value = target;
        }
        value
    }

    /// Whether a body of this operation can be empty JSON and still be right.
    pub(crate) fn takes_an_empty_body(&self, operation: &Operation) -> bool {
        let Some(schema) = &operation.body else { return true };
        let schema = self.resolve(schema);
        let required = schema.get("required").and_then(Value::as_array);
        required.is_none_or(Vec::is_empty)
    }

    /// A body that the document would take; nothing where it knows none.
    pub(crate) fn sample_body(&self, operation: &Operation) -> Option<(&'static str, Vec<u8>)> {
        let value = super::sample::of(operation.body.as_ref()?, &|value| self.resolve(value).clone());
        if !operation.is_form {
            return Some(("application/json", value.to_string().into_bytes()));
        }
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in value.as_object().into_iter().flatten() {
            form.append_pair(name, value.as_str().unwrap_or(&value.to_string()));
        }
        Some(("application/x-www-form-urlencoded", form.finish().into_bytes()))
    }

    /// The operation's path with ids that nobody has; `known` replaces those at its place.
    pub(crate) fn made_up_path(&self, operation: &Operation) -> String {
        let mut path = operation.template.clone();
        for (name, schema) in &operation.parameters {
            path = path.replace(&format!("{{{name}}}"), &self.made_up(schema));
        }
        path
    }

    fn made_up(&self, schema: &Value) -> String {
        let schema = self.resolve(schema);
        match schema.get("type").and_then(Value::as_str) {
            Some("integer" | "number") => "2147483646".to_owned(),
            _ if schema.get("format").and_then(Value::as_str) == Some("uuid") => {
                "0f5c0bb2-3c1e-4d0a-9c77-6a2d1b0e9f11".to_owned()
            }
            _ => "scanmadeup00000".to_owned(),
        }
    }
}

impl Operation {
    pub(crate) fn has_path_parameters(&self) -> bool {
        self.template.contains('{')
    }

    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// The path for an object, if this operation is about the same kind of object as `read` (`/notes/{id}`) and needs no other id.
    pub(crate) fn path_of_object(&self, read: &str, id: &str) -> Option<String> {
        let own = self.template.trim_matches('/').split('/').collect::<Vec<_>>();
        let read = read.split('?').next()?.trim_matches('/').split('/').collect::<Vec<_>>();
        if own.len() < read.len() {
            return None;
        }
        let is_same = read.iter().zip(&own).all(|(theirs, mine)| {
            let is_hole = theirs.contains("{id}") && mine.starts_with('{') && mine.ends_with('}');
            is_hole || theirs == mine
        });
        let rest = &own[read.len()..];
        if !is_same || rest.iter().any(|segment| segment.contains('{')) {
            return None;
        }
        let known = read.iter().map(|segment| segment.replace("{id}", id));
        let path = known.chain(rest.iter().map(|segment| (*segment).to_owned())).collect::<Vec<_>>();
        Some(format!("/{}", path.join("/")))
    }
}

/// Requirements are alternatives; an empty one lets anybody in.
fn is_secured(security: Option<&Value>) -> bool {
    let Some(alternatives) = security.and_then(Value::as_array) else { return false };
    let is_something = |one: &Value| one.as_object().is_some_and(|schemes| !schemes.is_empty());
    !alternatives.is_empty() && alternatives.iter().all(is_something)
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = r##"
openapi: 3.1.0
info: { title: Notes, version: "1" }
servers: [{ url: /api/v1/ }]
security: [{ token: [] }]
paths:
  /notes/{note_id}:
    parameters: [{ $ref: "#/components/parameters/note" }]
    get: { responses: { 200: { description: one } } }
    put:
      requestBody:
        content: { application/json: { schema: { $ref: "#/components/schemas/Note" } } }
      responses: { 200: { description: one } }
  /notes/{note_id}/photos/{photo_id}:
    get: { responses: {} }
  /health:
    get: { security: [], responses: {} }
  /maybe:
    get: { security: [{}, { token: [] }], responses: {} }
components:
  parameters:
    note: { name: note_id, in: path, required: true, schema: { type: integer } }
  schemas:
    Note: { type: object, required: [text], properties: { text: { type: string }, due: { type: string, format: date } } }
"##;

    fn document() -> Document {
        Document::parse(YAML, &Url::parse("http://localhost:1/").unwrap()).unwrap()
    }

    #[test]
    fn yaml_is_read_with_servers_references_and_security() {
        let document = document();
        let labels = document.operations.iter().map(|one| (one.label(), one.is_secured)).collect::<Vec<_>>();
        assert!(labels.contains(&("GET /api/v1/notes/{note_id}".to_owned(), true)), "{labels:?}");
        assert!(labels.contains(&("GET /api/v1/health".to_owned(), false)), "{labels:?}");
        assert!(labels.contains(&("GET /api/v1/maybe".to_owned(), false)), "{labels:?}");
        let put = document.operations.iter().find(|one| one.method == Method::PUT).unwrap();
        assert!(!document.takes_an_empty_body(put));
        assert_eq!(document.made_up_path(put), "/api/v1/notes/2147483646");
        let (kind, body) = document.sample_body(put).unwrap();
        assert_eq!(kind, "application/json");
        assert!(String::from_utf8(body).unwrap().contains("\"text\""));
    }

    #[test]
    fn an_object_is_found_again_under_another_parameters_name() {
        let document = document();
        let paths = document
            .operations
            .iter()
            .filter_map(|one| one.path_of_object("/api/v1/notes/{id}", "7"))
            .collect::<Vec<_>>();
        assert_eq!(paths, ["/api/v1/notes/7", "/api/v1/notes/7"]);
    }

    #[test]
    fn what_is_no_openapi_3_is_refused_with_the_reason() {
        let base = Url::parse("http://localhost:1/").unwrap();
        for (text, expected) in [
            (r#"{"swagger":"2.0"}"#, "Swagger"),
            (r#"{"openapi":"4.0"}"#, "OpenAPI 4.0"),
            ("{broken", "broken JSON"),
            ("title: x", "no `openapi`"),
        ] {
            let said = format!("{:#}", Document::parse(text, &base).unwrap_err());
            assert!(said.contains(expected), "{said}");
        }
    }
}
