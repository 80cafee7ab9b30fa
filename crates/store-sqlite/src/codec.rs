//! This engine's types: moments are INTEGER microseconds, ids and hashes are BLOB, JSON is TEXT.

use std::sync::Arc;

use mainstay_model::Timestamp;
use rusqlite::types::Value;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// A row as it was found.
pub(crate) struct Row {
    pub(crate) columns: Arc<[Box<str>]>,
    pub(crate) values: Vec<Value>,
}

/// A moment as a column.
#[derive(Clone, Copy)]
pub(crate) struct Ts(pub(crate) Timestamp);

/// What a column can be read as.
pub(crate) trait Column<'r>: Sized {
    /// Nothing when the value is of another type.
    fn read(value: &'r Value) -> Option<Self>;
}

/// A column's value, unless it is of another type.
pub(crate) fn column<'r, T: Column<'r>>(row: &'r Row, name: &str) -> Option<T> {
    let place = row.columns.iter().position(|column| **column == *name)?;
    T::read(row.values.get(place)?)
}

/// The document in a column, unless it is none of this form.
pub(crate) fn document<T: DeserializeOwned>(row: &Row, name: &str) -> Option<T> {
    serde_json::from_str(column::<&str>(row, name)?).ok()
}

impl<'r> Column<'r> for i64 {
    fn read(value: &'r Value) -> Option<Self> {
        if let Value::Integer(number) = value { Some(*number) } else { None }
    }
}

impl<'r> Column<'r> for i32 {
    fn read(value: &'r Value) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

impl<'r> Column<'r> for bool {
    fn read(value: &'r Value) -> Option<Self> {
        i64::read(value).map(|number| number != 0)
    }
}

impl<'r> Column<'r> for Ts {
    fn read(value: &'r Value) -> Option<Self> {
        i64::read(value).map(|micros| Self(Timestamp::from_micros(micros)))
    }
}

impl<'r> Column<'r> for &'r str {
    fn read(value: &'r Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text) } else { None }
    }
}

impl<'r> Column<'r> for String {
    fn read(value: &'r Value) -> Option<Self> {
        <&str>::read(value).map(str::to_owned)
    }
}

impl<'r> Column<'r> for &'r [u8] {
    fn read(value: &'r Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { Some(bytes) } else { None }
    }
}

impl<'r> Column<'r> for Vec<u8> {
    fn read(value: &'r Value) -> Option<Self> {
        <&[u8]>::read(value).map(<[u8]>::to_vec)
    }
}

impl<'r> Column<'r> for Uuid {
    fn read(value: &'r Value) -> Option<Self> {
        Self::from_slice(<&[u8]>::read(value)?).ok()
    }
}

impl<'r, T: Column<'r>> Column<'r> for Option<T> {
    fn read(value: &'r Value) -> Option<Self> {
        if matches!(value, Value::Null) { Some(None) } else { T::read(value).map(Some) }
    }
}
