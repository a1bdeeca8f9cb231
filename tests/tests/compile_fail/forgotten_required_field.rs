use clear_street::trading::orders::{NewOrder, RequestTimeInForce, Side};
use rust_decimal::Decimal;

fn an_order_without_a_price() -> NewOrder {
    NewOrder::limit("AAPL", Side::Buy, Decimal::TEN, RequestTimeInForce::Day)
}

fn main() {}
