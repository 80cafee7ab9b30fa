//! This engine's types: moments are TIMESTAMPTZ, ids UUID, hashes BYTEA, JSON is JSONB.

use mainstay_model::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::{
    Decode, Encode, Row as _, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgRow, PgTypeInfo, PgValueFormat, PgValueRef, Postgres},
    types::{Json, JsonValue, time::OffsetDateTime},
};

use crate::{
    checked::checked_micros,
    value::{Document, Text},
};

pub(crate) type Db = Postgres;
pub(crate) type Row = PgRow;

/// What a column can be read as.
pub(crate) trait Column<'r>: Decode<'r, Db> + Type<Db> {}
impl<'r, T: Decode<'r, Db> + Type<Db>> Column<'r> for T {}

/// A column's value, unless it is of another type.
pub(crate) fn column<'r, T: Column<'r>>(row: &'r Row, name: &str) -> Option<T> {
    row.try_get(name).ok()
}

/// The document in a column, unless it is none of this form.
pub(crate) fn document<T: DeserializeOwned + 'static>(row: &Row, name: &str) -> Option<T> {
    column::<Json<T>>(row, name).map(|json| json.0)
}

/// 2000-01-01T00:00:00Z, from which PostgreSQL counts its microseconds.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A moment as a column.
#[derive(Clone, Copy)]
pub(crate) struct Ts(pub(crate) Timestamp);

impl Type<Db> for Ts {
    fn type_info() -> PgTypeInfo {
        <OffsetDateTime as Type<Db>>::type_info()
    }
}

impl PgHasArrayType for Ts {
    fn array_type_info() -> PgTypeInfo {
        <OffsetDateTime as PgHasArrayType>::array_type_info()
    }
}

/// Both count microseconds, so nothing is lost on the way through; the `time` crate would be a detour.
impl Encode<'_, Db> for Ts {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <i64 as Encode<Db>>::encode(checked_micros(self.0)? - EPOCH_MICROS, buffer)
    }
}

impl<'r> Decode<'r, Db> for Ts {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.format() != PgValueFormat::Binary {
            return Err("a moment in text form".into());
        }
        let micros = <i64 as Decode<Db>>::decode(value)?;
        Ok(Self(Timestamp::from_micros(micros.checked_add(EPOCH_MICROS).ok_or("infinity")?)))
    }
}

impl PgHasArrayType for Text<'_> {
    fn array_type_info() -> PgTypeInfo {
        <&str as PgHasArrayType>::array_type_info()
    }
}

impl<T: ?Sized> PgHasArrayType for Document<'_, T> {
    fn array_type_info() -> PgTypeInfo {
        <Json<JsonValue> as PgHasArrayType>::array_type_info()
    }
}
