//! A value that a JSON schema would take: good enough to come past validation, so that the answer tells of access.

use serde_json::{Map, Value, json};

use crate::limits;

/// A sample of a schema; `resolve` follows references.
pub(crate) fn of(schema: &Value, resolve: &dyn Fn(&Value) -> Value) -> Value {
    one(schema, resolve, 0)
}

fn one(schema: &Value, resolve: &dyn Fn(&Value) -> Value, depth: usize) -> Value {
    let schema = resolve(schema);
    if depth > limits::SCAN_SCHEMA_DEPTH {
        return Value::Null;
    }
    if let Some(given) = given(&schema) {
        return given;
    }
    for list in ["oneOf", "anyOf"] {
        let options = schema.get(list).and_then(Value::as_array);
        let is_value = |option: &&Value| option.get("type").and_then(Value::as_str) != Some("null");
        if let Some(option) = options.and_then(|options| options.iter().find(is_value)) {
            return one(option, resolve, depth + 1);
        }
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let mut all = Map::new();
        for part in parts {
            if let Value::Object(fields) = one(part, resolve, depth + 1) {
                all.extend(fields);
            }
        }
        return Value::Object(all);
    }
    match kind(&schema) {
        "integer" | "number" => number(&schema),
        "boolean" => json!(false),
        "array" => {
            let is_needed = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0) > 0;
            let item = schema.get("items").filter(|_| is_needed);
            Value::Array(item.map(|item| one(item, resolve, depth + 1)).into_iter().collect())
        }
        "object" => {
            let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            let field = |(name, schema): (String, Value)| (name, one(&schema, resolve, depth + 1));
            Value::Object(properties.into_iter().map(field).collect())
        }
        "null" => Value::Null,
        _ => text(&schema),
    }
}

/// What the schema itself names.
fn given(schema: &Value) -> Option<Value> {
    let first = |name: &str| schema.get(name).and_then(Value::as_array).and_then(|values| values.first());
    let value = schema.get("const").or_else(|| schema.get("example")).or_else(|| first("examples"));
    value.or_else(|| first("enum")).or_else(|| schema.get("default")).filter(|v| !v.is_null()).cloned()
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ => "string",
    }
}

fn number(schema: &Value) -> Value {
    schema.get("minimum").cloned().unwrap_or_else(|| json!(1))
}

fn text(schema: &Value) -> Value {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("email") => "scan@example.com",
        Some("uuid") => "0f5c0bb2-3c1e-4d0a-9c77-6a2d1b0e9f11",
        Some("date-time") => "2030-01-02T03:04:05Z",
        Some("date") => "2030-01-02",
        Some("uri" | "url") => "https://example.com/",
        _ => "scan",
    };
    let length = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    let missing = usize::try_from(length).unwrap_or(0).saturating_sub(text.len());
    json!(format!("{text}{}", "x".repeat(missing.min(limits::SCAN_TEXT_CHARS_MAX))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_follow_the_schema_and_end_where_it_goes_round() {
        let tree = json!({ "type": "object", "properties": { "name": { "type": ["null", "string"], "minLength": 6 },
            "kind": { "enum": ["leaf", "root"] }, "children": { "type": "array", "items": { "$ref": "tree" } },
            "parent": { "anyOf": [{ "type": "null" }, { "$ref": "tree" }] } } });
        let resolve = |value: &Value| {
            if value.get("$ref").is_some() { tree.clone() } else { value.clone() }
        };
        let sample = of(&tree, &resolve);
        assert_eq!(sample.pointer("/name"), Some(&json!("scanxx")));
        assert_eq!(sample.pointer("/kind"), Some(&json!("leaf")));
        assert_eq!(sample.pointer("/children"), Some(&json!([])));
        assert!(sample.pointer("/parent/parent").is_some());
    }
}
