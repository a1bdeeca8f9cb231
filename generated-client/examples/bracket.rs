//! A bracket order by hand: buys, then sells at a profit or at a loss, whichever comes first.
//!
//! `cargo run -p clear-street --example bracket`
#![allow(clippy::print_stdout, reason = "a program for people")]

mod setting;

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{NewOrder, Order, OrderStatus, RequestTimeInForce, Side};
use clear_street::{RowOutcome, Submission};
use rust_decimal::Decimal;

use setting::{Failure, Setting};

const DAY: RequestTimeInForce = RequestTimeInForce::Day;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let setting = Setting::choose().await?;
    let client = setting.trading()?;
    let account = setting::first_account(&client).await?;

    let entry = place(&client, account, NewOrder::market("AAPL", Side::Buy, 100, DAY)).await?;
    let entry = loop {
        let entry = now(&client, account, &entry).await?;
        if entry.status == OrderStatus::Filled {
            break entry;
        }
        setting.wait_a_second().await;
    };
    let price = entry.average_fill_price.ok_or("what is filled has a price")?;
    println!("bought {} at {price}", entry.filled_quantity);

    // Ten cents up or down: nobody waits long for an example.
    let (step, quantity) = (Decimal::new(10, 2), entry.filled_quantity);
    let (high, low) = ((price + step).round_dp(2), (price - step).round_dp(2));
    let profit = place(&client, account, NewOrder::limit("AAPL", Side::Sell, quantity, high, DAY)).await?;
    let loss = place(&client, account, NewOrder::stop("AAPL", Side::Sell, quantity, low, DAY)).await?;
    println!("selling at {high}, or at the market below {low}");

    // Both are in the market: as soon as one is filled, the other must go. Where there is a stream, it
    // tells sooner: see `quickstart`.
    let (done, left) = loop {
        let (profit, loss) = (now(&client, account, &profit).await?, now(&client, account, &loss).await?);
        match (&profit.status, &loss.status) {
            (OrderStatus::Filled, _) => break (profit, loss),
            (_, OrderStatus::Filled) => break (loss, profit),
            _ => setting.wait_a_second().await,
        }
    };
    let left = client.orders().cancel_open_order(account, &left.id).send().await?.data;
    println!("{} order {}, {} order {}", done.order_type, done.status, left.order_type, left.status);
    Ok(())
}

/// Places one order. An order that may be in the market is an error here: a program that trades for
/// more than an example looks again, as in `handle_unknown`.
async fn place(client: &Client, account: AccountId, order: NewOrder) -> Result<Order, Failure> {
    let submission: Submission<Order> = client.orders().submit_orders(account, [order]).send().await?;
    match &submission.rows().first().ok_or("one order, one row")?.outcome {
        RowOutcome::Accepted(order) => Ok(order.clone()),
        RowOutcome::Refused(order) => Err(format!("refused: {:?}", order.details).into()),
        RowOutcome::Unknown { .. } => Err("the order may be in the market".into()),
    }
}

/// What has become of an order.
async fn now(client: &Client, account: AccountId, order: &Order) -> Result<Order, Failure> {
    Ok(client.orders().get_order_by_id(account, &order.id).send().await?.data)
}
