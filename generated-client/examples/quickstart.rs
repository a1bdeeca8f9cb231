//! Lists accounts, places an order, watches it fill, shows positions.
//!
//! `cargo run -p clear-street --example quickstart`
#![allow(clippy::print_stdout, reason = "a program for people")]

mod setting;

use clear_street::stream::Event;
use clear_street::studio::accounts::Account;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street::studio::orders::{CreateOrder, OrderSide, OrderState, TimeInForce};
use rust_decimal::Decimal;

use setting::{Failure, Setting};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let setting = Setting::choose().await?;
    let client = setting.studio()?;

    let accounts = client.accounts().list_accounts().send().await?.data;
    println!("Accounts:");
    for Account { account_id, name, .. } in &accounts {
        println!("  {account_id} {name}");
    }
    let account = &accounts.first().ok_or("there is no account")?.account_id;

    // A stream first replays everything of today, so it would miss nothing even if it started later or
    // lost its connection.
    let mut stream = client.stream(ActivitySubscription::new(account)).start()?;

    // A thousand shares at 270 dollars or less, today only.
    let order = CreateOrder::limit("AAPL", OrderSide::Buy, 1_000, 270, TimeInForce::Day);
    let placed = client.orders().create_order(account, order).send().await?.data.order_id;
    println!("Buying 1000 AAPL at 270 or less:");
    setting.let_time_pass();

    while let Some(event) = stream.next().await {
        let Event::Message(received) = event? else { continue };
        match received.message {
            ActivityMessage::TradeNotice(trade) if trade.order_id == placed => {
                println!("  bought {} at {}", trade.quantity, trade.price);
            }
            ActivityMessage::OrderUpdate(order) if order.order_id == placed => {
                println!("  {}: {} of {} bought", order.status, order.filled_quantity, order.quantity);
                if order.state != OrderState::Open {
                    break;
                }
            }
            _ => {}
        }
    }
    stream.close().await;

    println!("Positions:");
    let mut positions = client.positions().list_positions(account).items();
    while let Some(position) = positions.next().await {
        let position = position?;
        let cost: Decimal = position.average_cost;
        println!("  {} {} at {cost}", position.quantity, position.symbol);
    }
    Ok(())
}
