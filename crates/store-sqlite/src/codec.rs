//! This engine's types: moments are INTEGER microseconds, ids and hashes are BLOB, JSON is TEXT.

use mainstay_model::Timestamp;
use sqlx::{
    Decode, Encode, Type,
    encode::IsNull,
    error::BoxDynError,
    sqlite::{Sqlite, SqliteArgumentsBuffer, SqliteRow, SqliteTypeInfo, SqliteValueRef},
};

use crate::value::checked_micros;

pub(crate) type Db = Sqlite;
pub(crate) type Row = SqliteRow;

/// A moment as a column.
#[derive(Clone, Copy)]
pub(crate) struct Ts(pub(crate) Timestamp);

impl Type<Db> for Ts {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Db>>::type_info()
    }

    fn compatible(found: &SqliteTypeInfo) -> bool {
        <i64 as Type<Db>>::compatible(found)
    }
}

impl Encode<'_, Db> for Ts {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        <i64 as Encode<Db>>::encode(checked_micros(self.0)?, buffer)
    }
}

impl<'r> Decode<'r, Db> for Ts {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        <i64 as Decode<Db>>::decode(value).map(|micros| Self(Timestamp::from_micros(micros)))
    }
}
