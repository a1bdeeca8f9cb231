//! Other ways to read an order update, and the messages that all of them read.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;

/// An order update as the server writes it.
pub(crate) const TYPE_FIRST: &str = r#"{"timestamp":1761921001987,"sequence":48213,"payload":{"type":"order-update","data":{"created_at":1761921000123,"updated_at":1761921001987,"order_id":"01JQ3P9T7RZKXN4WAYB6MVC5DE","reference_id":"my-order-0001","version":3,"account_id":"100023","account_number":"CS-100023","state":"open","status":"partially-filled","symbol":"AAPL","order_type":"limit","side":"buy","quantity":"100","price":"150.25","time_in_force":"day","average_price":150.1275,"filled_quantity":"40","order_update_reason":"execution-report","running_position":"240"}}}"#;

/// The same with the parts in another order.
pub(crate) fn type_last() -> String {
    let data = TYPE_FIRST.split_once(r#""data":"#).and_then(|(_, rest)| rest.strip_suffix("}}"));
    let data = data.unwrap_or_default();
    format!(
        r#"{{"payload":{{"data":{data},"type":"order-update"}},"sequence":48213,"timestamp":1761921001987}}"#
    )
}

/// A message with its type in a tag: what serde's derives offer for it.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "it is only read")]
pub(crate) struct Tagged {
    pub(crate) timestamp: u64,
    pub(crate) sequence: Option<u64>,
    pub(crate) payload: TaggedPayload,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[allow(dead_code, reason = "it is only read")]
pub(crate) enum TaggedPayload {
    SubscribeActivityAck { success: bool, details: Option<String> },
    ReplayComplete,
    Heartbeat,
    ErrorNotice { details: String },
    OrderUpdate { data: Box<Order> },
}

/// What the first of two parsers looks for.
#[derive(Debug, Deserialize)]
pub(crate) struct Kind<'a> {
    #[serde(borrow)]
    pub(crate) payload: KindPayload<'a>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct KindPayload<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
}

/// What the second one reads.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "it is only read")]
pub(crate) struct OrderUpdate {
    pub(crate) timestamp: u64,
    pub(crate) sequence: Option<u64>,
    pub(crate) payload: OrderUpdatePayload,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "it is only read")]
pub(crate) struct OrderUpdatePayload {
    pub(crate) data: Box<Order>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "it is only read")]
pub(crate) struct Order {
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub(crate) created_at: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub(crate) updated_at: Timestamp,
    pub(crate) order_id: String,
    pub(crate) reference_id: Option<String>,
    pub(crate) version: i64,
    pub(crate) account_id: String,
    pub(crate) account_number: String,
    pub(crate) state: State,
    pub(crate) status: Status,
    pub(crate) symbol: String,
    pub(crate) order_type: OrderType,
    pub(crate) side: Side,
    pub(crate) quantity: Decimal,
    pub(crate) price: Option<Decimal>,
    pub(crate) stop_price: Option<Decimal>,
    pub(crate) time_in_force: TimeInForce,
    /// A derive cannot read a decimal from a JSON number without a float in between.
    pub(crate) average_price: Option<f64>,
    pub(crate) filled_quantity: Decimal,
    pub(crate) order_update_reason: Option<Reason>,
    pub(crate) text: Option<String>,
    pub(crate) running_position: Decimal,
    pub(crate) open_close_indicator: Option<OpenClose>,
}

/// Closed, as derives are; the generated enums keep what they do not know.
macro_rules! words {
    ($($name:ident: $($word:ident)*;)*) => {$(
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub(crate) enum $name { $($word,)* }
    )*};
}

words! {
    State: Open Rejected Closed;
    Status: New PartiallyFilled Filled Canceled Replaced PendingCancel Stopped Rejected Suspended PendingNew;
    OrderType: Limit Market Stop StopLimit;
    Side: Buy Sell SellShort;
    TimeInForce: Day Ioc DayPlus AtOpen AtClose;
    Reason: Place Modify Cancel ExecutionReport CancelReject Reject;
    OpenClose: Open Close;
}
