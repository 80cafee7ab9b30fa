//! Values on their way into a statement. What only one engine could keep is refused here by both: a NUL inside of text
//! (PostgreSQL has no such character) and moments outside of the years 0 to 9999 (RFC 3339 can't show any other).

use mainstay_model::Timestamp;
use serde::Serialize;
use sqlx::{
    Database, Encode, Type,
    encode::IsNull,
    error::BoxDynError,
    query::Query,
    types::{Json, JsonValue},
};

use crate::codec::Db;

/// A statement with its arguments.
pub(crate) type Statement = Query<'static, Db, <Db as Database>::Arguments>;

/// 0000-01-01T00:00:00Z.
const MICROS_MIN: i64 = -62_167_219_200_000_000;
/// 9999-12-31T23:59:59.999999Z.
const MICROS_MAX: i64 = 253_402_300_799_999_999;

/// A statement as it is written in the sources.
pub(crate) fn query(sql: &'static str) -> Statement {
    sqlx::query(sql)
}

/// The moment in microseconds, if both engines can keep it.
pub(crate) fn checked_micros(at: Timestamp) -> Result<i64, BoxDynError> {
    if (MICROS_MIN..=MICROS_MAX).contains(&at.micros()) {
        Ok(at.micros())
    } else {
        Err("a moment outside of the years 0 to 9999".into())
    }
}

/// The text, if both engines can keep it.
pub(crate) fn checked_text(text: &str) -> Result<&str, BoxDynError> {
    if text.contains('\0') { Err("text with a NUL character".into()) } else { Ok(text) }
}

/// Text of people or providers.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Type<Db> for Text<'_> {
    fn type_info() -> <Db as Database>::TypeInfo {
        <str as Type<Db>>::type_info()
    }
}

impl<'q> Encode<'q, Db> for Text<'_> {
    fn encode_by_ref(&self, buffer: &mut <Db as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <&str as Encode<Db>>::encode(checked_text(self.0)?, buffer)
    }
}

/// A JSON document.
pub(crate) struct Document<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: ?Sized> Type<Db> for Document<'_, T> {
    fn type_info() -> <Db as Database>::TypeInfo {
        <Json<JsonValue> as Type<Db>>::type_info()
    }
}

impl<'q, T: Serialize + ?Sized> Encode<'q, Db> for Document<'_, T> {
    fn encode_by_ref(&self, buffer: &mut <Db as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let value = serde_json::to_value(self.0)?;
        checked_document(&value)?;
        <Json<&JsonValue> as Encode<Db>>::encode(Json(&value), buffer)
    }
}

/// The document, if both engines can keep every text in it.
pub(crate) fn checked_document(value: &JsonValue) -> Result<(), BoxDynError> {
    match value {
        JsonValue::String(text) => checked_text(text).map(|_| ()),
        JsonValue::Array(values) => values.iter().try_for_each(checked_document),
        JsonValue::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            checked_text(name)?;
            checked_document(value)
        }),
        JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(_) => Ok(()),
    }
}
