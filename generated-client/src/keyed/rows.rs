//! The rows of a request, each with its key.

use uuid::Uuid;

use crate::operation::Operation;
use crate::record::{Invalid, Record, Slot, Value, View};

/// Rows to submit, each with a key.
#[derive(Clone, Debug)]
pub(crate) struct Rows<T> {
    rows: Vec<T>,
    keys: Vec<String>,
    /// Which keys the caller supplied: those can be known to the server from an earlier submission.
    supplied: Vec<bool>,
}

impl<T: Value> Rows<T> {
    /// Fills in the keys that are missing.
    pub(crate) fn new(operation: &Operation, mut rows: Vec<T>) -> Self {
        let name = operation.key.unwrap_or_default();
        let (keys, supplied) = rows.iter_mut().map(|row| take_key(row, name)).unzip();
        Self { rows, keys, supplied }
    }

    /// The keys in the order of the rows.
    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The keys in the order of the rows, each with whether the caller supplied it.
    pub(super) fn into_keys(self) -> impl Iterator<Item = (String, bool)> {
        self.keys.into_iter().zip(self.supplied)
    }

    pub(crate) fn view(&self) -> View<'_> {
        self.rows.view()
    }

    /// Why these keys do not tell the rows apart, if they do not.
    pub(super) fn fault(&self, operation: &Operation) -> Option<Invalid> {
        let name = operation.key.unwrap_or_default();
        let invalid = |index, message| Some(Invalid { path: format!("$[{index}].{name}"), message });
        // In the order of the keys.
        let mut seen: Vec<(&str, usize)> = Vec::with_capacity(self.keys.len());
        for (index, key) in self.keys.iter().enumerate() {
            if key.is_empty() {
                return invalid(index, format!("`{name}` is empty: leave it out to get one"));
            }
            match seen.binary_search_by_key(&key.as_str(), |(key, _)| key) {
                Ok(place) => {
                    let other = seen.get(place).map_or(index, |(_, other)| *other);
                    let message =
                        format!("`{name}` is that of row {other} already: each row needs its own key");
                    return invalid(index, message);
                }
                Err(place) => seen.insert(place, (key, index)),
            }
        }
        None
    }
}

/// The key of a row and whether the row came with it. A row without a key gets a new one.
fn take_key(row: &mut impl Value, name: &str) -> (String, bool) {
    let Slot::Record(row) = row.slot() else { return (String::new(), false) };
    let Some(index) = row.table().fields.iter().position(|field| field.name == name) else {
        return (String::new(), false);
    };
    match key(row, index) {
        Some(key) => (key, true),
        None => {
            // Ordered by time, so that the keys of a day stand together wherever they are kept.
            if let Some(slot) = row.slot_at(index) {
                fill(slot, Uuid::now_v7());
            }
            (key(row, index).unwrap_or_default(), false)
        }
    }
}

fn key(row: &dyn Record, index: usize) -> Option<String> {
    match row.view_at(index)? {
        View::Text(text) => Some(text.to_owned()),
        View::Uuid(uuid) => Some(uuid.to_string()),
        _ => None,
    }
}

fn fill(slot: Slot<'_>, key: Uuid) {
    match slot {
        Slot::Option(option) => {
            if let Some(slot) = option.fill() {
                fill(slot, key);
            }
        }
        Slot::Text(text) => {
            text.set(&key.to_string());
        }
        Slot::String(text) => *text = key.to_string(),
        Slot::Uuid(uuid) => *uuid = key,
        _ => {}
    }
}
