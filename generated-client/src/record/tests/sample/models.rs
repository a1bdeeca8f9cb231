//! Models.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{AccountId, Action, Filter, OrderId, OrderType, Part, Side};
use crate::models::record;
use crate::record::Rule;
use crate::{Json, Patch};

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

record! { Order {
    account_id: "account_id", id: "id" max_length(8), side: "side", order_type: "order_type",
    quantity: "quantity" min(0), limit_price: "limit_price" optional min(0) max(1000) max_length(16),
    symbol: "symbol" optional min_length(1), instrument_id: "instrument_id" optional,
    created_at: "created_at", opens: "opens" optional, day: "day" optional deprecated,
    open_for: "open_for" optional, phone: "phone" optional sensitive, note: "note" optional,
    parent: "parent" optional, legs: "legs" max_items(3), tags: "tags" optional, table: "table",
    marks: "marks", details: "details" optional, parts: "parts" optional, action: "action" optional,
    filter: "filter" optional, blob: "blob" optional, sequence: "sequence" optional,
    contact: "contact" optional max(1000) sensitive,
} rules [
    Rule::AtMostOne(&["symbol", "instrument_id"]),
    Rule::When { conditions: &[("order_type", &["LIMIT"])], require: &["limit_price"], forbid: &[] },
    Rule::When { conditions: &[("order_type", &["MARKET"])], require: &[], forbid: &["limit_price"] },
] }

/// One leg of an order: whether the position is opened.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Leg {
    pub(crate) ratio: u32,
    pub(crate) price: Option<Decimal>,
}

record! { Leg { ratio: "ratio" min(1), price: "price" optional min(0) } }

/// A model without fields.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Empty {}

record! { Empty {} }
