//! Reading columns by name into the model's types. A value that does not fit is a broken schema, told by its column only.

use std::str::FromStr;

use mainstay_model::{EmailAddress, Timestamp};
use mainstay_store::{Error, Result};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::codec::{self, Column, Row, Ts};

/// Any value that the driver knows.
pub(crate) fn get<'r, T: Column<'r>>(row: &'r Row, column: &str) -> Result<T> {
    codec::column(row, column).ok_or_else(|| unreadable(column))
}

pub(crate) fn uuid(row: &Row, column: &str) -> Result<Uuid> {
    get(row, column)
}

pub(crate) fn at(row: &Row, column: &str) -> Result<Timestamp> {
    get::<Ts>(row, column).map(|ts| ts.0)
}

pub(crate) fn at_opt(row: &Row, column: &str) -> Result<Option<Timestamp>> {
    Ok(get::<Option<Ts>>(row, column)?.map(|ts| ts.0))
}

/// An enum by its word, or a language by its code.
pub(crate) fn word<T: FromStr>(row: &Row, column: &str) -> Result<T> {
    get::<&str>(row, column)?.parse().map_err(|_| unreadable(column))
}

pub(crate) fn word_opt<T: FromStr>(row: &Row, column: &str) -> Result<Option<T>> {
    get::<Option<&str>>(row, column)?.map(|text| text.parse().map_err(|_| unreadable(column))).transpose()
}

pub(crate) fn email_opt(row: &Row, column: &str) -> Result<Option<EmailAddress>> {
    word_opt(row, column)
}

/// 32 bytes.
pub(crate) fn hash(row: &Row, column: &str) -> Result<[u8; 32]> {
    get::<&[u8]>(row, column)?.try_into().map_err(|_| unreadable(column))
}

pub(crate) fn hash_opt(row: &Row, column: &str) -> Result<Option<[u8; 32]>> {
    get::<Option<&[u8]>>(row, column)?
        .map(|bytes| bytes.try_into().map_err(|_| unreadable(column)))
        .transpose()
}

pub(crate) fn json<T: DeserializeOwned + 'static>(row: &Row, column: &str) -> Result<T> {
    codec::document(row, column).ok_or_else(|| unreadable(column))
}

/// One row or none, read.
pub(crate) fn read<T>(row: Option<Row>, read: impl Fn(&Row) -> Result<T>) -> Result<Option<T>> {
    row.as_ref().map(read).transpose()
}

/// Rows, read.
pub(crate) fn read_all<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}

fn unreadable(column: &str) -> Error {
    Error::Failed(format!("column {column} holds a value that can't be read"))
}
