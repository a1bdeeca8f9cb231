//! Follows the trading activity of an account: orders and trades, what to do about a gap, and how to
//! resume after a restart. Ctrl-C closes the stream.
//!
//! ```text
//! cargo run --example stream_activity [ACCOUNT [FILE]]
//! ```
//!
//! Default account: the first of the list. The file stores the resume point, where the next run
//! continues.
//!
//! Credentials come from `CLEAR_STREET_CLIENT_ID` and `CLEAR_STREET_CLIENT_SECRET`, another server from
//! `CLEAR_STREET_STUDIO_BASE_URL` and `CLEAR_STREET_TOKEN_URL`. Without credentials the program runs
//! against its own mock with some trading, a lost connection and a missing message.

#![allow(clippy::print_stdout, reason = "this is what the example is for")]

use std::error::Error;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clear_street::stream::{Event, Message, ResumePoint};
use clear_street::studio::Client;
use clear_street::studio::accounts::AccountId;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street::studio::instruments::Symbol;
use clear_street::studio::orders::{CreateOrder, OrderSide, TimeInForce};
use clear_street_mock::{Disturbance, MockServer, StreamFault};
use rust_decimal::Decimal;
use tokio::time::sleep;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    if std::env::var_os("CLEAR_STREET_CLIENT_ID").is_none() {
        return with_mock().await;
    }
    let mut arguments = std::env::args().skip(1);
    let (account, file) = (arguments.next(), arguments.next());
    let file = file.map_or_else(|| std::env::temp_dir().join("stream_activity.json"), PathBuf::from);
    let client = Client::from_env()?;
    let account = match account {
        Some(account) => AccountId::new(account),
        None => first_account(&client).await?,
    };
    let interrupted = async { drop(tokio::signal::ctrl_c().await) };
    follow(&client, account, &file, interrupted).await
}

async fn first_account(client: &Client) -> Result<AccountId> {
    let accounts = client.accounts().list_accounts().send().await?.data;
    Ok(accounts.first().ok_or("there is no account")?.account_id.clone())
}

/// Shows what happens until it is enough, and keeps in the file how far this has come.
async fn follow(
    client: &Client,
    account: AccountId,
    file: &Path,
    enough: impl Future<Output = ()>,
) -> Result<()> {
    let from = saved(file)?;
    println!("following {account}, after message {:?}", from.sequence());
    let subscription = ActivitySubscription::new(account.clone());
    let mut stream = client.stream(subscription).resume(from).start()?;
    let handle = stream.handle().clone();
    let mut enough = std::pin::pin!(enough);
    loop {
        let event = tokio::select! {
            () = &mut enough => break,
            event = stream.next() => event,
        };
        // An error is the end: waiting does not mend it.
        let Some(event) = event.transpose()? else { break };
        if let Event::Gap(gap) = &event {
            println!("{gap}; so this is asked for:");
            show_orders(client, &account).await?;
        } else {
            show(&event);
        }
        // What was dealt with does not come again.
        if let Some(here) = handle.resume_point().await {
            save(file, &here)?;
        }
    }
    println!("closing: {:?}", handle.statistics().await);
    stream.close().await;
    Ok(())
}

fn show(event: &Event<ActivityMessage>) {
    match event {
        Event::Message(Message { message, sequence, origin, receive_time, .. }) => match message {
            ActivityMessage::OrderUpdate(order) => println!(
                "{sequence:?} {origin:?} {receive_time}: {} {} {} {}: {}, {} filled",
                order.side,
                order.quantity,
                order.symbol,
                order.order_type,
                order.state,
                order.filled_quantity,
            ),
            ActivityMessage::TradeNotice(trade) => println!(
                "{sequence:?} {origin:?} {receive_time}: {} {} at {}",
                trade.side, trade.quantity, trade.price,
            ),
            // A message that is newer than this crate is kept whole.
            ActivityMessage::Unknown(unknown) => println!("{sequence:?} {}", unknown.json()),
            other => println!("{sequence:?} {origin:?} {receive_time}: {other:?}"),
        },
        // Its text may be personal: it is not printed.
        Event::Undecodable(undecodable) => println!("{undecodable}"),
        other => println!("{other:?}"),
    }
}

/// What was missed shows in what there is now.
async fn show_orders(client: &Client, account: &AccountId) -> Result<()> {
    let mut orders = client.orders().list_orders(account.clone()).items();
    while let Some(order) = orders.next().await {
        let order = order?;
        println!("  {} {} {}: {}", order.side, order.quantity, order.symbol, order.state);
    }
    Ok(())
}

fn saved(file: &Path) -> Result<ResumePoint> {
    match std::fs::read(file) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(ResumePoint::default()),
        Err(error) => Err(error.into()),
    }
}

/// Never half: what is there is replaced when all is written.
fn save(file: &Path, here: &ResumePoint) -> Result<()> {
    let new = file.with_extension("new");
    std::fs::write(&new, serde_json::to_vec(here)?)?;
    Ok(std::fs::rename(new, file)?)
}

/// Two runs, the second of which goes on where the first has stopped, as after a restart.
async fn with_mock() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = &folder.path().join("stream_activity.json");
    let server = MockServer::start().await?;
    let token_url = server.token_url().ok_or("the mock gives no tokens")?;
    println!("no credentials: a mock server at {}", server.studio_url());
    let builder = Client::builder()
        .credentials("anybody", "anything")
        .base_url(server.studio_url())
        .token_url(token_url);
    let client = builder.clone().build()?;
    let account = first_account(&client).await?;
    let first = async {
        trade(&client, &account).await;
        _ = server.stream_fault(StreamFault::new(Disturbance::Cut).message(1));
        trade(&client, &account).await;
    };
    follow(&client, account.clone(), file, first).await?;
    trade(&client, &account).await;
    let client = builder.build()?;
    let second = async {
        // A number that no message will ever have.
        if let Some(activity) = server.journal("activity") {
            activity.lose(account.as_str());
        }
        trade(&client, &account).await;
    };
    follow(&client, account.clone(), file, second).await
}

/// Somebody buys something, and all is told.
async fn trade(client: &Client, account: &AccountId) {
    let (symbol, quantity) = (Symbol::new("AAPL"), Decimal::from(100));
    let order = CreateOrder::market(symbol, OrderSide::Buy, quantity, TimeInForce::Day);
    if let Err(error) = client.orders().create_order(account.clone(), order).send().await {
        println!("no order: {error}");
    }
    sleep(Duration::from_secs(1)).await;
}
