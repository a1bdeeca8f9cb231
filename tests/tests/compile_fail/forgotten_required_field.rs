use clear_street::trading::orders::{NewOrder, Side};

fn an_order_without_a_time_in_force() -> NewOrder {
    NewOrder::market("AAPL", Side::Buy, 10)
}

fn main() {}
