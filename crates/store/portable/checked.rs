//! What only one engine could keep is refused here by both: a NUL inside of text (PostgreSQL has no such character) and moments
//! outside of the years 0 to 9999 (RFC 3339 can't show any other).

use std::error::Error;

use mainstay_model::Timestamp;
use serde_json::Value;

/// Why a value can't be kept.
pub(crate) type Fault = Box<dyn Error + Send + Sync>;

/// 0000-01-01T00:00:00Z.
const MICROS_MIN: i64 = -62_167_219_200_000_000;
/// 9999-12-31T23:59:59.999999Z.
const MICROS_MAX: i64 = 253_402_300_799_999_999;

/// The moment in microseconds, if both engines can keep it.
pub(crate) fn checked_micros(at: Timestamp) -> Result<i64, Fault> {
    if (MICROS_MIN..=MICROS_MAX).contains(&at.micros()) {
        Ok(at.micros())
    } else {
        Err("a moment outside of the years 0 to 9999".into())
    }
}

/// The text, if both engines can keep it.
pub(crate) fn checked_text(text: &str) -> Result<&str, Fault> {
    if text.contains('\0') { Err("text with a NUL character".into()) } else { Ok(text) }
}

/// The document, if both engines can keep every text in it.
pub(crate) fn checked_document(value: &Value) -> Result<(), Fault> {
    match value {
        Value::String(text) => checked_text(text).map(|_| ()),
        Value::Array(values) => values.iter().try_for_each(checked_document),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            checked_text(name)?;
            checked_document(value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}
