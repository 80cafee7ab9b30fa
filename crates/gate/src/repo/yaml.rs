//! YAML 1.2 with the line of everything, so that a finding can say where. (In 1.2 `on` is a word, as in workflow files, and not
//! a truth value.)

use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};

/// A value and the line it starts at, from one.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    /// Numbers and truth values as they are written in canonical form.
    Text(String),
    Nothing,
}

/// Reads the first document of a file.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| error.to_string())?;
    documents.first().map(node).ok_or_else(|| "there is nothing in it".to_owned())
}

fn node(yaml: &MarkedYaml<'_>) -> Node {
    Node { line: yaml.span.start.line(), value: value(&yaml.data) }
}

fn value<'a>(data: &YamlData<'a, MarkedYaml<'a>>) -> Value {
    match data {
        YamlData::Value(scalar) => text(scalar),
        YamlData::Representation(text, ..) => Value::Text(text.clone().into_owned()),
        YamlData::Sequence(items) => Value::List(items.iter().map(node).collect()),
        YamlData::Mapping(entries) => {
            Value::Map(entries.iter().filter_map(|(key, item)| Some((key_text(key)?, node(item)))).collect())
        }
        YamlData::Tagged(_, inner) => value(&inner.data),
        YamlData::Alias(_) | YamlData::BadValue => Value::Nothing,
    }
}

fn text(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Nothing,
        Scalar::Boolean(truth) => Value::Text(truth.to_string()),
        Scalar::Integer(number) => Value::Text(number.to_string()),
        Scalar::FloatingPoint(number) => Value::Text(number.to_string()),
        Scalar::String(text) => Value::Text(text.clone().into_owned()),
    }
}

fn key_text(key: &MarkedYaml<'_>) -> Option<String> {
    match value(&key.data) {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// A value along keys.
    pub(super) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    pub(super) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// One text, or each of a list, or each key of a map: the ways in which a workflow names its triggers.
    pub(super) fn names(&self) -> Vec<&str> {
        match &self.value {
            Value::Text(text) => vec![text],
            Value::List(items) => items.iter().filter_map(Self::text).collect(),
            Value::Map(entries) => entries.iter().map(|(name, _)| name.as_str()).collect(),
            Value::Nothing => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn values_come_with_their_lines_and_on_is_a_word() {
        let root = parse("name: x\non:\n  push:\njobs:\n  a: { timeout-minutes: 5, b: true }\n").unwrap();
        assert_eq!(root.get("on").unwrap().names(), ["push"]);
        let a = root.at(&["jobs", "a"]).unwrap();
        assert_eq!((a.line, a.get("timeout-minutes").unwrap().text()), (5, Some("5")));
        assert_eq!(a.get("b").unwrap().text(), Some("true"));
        assert!(parse("a: [").is_err());
    }
}
