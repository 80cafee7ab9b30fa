//! Values on their way into a statement.

use serde::Serialize;
use sqlx::{
    AssertSqlSafe, Database, Encode, Type,
    encode::IsNull,
    error::BoxDynError,
    query::Query,
    types::{Json, JsonValue},
};

use crate::{
    checked::{checked_document, checked_text},
    codec::Db,
};

/// A statement with its arguments.
pub(crate) type Statement = Query<'static, Db, <Db as Database>::Arguments>;

/// A statement as it is written in the sources.
pub(crate) fn query(sql: &'static str) -> Statement {
    sqlx::query(sql)
}

/// A statement that was put together from words of the sources; values are arguments all the same.
pub(crate) fn composed(sql: String) -> Statement {
    sqlx::query(AssertSqlSafe(sql))
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
