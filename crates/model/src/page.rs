//! Keyset paging: newest first, from a cursor that is the last id of the page before.

use uuid::Uuid;

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many items.
    pub limit: u32,
    /// Only items older than this one; none for the first page.
    pub before: Option<Uuid>,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<Uuid>,
}

impl<T> Page<T> {
    /// Makes a page of up to `limit` items from a query that asked for one more.
    #[must_use]
    pub fn from_overfetched(mut items: Vec<T>, limit: u32, id: impl Fn(&T) -> Uuid) -> Self {
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = if more { items.last().map(id) } else { None };
        Self { items, next }
    }
}
