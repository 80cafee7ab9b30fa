//! The interface as the deployment describes it (OpenAPI 3.1): which operations there are, what they take, who may call them.

use reqwest::Method;
use serde_json::{Map, Value, json};

/// Schemas refer to each other; an example is made no deeper.
const EXAMPLE_DEPTH_MAX: usize = 8;

/// Who may call an operation, as the document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Admits {
    /// Everybody; nobody is asked who they are.
    Everybody,
    /// Everybody; whoever has a session is known.
    Anyone,
    /// A member, to their own things.
    Member,
    /// Members of a tenant with at least this role.
    Tenant(String),
    /// An operator.
    Operator,
    /// A service key.
    Service,
    /// Whoever holds another token.
    Holder,
}

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// With `{parameters}`.
    pub(crate) path: String,
    pub(crate) id: String,
    /// Names of the path's parameters, in their order.
    pub(crate) parameters: Vec<String>,
    /// Names of the query's parameters.
    pub(crate) queries: Vec<String>,
    pub(crate) admits: Admits,
    /// What a service key must be for.
    pub(crate) scopes: Vec<String>,
    /// What must be switched on.
    pub(crate) capability: Option<String>,
    /// Whose quota it counts against.
    pub(crate) class: String,
    pub(crate) body_bytes_max: Option<usize>,
    /// A JSON body that fits the schema, with every field; nothing where none is taken.
    pub(crate) body: Option<Value>,
}

impl Operation {
    /// Whether it needs somebody who is signed in.
    pub(crate) const fn needs_session(&self) -> bool {
        matches!(self.admits, Admits::Member | Admits::Tenant(_) | Admits::Operator)
    }

    /// The path with its parameters filled in.
    pub(crate) fn filled(&self, value: impl Fn(&str) -> String) -> String {
        let mut path = self.path.clone();
        for name in &self.parameters {
            path = path.replace(&format!("{{{name}}}"), &value(name));
        }
        path
    }

    /// As people write it: `GET /v1/notes`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Every operation of a document, in the order of its paths.
pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let Some(operation) = item.get(method.as_str().to_ascii_lowercase()) else { continue };
            operations.push(read(document, path, item, method, operation));
        }
    }
    operations
}

fn read(document: &Value, path: &str, item: &Value, method: Method, operation: &Value) -> Operation {
    let text = |pointer: &str| operation.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let declared = [item, operation].into_iter().filter_map(|owner| owner.get("parameters"));
    let declared = declared.filter_map(Value::as_array).flatten().collect::<Vec<_>>();
    let queries = declared.iter().filter(|parameter| parameter["in"] == "query");
    let schema = operation.pointer("/requestBody/content/application~1json/schema");
    Operation {
        method,
        path: path.to_owned(),
        id: text("/operationId").unwrap_or_default(),
        parameters: parameters(path),
        queries: queries.filter_map(|parameter| parameter["name"].as_str()).map(str::to_owned).collect(),
        admits: admits(operation, text("/x-mainstay/access").as_deref().unwrap_or_default()),
        scopes: scopes(operation),
        capability: text("/x-mainstay/capability"),
        class: text("/x-mainstay/rate_limit").unwrap_or_default(),
        body_bytes_max: operation
            .pointer("/x-mainstay/body_bytes_max")
            .and_then(Value::as_u64)
            .and_then(|bytes| usize::try_from(bytes).ok()),
        body: schema.map(|schema| example(document, schema, 0)),
    }
}

/// Names between braces. From the path itself: what it has and nobody declared is a parameter all the same.
fn parameters(path: &str) -> Vec<String> {
    let pieces = path.split('{').skip(1);
    pieces.filter_map(|piece| piece.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

fn scopes(operation: &Value) -> Vec<String> {
    let alternatives = operation.get("security").and_then(Value::as_array).into_iter().flatten();
    let scopes = alternatives.filter_map(|scheme| scheme.get("service_key")).filter_map(Value::as_array);
    scopes.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn admits(operation: &Value, access: &str) -> Admits {
    let Some(alternatives) = operation.get("security").and_then(Value::as_array) else {
        return Admits::Everybody;
    };
    let schemes = alternatives.iter().filter_map(Value::as_object).collect::<Vec<_>>();
    let has = |name: &str| schemes.iter().any(|scheme| scheme.contains_key(name));
    if schemes.is_empty() {
        Admits::Everybody
    } else if schemes.iter().any(|scheme| scheme.is_empty()) {
        Admits::Anyone
    } else if has("service_key") {
        Admits::Service
    } else if !has("session_cookie") && !has("bearer") {
        Admits::Holder
    } else if access == "operator" {
        Admits::Operator
    } else if let Some(role) = access.strip_prefix("tenant: ") {
        Admits::Tenant(role.split(' ').next().unwrap_or_default().to_owned())
    } else {
        Admits::Member
    }
}

/// A value that fits a schema. Words that only some values fit are known by the field's name.
fn example(document: &Value, schema: &Value, depth: usize) -> Value {
    if depth > EXAMPLE_DEPTH_MAX {
        return Value::Null;
    }
    if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
        let target = document.pointer(path.trim_start_matches('#')).unwrap_or(&Value::Null);
        return example(document, target, depth + 1);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema.get(several).and_then(|parts| parts.get(0)) {
            return example(document, first, depth + 1);
        }
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or_default(),
        Some(Value::String(kind)) => kind,
        _ => "",
    };
    match (kind, schema.get("format").and_then(Value::as_str)) {
        ("string", Some("uuid")) => json!(uuid::Uuid::new_v4().to_string()),
        ("string", Some("date-time")) => json!("2030-01-01T00:00:00Z"),
        ("string", _) => json!("made by the gate"),
        ("integer" | "number", _) => json!(1),
        ("boolean", _) => json!(true),
        ("array", _) => json!([]),
        _ => {
            let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            let value = |name: &str, schema: &Value| match name {
                "email" => json!("gate@example.com"),
                "language" => json!("en"),
                "role" => json!("member"),
                "provider" => json!("google"),
                _ => example(document, schema, depth + 1),
            };
            Value::Object(fields.map(|(name, s)| (name.clone(), value(name, s))).collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({
            "paths": {
                "/v1/things/{thing_id}/parts/{part_id}": {
                    "put": {
                        "operationId": "put_part", "security": [{ "session_cookie": [] }, { "bearer": [] }],
                        "parameters": [{ "name": "deep", "in": "query" }],
                        "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Part" } } } },
                        "x-mainstay": { "access": "tenant: admin or above", "capability": "things", "rate_limit": "write", "body_bytes_max": 64 }
                    }
                },
                "/open": { "get": { "security": [] }, "post": { "security": [{}, { "bearer": [] }] } },
                "/service": { "get": { "security": [{ "service_key": ["a"] }] } },
                "/metrics": { "get": { "security": [{ "metrics_token": [] }] } },
                "/operator": { "get": { "security": [{ "bearer": [] }], "x-mainstay": { "access": "operator" } } },
                "/own": { "get": { "security": [{ "bearer": [] }] } }
            },
            "components": { "schemas": { "Part": {
                "type": "object",
                "properties": {
                    "role": { "type": "string" }, "count": { "type": ["integer", "null"] },
                    "other": { "oneOf": [{ "$ref": "#/components/schemas/Part" }, { "type": "null" }] }
                }
            } } }
        })
    }

    fn by_path(path: &str) -> Operation {
        operations(&document()).into_iter().find(|operation| operation.path == path).expect("an operation")
    }

    #[test]
    fn an_operation_is_read_with_all_that_attacks_need() {
        let put = by_path("/v1/things/{thing_id}/parts/{part_id}");
        assert_eq!(put.parameters, ["thing_id", "part_id"]);
        assert_eq!(put.queries, ["deep"]);
        assert_eq!(put.admits, Admits::Tenant("admin".to_owned()));
        assert_eq!((put.capability.as_deref(), put.body_bytes_max), (Some("things"), Some(64)));
        assert_eq!(put.filled(|name| name.to_uppercase()), "/v1/things/THING_ID/parts/PART_ID");
        let body = put.body.expect("a body");
        assert_eq!((&body["role"], &body["count"]), (&json!("member"), &json!(1)));
        assert!(body["other"].is_object(), "{body}");
    }

    #[test]
    fn who_may_call_is_read_from_the_security_of_each_operation() {
        let first = |path: &str| by_path(path).admits;
        assert_eq!(first("/open"), Admits::Everybody);
        assert_eq!(first("/service"), Admits::Service);
        assert_eq!((by_path("/service").scopes, by_path("/own").scopes), (vec!["a".to_owned()], Vec::new()));
        assert_eq!(first("/metrics"), Admits::Holder);
        assert_eq!(first("/operator"), Admits::Operator);
        assert_eq!(first("/own"), Admits::Member);
        let open = operations(&document());
        assert!(open.iter().any(|operation| operation.path == "/open" && operation.admits == Admits::Anyone));
    }
}
