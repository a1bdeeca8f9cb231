//! Other ways to read an order update, and the messages that all of them read.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;

/// An order update as the server writes it.
pub const TYPE_FIRST: &str = r#"{"timestamp":1761921001987,"sequence":48213,"payload":{"type":"order-update","data":{"created_at":1761921000123,"updated_at":1761921001987,"order_id":"01JQ3P9T7RZKXN4WAYB6MVC5DE","reference_id":"my-order-0001","version":3,"account_id":"100023","account_number":"CS-100023","state":"open","status":"partially-filled","symbol":"AAPL","order_type":"limit","side":"buy","quantity":"100","price":"150.25","time_in_force":"day","average_price":150.1275,"filled_quantity":"40","order_update_reason":"execution-report","running_position":"240"}}}"#;

/// The same with the parts in another order.
pub fn type_last() -> String {
    let data = TYPE_FIRST.split_once(r#""data":"#).and_then(|(_, rest)| rest.strip_suffix("}}"));
    let data = data.unwrap_or_default();
    format!(
        r#"{{"payload":{{"data":{data},"type":"order-update"}},"sequence":48213,"timestamp":1761921001987}}"#
    )
}

/// A message with its type in a tag: what serde's derives offer for it.
#[derive(Debug, Deserialize)]
pub struct Tagged {
    pub timestamp: u64,
    pub sequence: Option<u64>,
    pub payload: TaggedPayload,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum TaggedPayload {
    SubscribeActivityAck { success: bool, details: Option<String> },
    ReplayComplete,
    Heartbeat,
    ErrorNotice { details: String },
    OrderUpdate { data: Box<Order> },
}

/// What the first of two parsers looks for.
#[derive(Debug, Deserialize)]
pub struct Kind<'a> {
    #[serde(borrow)]
    pub payload: KindPayload<'a>,
}

#[derive(Debug, Deserialize)]
pub struct KindPayload<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
}

/// What the second one reads.
#[derive(Debug, Deserialize)]
pub struct OrderUpdate {
    pub timestamp: u64,
    pub sequence: Option<u64>,
    pub payload: OrderUpdatePayload,
}

#[derive(Debug, Deserialize)]
pub struct OrderUpdatePayload {
    pub data: Box<Order>,
}

#[derive(Debug, Deserialize)]
pub struct Order {
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created_at: Timestamp,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub updated_at: Timestamp,
    pub order_id: String,
    pub reference_id: Option<String>,
    pub version: i64,
    pub account_id: String,
    pub account_number: String,
    pub state: State,
    pub status: Status,
    pub symbol: String,
    pub order_type: OrderType,
    pub side: Side,
    pub quantity: Decimal,
    pub price: Option<Decimal>,
    pub stop_price: Option<Decimal>,
    pub time_in_force: TimeInForce,
    /// A derive cannot read a decimal from a JSON number without a float in between.
    pub average_price: Option<f64>,
    pub filled_quantity: Decimal,
    pub order_update_reason: Option<Reason>,
    pub text: Option<String>,
    pub running_position: Decimal,
    pub open_close_indicator: Option<OpenClose>,
}

/// Closed, as derives are; the generated enums keep what they do not know.
macro_rules! words {
    ($($name:ident: $($word:ident)*;)*) => {$(
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($word,)* }
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
