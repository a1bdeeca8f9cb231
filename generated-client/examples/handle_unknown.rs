//! An order whose response is lost, and what to do about it.
//!
//! The client looks the order up by its key before it reports `Unknown`. Here the server does not answer
//! the look-ups either, for a while. Never send such an order again under another key.
//!
//! `cargo run -p clear-street --example handle_unknown`
#![allow(clippy::print_stdout, reason = "a program for people")]

mod setting;

use std::time::Duration;

use clear_street::trading::orders::{NewOrder, RequestTimeInForce, Side};
use clear_street::{RequestOptions, RowOutcome};
use clear_street_mock::RequestFault;
use clear_street_mock::clock::Clock;

use setting::{Failure, Setting};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // The client looks among the orders of the last hour, so the mock lives now.
    let setting = Setting::choose_at(Clock::new()).await?;
    let client = setting.trading()?;
    let account = setting::first_account(&client).await?;
    if let Some(mock) = &setting.mock {
        // The order is carried out, but no answer comes; and there is no list of orders.
        mock.fault(RequestFault::new().operation("submit_orders").reset_after(0))?;
        mock.fault(RequestFault::new().operation("get_orders").reset_after(0))?;
    }

    let order = NewOrder::limit("AAPL", Side::Buy, 10, 100, RequestTimeInForce::Day).id("my-order-1");
    let patience = RequestOptions::new().timeout(Duration::from_secs(2));
    let mut submission = client.orders().submit_orders(account, [order]).options(patience).send().await?;
    if submission.rows().iter().any(|row| !row.outcome.is_known()) {
        println!("nobody knows whether the order is in the market");
    }

    if let Some(mock) = &setting.mock {
        mock.clear_faults();
    }
    // It is looked for again until it is found. A program that gives up tells a person.
    for _ in 0..5 {
        if submission.resolve().await.unwrap_or(false) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    for row in submission.rows() {
        match &row.outcome {
            RowOutcome::Accepted(order) => println!("{} is in the market: {}", row.key, order.status),
            RowOutcome::Refused(order) => println!("{} was refused: {:?}", row.key, order.details),
            RowOutcome::Unknown { .. } => println!("{} may be in the market: ask your broker", row.key),
        }
    }
    Ok(())
}
