//! YAML 1.2 as the JSON that it means, for OpenAPI documents.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::Value;

/// Reads the first document of a text.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn parse(text: &str) -> anyhow::Result<Value> {
    let documents = Yaml::load_from_str(text)?;
    Ok(documents.first().map_or(Value::Null, value))
}

fn value(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(scalar) => scalar_value(scalar),
        Yaml::Representation(text, ..) => Value::String(text.clone().into_owned()),
        Yaml::Sequence(items) => items.iter().map(value).collect(),
        Yaml::Mapping(entries) => entries.iter().map(|(key, item)| (key_text(key), value(item))).collect(),
        Yaml::Tagged(_, inner) => value(inner),
        Yaml::Alias(_) | Yaml::BadValue => Value::Null,
    }
}

fn scalar_value(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(truth) => Value::Bool(*truth),
        Scalar::Integer(number) => Value::from(*number),
        Scalar::FloatingPoint(number) => Value::from(number.into_inner()),
        Scalar::String(text) => Value::String(text.clone().into_owned()),
    }
}

/// Keys of JSON are texts: `200` is `"200"`.
fn key_text(key: &Yaml<'_>) -> String {
    match value(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn yaml_means_the_json_that_it_looks_like() {
        let text = "a: &x { 200: on, 1.5: [~, true, 2.5, \"3\"] }\nb: *x\n";
        let inner = json!({ "200": "on", "1.5": [null, true, 2.5, "3"] });
        assert_eq!(parse(text).unwrap(), json!({ "a": inner, "b": inner }));
        assert!(parse("a: [1, 2").is_err());
    }
}
