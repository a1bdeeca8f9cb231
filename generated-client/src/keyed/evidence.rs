//! What a row from the server proves about a submitted row.

use crate::Json;
use crate::operation::Lookup;
use crate::value::Object;

/// What the status of a row says. The greater one decides where a key has several rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RowStatus {
    /// It never was in effect.
    Refused,
    /// The status is not one that the specification sorts, or cannot be read.
    Undecided,
    /// It is in effect, can still be, or was.
    InEffect,
}

/// A row of an answer or of a list. Key and status are read by themselves, so that no other field
/// of it can hide them.
pub(super) struct ListedRow {
    /// None if it cannot be read: the row may be any.
    pub(super) key: Option<String>,
    pub(super) standing: RowStatus,
    pub(super) row: Json,
}

impl ListedRow {
    pub(super) fn read(lookup: &Lookup, row: Json) -> Self {
        let object = Object::read(row.text().as_bytes());
        let text = |name| object.as_ref().and_then(|object| object.text(name));
        let (key, status) = (text(lookup.key), text(lookup.status));
        Self { key, standing: standing(lookup, status.as_deref()), row }
    }
}

fn standing(lookup: &Lookup, status: Option<&str>) -> RowStatus {
    let Some(status) = status else { return RowStatus::Undecided };
    if lookup.live.contains(&status) || lookup.done.contains(&status) {
        RowStatus::InEffect
    } else if lookup.refused.contains(&status) {
        RowStatus::Refused
    } else {
        RowStatus::Undecided
    }
}
