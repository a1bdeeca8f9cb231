//! Places an order that does not fill, changes it, cancels it.
//!
//! `cargo run -p clear-street --example place_and_cancel`
#![allow(clippy::print_stdout, reason = "a program for people")]

mod setting;

use clear_street::RowOutcome;
use clear_street::trading::orders::{NewOrder, ReplaceOrderRequest, RequestTimeInForce, Side};
use rust_decimal::Decimal;

use setting::{Failure, Setting};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let setting = Setting::choose().await?;
    let client = setting.trading()?;
    let account = setting::first_account(&client).await?;

    // Half of what it costs, so that it does not fill.
    let snapshots = client.market_data().get_snapshots().instrument_ids(["AAPL"]).send().await?.data;
    let last = snapshots.first().and_then(|it| it.last_trade.as_ref()).ok_or("there is no price")?;
    let half = (last.price / Decimal::TWO).round_dp(2);

    let order = NewOrder::limit("AAPL", Side::Buy, 10, half, RequestTimeInForce::Day);
    let submission = client.orders().submit_orders(account, [order]).send().await?;
    for row in submission.rows() {
        match &row.outcome {
            RowOutcome::Accepted(order) => {
                println!("placed: {} {} at {half}: {}", order.side, order.quantity, order.status);
                let change = ReplaceOrderRequest::new().quantity(20);
                let changed = client.orders().replace_order(account, &order.id, change).send().await?.data;
                println!("changed: {} {}: {}", changed.side, changed.quantity, changed.status);
                // It may have been filled meanwhile: what it has become is in the answer.
                let cancelled = client.orders().cancel_open_order(account, &changed.id).send().await?.data;
                println!("cancelled: {}, {} bought", cancelled.status, cancelled.filled_quantity);
            }
            RowOutcome::Refused(order) => println!("refused: {:?}", order.details),
            RowOutcome::Unknown { .. } => println!("{} may be in the market", row.key),
        }
    }
    Ok(())
}
