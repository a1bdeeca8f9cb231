//! Models in the shape in which the generator emits them, to test with.

mod names;
mod unions;

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

pub(crate) use self::names::{AccountId, OrderId, OrderType, Side};
pub(crate) use self::unions::{Action, Filter, Part};
use crate::record::{
    self, DateEncoding, DecimalEncoding, Encoding, Field, Record, Rule, Slot, Table, TimestampEncoding,
    Value, View,
};
use crate::{Json, Patch};

pub(crate) const ENCODING: Encoding = Encoding {
    decimal: DecimalEncoding::String,
    timestamp: TimestampEncoding::Rfc3339,
    date: DateEncoding::Iso8601,
};

/// An order with about every kind of field.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub(crate) struct Order {
    pub(crate) account_id: AccountId,
    pub(crate) id: OrderId,
    pub(crate) side: Side,
    pub(crate) order_type: OrderType,
    pub(crate) quantity: Decimal,
    pub(crate) limit_price: Option<Decimal>,
    pub(crate) symbol: Option<String>,
    pub(crate) instrument_id: Option<Uuid>,
    pub(crate) created_at: Timestamp,
    pub(crate) opens: Option<Zoned>,
    pub(crate) day: Option<Date>,
    pub(crate) open_for: Option<SignedDuration>,
    pub(crate) phone: Option<String>,
    pub(crate) note: Patch<String>,
    pub(crate) parent: Option<Box<Order>>,
    pub(crate) legs: Vec<Leg>,
    pub(crate) tags: Option<BTreeMap<String, i32>>,
    pub(crate) table: Vec<Vec<f64>>,
    pub(crate) marks: Vec<Option<bool>>,
    pub(crate) details: Option<Json>,
    pub(crate) parts: Option<Vec<Part>>,
    pub(crate) action: Option<Action>,
    pub(crate) filter: Option<Filter>,
    pub(crate) blob: Option<Vec<u8>>,
    pub(crate) sequence: Option<u64>,
    pub(crate) contact: Option<BTreeMap<String, Decimal>>,
}

impl Record for Order {
    fn table(&self) -> &'static Table {
        const TABLE: &Table = &Table {
            name: "Order",
            encoding: &ENCODING,
            fields: &[
                Field::required("account_id"),
                Field::required("id").max_length(8),
                Field::required("side"),
                Field::required("order_type"),
                Field::required("quantity").min(0),
                Field::optional("limit_price").min(0).max(1000).max_length(16),
                Field::optional("symbol").min_length(1),
                Field::optional("instrument_id"),
                Field::required("created_at"),
                Field::optional("opens"),
                Field::optional("day").deprecated(),
                Field::optional("open_for"),
                Field::optional("phone").sensitive(),
                Field::optional("note"),
                Field::optional("parent"),
                Field::required("legs").max_items(3),
                Field::optional("tags"),
                Field::required("table"),
                Field::required("marks"),
                Field::optional("details"),
                Field::optional("parts"),
                Field::optional("action"),
                Field::optional("filter"),
                Field::optional("blob"),
                Field::optional("sequence"),
                Field::optional("contact").max(1000).sensitive(),
            ],
            rules: &[
                Rule::AtMostOne(&["symbol", "instrument_id"]),
                Rule::When {
                    conditions: &[("order_type", &["LIMIT"])],
                    require: &["limit_price"],
                    forbid: &[],
                },
                Rule::When {
                    conditions: &[("order_type", &["MARKET"])],
                    require: &[],
                    forbid: &["limit_price"],
                },
            ],
        };
        TABLE
    }

    fn slot_at(&mut self, index: usize) -> Option<Slot<'_>> {
        Some(match index {
            0 => self.account_id.slot(),
            1 => self.id.slot(),
            2 => self.side.slot(),
            3 => self.order_type.slot(),
            4 => self.quantity.slot(),
            5 => self.limit_price.slot(),
            6 => self.symbol.slot(),
            7 => self.instrument_id.slot(),
            8 => self.created_at.slot(),
            9 => self.opens.slot(),
            10 => self.day.slot(),
            11 => self.open_for.slot(),
            12 => self.phone.slot(),
            13 => self.note.slot(),
            14 => self.parent.slot(),
            15 => self.legs.slot(),
            16 => self.tags.slot(),
            17 => self.table.slot(),
            18 => self.marks.slot(),
            19 => self.details.slot(),
            20 => self.parts.slot(),
            21 => self.action.slot(),
            22 => self.filter.slot(),
            23 => self.blob.slot(),
            24 => self.sequence.slot(),
            25 => self.contact.slot(),
            _ => return None,
        })
    }

    fn view_at(&self, index: usize) -> Option<View<'_>> {
        Some(match index {
            0 => self.account_id.view(),
            1 => self.id.view(),
            2 => self.side.view(),
            3 => self.order_type.view(),
            4 => self.quantity.view(),
            5 => self.limit_price.view(),
            6 => self.symbol.view(),
            7 => self.instrument_id.view(),
            8 => self.created_at.view(),
            9 => self.opens.view(),
            10 => self.day.view(),
            11 => self.open_for.view(),
            12 => self.phone.view(),
            13 => self.note.view(),
            14 => self.parent.view(),
            15 => self.legs.view(),
            16 => self.tags.view(),
            17 => self.table.view(),
            18 => self.marks.view(),
            19 => self.details.view(),
            20 => self.parts.view(),
            21 => self.action.view(),
            22 => self.filter.view(),
            23 => self.blob.view(),
            24 => self.sequence.view(),
            25 => self.contact.view(),
            _ => return None,
        })
    }
}

impl Value for Order {
    fn blank() -> Self {
        Self {
            account_id: Value::blank(),
            id: Value::blank(),
            side: Value::blank(),
            order_type: Value::blank(),
            quantity: Value::blank(),
            limit_price: Value::blank(),
            symbol: Value::blank(),
            instrument_id: Value::blank(),
            created_at: Value::blank(),
            opens: Value::blank(),
            day: Value::blank(),
            open_for: Value::blank(),
            phone: Value::blank(),
            note: Value::blank(),
            parent: Value::blank(),
            legs: Value::blank(),
            tags: Value::blank(),
            table: Value::blank(),
            marks: Value::blank(),
            details: Value::blank(),
            parts: Value::blank(),
            action: Value::blank(),
            filter: Value::blank(),
            blob: Value::blank(),
            sequence: Value::blank(),
            contact: Value::blank(),
        }
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Record(self)
    }

    fn view(&self) -> View<'_> {
        View::Record(self)
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        record::debug(View::Record(self), f)
    }
}

impl Serialize for Order {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        record::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        record::deserialize(deserializer)
    }
}

/// One leg of an order: whether the position is opened.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Leg {
    pub(crate) ratio: u32,
    pub(crate) price: Option<Decimal>,
}

impl Record for Leg {
    fn table(&self) -> &'static Table {
        const TABLE: &Table = &Table {
            name: "Leg",
            encoding: &ENCODING,
            fields: &[Field::required("ratio").min(1), Field::optional("price").min(0)],
            rules: &[],
        };
        TABLE
    }

    fn slot_at(&mut self, index: usize) -> Option<Slot<'_>> {
        Some(match index {
            0 => self.ratio.slot(),
            1 => self.price.slot(),
            _ => return None,
        })
    }

    fn view_at(&self, index: usize) -> Option<View<'_>> {
        Some(match index {
            0 => self.ratio.view(),
            1 => self.price.view(),
            _ => return None,
        })
    }
}

impl Value for Leg {
    fn blank() -> Self {
        Self { ratio: Value::blank(), price: Value::blank() }
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Record(self)
    }

    fn view(&self) -> View<'_> {
        View::Record(self)
    }
}

/// A model without fields.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Empty {}

impl Record for Empty {
    fn table(&self) -> &'static Table {
        const TABLE: &Table = &Table { name: "Empty", encoding: &ENCODING, fields: &[], rules: &[] };
        TABLE
    }

    fn slot_at(&mut self, _index: usize) -> Option<Slot<'_>> {
        None
    }

    fn view_at(&self, _index: usize) -> Option<View<'_>> {
        None
    }
}

impl Value for Empty {
    fn blank() -> Self {
        Self {}
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Record(self)
    }

    fn view(&self) -> View<'_> {
        View::Record(self)
    }
}

impl fmt::Debug for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        record::debug(View::Record(self), f)
    }
}

impl fmt::Debug for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        record::debug(View::Record(self), f)
    }
}
