//! Small scripts of a server, each with what the caller must see and what the server must have
//! received.

#![allow(clippy::unwrap_used, reason = "a test fails where it fails")]

mod broker;
mod connections;
mod deadlines;
mod doubt;
mod outcomes;
mod parameters;
mod secrets;
mod settings;
mod submissions;
mod tokens;
mod traces;
mod writes;

use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{NewOrder, Order, RequestTimeInForce, Side};
use clear_street::trading::{Client, ClientBuilder};
use clear_street::{Result, Submission};
use rust_decimal::Decimal;

/// The key of the first row.
pub(crate) const KEY: &str = "ord-7f31";

/// For a client of a server on loopback.
pub(crate) fn trading(url: impl Into<String>) -> ClientBuilder {
    Client::builder().api_key("case-id.case-secret").base_url(url)
}

pub(crate) fn client(url: &str) -> Client {
    trading(url).build().unwrap()
}

/// Submits the usual order.
pub(crate) async fn submit(client: &Client) -> Result<Submission<Order>> {
    client.orders().submit_orders(account(), [order(KEY)]).send().await
}

pub(crate) fn account() -> AccountId {
    AccountId::new(4_400_017)
}

/// 25 KLMN for 41.70, with this key.
pub(crate) fn order(key: &str) -> NewOrder {
    let limit = Decimal::new(41_70, 2);
    NewOrder::limit("KLMN", Side::Buy, Decimal::from(25), limit, RequestTimeInForce::Day).id(key)
}

/// A complete row of the book.
pub(crate) fn row(key: &str, status: &str) -> String {
    format!(
        r#"{{"id":"bk-501","client_order_id":"{key}","account_id":4400017,"symbol":"KLMN","venue":"XTST","side":"BUY","order_type":"LIMIT","time_in_force":"DAY","status":"{status}","quantity":"25","filled_quantity":"0","leaves_quantity":"25","limit_price":"41.70","created_at":"2026-03-02T14:30:00Z","updated_at":"2026-03-02T14:30:00Z"}}"#
    )
}

/// The body of an answer with these rows.
pub(crate) fn rows(rows: &[String]) -> String {
    format!(r#"{{"data":[{}],"metadata":{{"request_id":"rq-1"}}}}"#, rows.join(","))
}
