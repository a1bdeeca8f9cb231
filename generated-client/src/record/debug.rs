//! Printing without what is personal.

use std::fmt;

use super::text::scalar;
use super::{Encoding, Record, Union, Value, View};

/// Prints a value as `derive(Debug)` would, sensitive fields redacted.
pub(crate) fn debug(value: &dyn Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fmt::Debug::fmt(&value.view(), f)
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            View::Absent => f.write_str("None"),
            View::Null => f.write_str("Null"),
            View::Text(text) => fmt::Debug::fmt(text, f),
            View::Json(json) => fmt::Debug::fmt(json, f),
            View::List(list) => f.debug_list().entries(list.items()).finish(),
            View::Map(map) => f.debug_map().entries(map.entries()).finish(),
            View::Record(record) => model(record, f),
            View::Union(union) => variant(union, f),
            scalar_view => match scalar(scalar_view, &Encoding::TEXT) {
                Some(text) => f.write_str(&text),
                None => Ok(()),
            },
        }
    }
}

fn model(record: &dyn Record, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let table = record.table();
    let mut printed = f.debug_struct(table.name);
    for (index, field) in table.fields.iter().enumerate() {
        match record.view_at(index) {
            None => {}
            Some(view @ View::Absent) => {
                printed.field(field.name, &view);
            }
            Some(_) if field.sensitive => {
                printed.field(field.name, &format_args!("[redacted]"));
            }
            Some(view) => {
                printed.field(field.name, &view);
            }
        }
    }
    printed.finish()
}

fn variant(union: &dyn Union, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = union.variant().and_then(|variant| union.table().variants.get(variant));
    f.debug_tuple(name.unwrap_or(&"Unknown")).field(&union.payload()).finish()
}
