//! Printing without what is personal.

use std::fmt;

use super::text::scalar;
use super::{Encoding, Record, Union, View};

/// Prints a value as `derive(Debug)` would, sensitive fields redacted.
pub(crate) fn debug(value: View<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fmt::Debug::fmt(&value, f)
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            View::Absent => f.write_str("None"),
            View::Null => f.write_str("Null"),
            View::Text(text) => fmt::Debug::fmt(text, f),
            View::Json(json) => f.write_str(json.get()),
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

#[cfg(test)]
mod tests {
    use crate::record::tests::sample::{Action, Leg, Order, Part};
    use crate::record::{Record, Value};
    use crate::{Patch, Unrecognized};

    #[test]
    fn printed_without_what_is_personal() {
        let order = Order {
            side: crate::record::tests::sample::Side::Unrecognized(Unrecognized::new("SHORT")),
            phone: Some("4711".to_owned()),
            note: Patch::Null,
            contact: Some([("4711".to_owned(), rust_decimal::Decimal::ONE)].into()),
            legs: vec![Leg { ratio: 2, price: Some(rust_decimal::Decimal::new(150, 2)) }],
            action: Some(Action::Fill(Part::Leg(Leg::blank()))),
            ..Order::blank()
        };
        assert_eq!(
            format!("{order:?}"),
            "Order { account_id: 0, id: \"\", side: \"SHORT\", order_type: \"MARKET\", quantity: 0, \
             limit_price: None, symbol: None, instrument_id: None, created_at: 1970-01-01T00:00:00Z, \
             opens: None, day: None, open_for: None, phone: [redacted], note: Null, parent: None, \
             legs: [Leg { ratio: 2, price: 1.50 }], tags: None, table: [], marks: [], details: None, \
             parts: None, action: fill(leg(Leg { ratio: 0, price: None })), filter: None, blob: None, \
             sequence: None, contact: [redacted] }"
        );
        assert!(order.table().fields.iter().any(|field| field.sensitive));
    }
}
