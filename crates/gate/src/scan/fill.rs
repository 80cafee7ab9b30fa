//! Fills the `{placeholders}` of a target file's requests.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::{Captures, Regex};
use reqwest::Method;
use serde_json::Value;

use super::target_file::Request;
use crate::{check::Ended, client::Call};

/// What placeholders stand for.
pub(crate) type Values<'a> = BTreeMap<&'static str, &'a str>;

static PLACEHOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{([a-z_]+)\}").ok());

/// A text with its placeholders filled; those without a value stay.
pub(crate) fn text(template: &str, values: &Values<'_>) -> String {
    let Some(placeholder) = &*PLACEHOLDER else { return template.to_owned() };
    let value = |found: &Captures<'_>| values.get(&found[1]).copied().unwrap_or(&found[0]).to_owned();
    placeholder.replace_all(template, value).into_owned()
}

/// JSON with the placeholders of its texts filled.
pub(crate) fn json(template: &Value, values: &Values<'_>) -> Value {
    match template {
        Value::String(template) => Value::String(text(template, values)),
        Value::Array(items) => items.iter().map(|item| json(item, values)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), json(value, values))).collect()
        }
        other => other.clone(),
    }
}

/// The names of a request's placeholders.
pub(crate) fn placeholders(request: &Request) -> Vec<String> {
    let mut texts = vec![request.path.clone()];
    texts.extend(request.json.iter().map(Value::to_string));
    texts.extend(request.form.iter().flat_map(BTreeMap::values).cloned());
    texts.extend(request.headers.values().cloned());
    let Some(placeholder) = &*PLACEHOLDER else { return Vec::new() };
    let names =
        |text: &String| placeholder.captures_iter(text).map(|found| found[1].to_owned()).collect::<Vec<_>>();
    texts.iter().flat_map(names).collect()
}

/// The method of a request: as written, or what its body suggests.
pub(crate) fn method(request: &Request) -> Result<Method, Ended> {
    let fallback = if request.json.is_some() || request.form.is_some() { "POST" } else { "GET" };
    let name = request.method.as_deref().unwrap_or(fallback);
    Method::from_bytes(name.as_bytes()).map_err(|_| Ended::error(format!("{name} is no method")))
}

/// Puts a request's headers and body on a call.
pub(crate) fn onto(call: Call, request: &Request, values: &Values<'_>) -> Call {
    let mut call = call;
    for (name, value) in &request.headers {
        call = call.header(name, text(value, values));
    }
    if let Some(template) = &request.json {
        return call.json(&json(template, values));
    }
    match &request.form {
        Some(fields) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in fields {
                form.append_pair(name, &text(value, values));
            }
            call.body("application/x-www-form-urlencoded", form.finish())
        }
        None => call,
    }
}
