//! Values on their way into a statement.

use std::borrow::Cow;

use rusqlite::types::Value;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    checked::{Fault, checked_document, checked_micros, checked_text},
    codec::Ts,
};

/// A statement with its arguments: the first is `$1`.
pub(crate) struct Statement {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) arguments: Vec<Value>,
    /// Why an argument can't be kept.
    pub(crate) fault: Option<Fault>,
}

/// A statement as it is written in the sources.
pub(crate) fn query(sql: &'static str) -> Statement {
    Statement { sql: Cow::Borrowed(sql), arguments: Vec::new(), fault: None }
}

/// A statement that was put together from words of the sources; values are arguments all the same.
pub(crate) fn composed(sql: String) -> Statement {
    Statement { sql: Cow::Owned(sql), arguments: Vec::new(), fault: None }
}

impl Statement {
    /// Adds the next argument. One that can't be kept makes the statement fail when it is run.
    pub(crate) fn bind(mut self, argument: impl Argument) -> Self {
        match argument.value() {
            Ok(value) => self.arguments.push(value),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }
}

/// What can be an argument.
pub(crate) trait Argument {
    /// How it is kept.
    fn value(self) -> Result<Value, Fault>;
}

/// Text of people or providers.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Argument for Text<'_> {
    fn value(self) -> Result<Value, Fault> {
        checked_text(self.0)?.value()
    }
}

/// A JSON document.
pub(crate) struct Document<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: Serialize + ?Sized> Argument for Document<'_, T> {
    fn value(self) -> Result<Value, Fault> {
        let document = serde_json::to_value(self.0)?;
        checked_document(&document)?;
        Ok(Value::Text(document.to_string()))
    }
}

impl Argument for Ts {
    fn value(self) -> Result<Value, Fault> {
        Ok(Value::Integer(checked_micros(self.0)?))
    }
}

impl Argument for Uuid {
    fn value(self) -> Result<Value, Fault> {
        self.as_bytes()[..].value()
    }
}

impl Argument for &str {
    fn value(self) -> Result<Value, Fault> {
        Ok(Value::Text(self.to_owned()))
    }
}

impl Argument for String {
    fn value(self) -> Result<Value, Fault> {
        Ok(Value::Text(self))
    }
}

impl Argument for &[u8] {
    fn value(self) -> Result<Value, Fault> {
        Ok(Value::Blob(self.to_vec()))
    }
}

impl Argument for Vec<u8> {
    fn value(self) -> Result<Value, Fault> {
        Ok(Value::Blob(self))
    }
}

impl Argument for i64 {
    fn value(self) -> Result<Value, Fault> {
        Ok(Value::Integer(self))
    }
}

impl Argument for i32 {
    fn value(self) -> Result<Value, Fault> {
        Ok(Value::Integer(self.into()))
    }
}

impl Argument for bool {
    fn value(self) -> Result<Value, Fault> {
        Ok(Value::Integer(self.into()))
    }
}

impl<T: Argument> Argument for Option<T> {
    fn value(self) -> Result<Value, Fault> {
        self.map_or(Ok(Value::Null), Argument::value)
    }
}
