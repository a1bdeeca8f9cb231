//! How fast the mock is with a million orders in its exchange, and how much memory that takes.
//!
//! ```text
//! cargo run --release -p clear-street-mock --example load [ORDERS]
//! ```
//!
//! The orders are placed through the client, a thousand at a time; every fiftieth is filled, the others
//! wait at prices that are not reached. Then each kind of request is sent for a few seconds, over as many
//! connections as are busy at once. Client and server share this process and its processors.
#![allow(clippy::print_stdout, reason = "a command-line program")]

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{NewOrder, OrderId, RequestTimeInForce, Side};
use clear_street_mock::MockServer;
use rust_decimal::Decimal;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const ACCOUNT: AccountId = AccountId::new(100_000);
const SYMBOLS: [&str; 5] = ["AAPL", "MSFT", "KO", "F", "T"];
/// Orders in one request.
const BATCH: u32 = 1_000;
/// Requests that are on their way at once.
const AT_ONCE: usize = 32;
/// How long requests of a kind are sent.
const MEASURED: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Outcome {
    let orders = std::env::args().nth(1).map_or(Ok(1_000_000), |orders| orders.parse())?;
    let server = MockServer::builder().keep(0).start().await?;
    let client = Client::builder().api_key("mock.key").base_url(server.trading_url()).build()?;
    let empty = memory();
    let begun = Instant::now();
    let mut placed = Vec::new();
    for batch in 0..orders / BATCH {
        let rows = (0..BATCH).map(|row| order(batch * BATCH + row));
        let submission = client.orders().submit_orders(ACCOUNT, rows.collect::<Vec<_>>()).send().await?;
        let rows = submission.into_rows().into_iter();
        placed.extend(rows.filter_map(|row| match row.outcome {
            clear_street::RowOutcome::Accepted(order) => Some(order.id),
            _ => None,
        }));
    }
    let took = begun.elapsed().as_secs_f64();
    println!("{:>9} orders placed in {took:.1} s: {:.0} a second", placed.len(), placed.len() as f64 / took);
    if let Some((before, after)) = empty.zip(memory()) {
        println!("{after:>9} MiB in use, {before} MiB of it before the first order");
    }
    let placed: Arc<[OrderId]> = placed.into();
    measure("submit_orders, one order", &client, |client, turn| async move {
        client.orders().submit_orders(ACCOUNT, vec![order(turn)]).send().await.map(drop)
    })
    .await?;
    let known = placed.clone();
    measure("get_order_by_id", &client, move |client, turn| {
        let id = nth(&known, turn, 7_919);
        async move { client.orders().get_order_by_id(ACCOUNT, id).send().await.map(drop) }
    })
    .await?;
    measure("get_orders, 100 of all", &client, |client, _| async move {
        client.orders().get_orders(ACCOUNT).page_size(100).send().await.map(drop)
    })
    .await?;
    measure("get_account_balances", &client, |client, _| async move {
        client.accounts().get_account_balances(ACCOUNT).send().await.map(drop)
    })
    .await?;
    measure("cancel_open_order", &client, move |client, turn| {
        let id = nth(&placed, turn, 1);
        async move {
            match client.orders().cancel_open_order(ACCOUNT, id).send().await {
                // It was one of those that are filled.
                Err(error) if error.status() == Some(404) => Ok(()),
                answer => answer.map(drop),
            }
        }
    })
    .await
}

/// Every fiftieth is filled at once, the others wait at up to half a dollar.
fn order(number: u32) -> NewOrder {
    let symbol = SYMBOLS.into_iter().cycle().nth(number as usize % SYMBOLS.len()).unwrap_or("F");
    if number.is_multiple_of(50) {
        return NewOrder::market("F", Side::Buy, 1, RequestTimeInForce::Day);
    }
    let price = Decimal::new(i64::from(number % 50), 2);
    NewOrder::limit(symbol, Side::Buy, 1, price, RequestTimeInForce::GoodTillCancel)
}

fn nth(orders: &[OrderId], turn: u32, step: u32) -> OrderId {
    let place = (turn as usize).wrapping_mul(step as usize).checked_rem(orders.len());
    place.and_then(|place| orders.get(place)).cloned().unwrap_or_else(|| OrderId::new("none"))
}

/// Sends requests of a kind for a while, and says how many.
async fn measure<F>(name: &str, client: &Client, request: impl Fn(Client, u32) -> F) -> Outcome
where
    F: Future<Output = clear_street::Result<()>> + Send + 'static,
{
    let (begun, count) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut running = tokio::task::JoinSet::new();
    let mut turns = 0..;
    while begun.elapsed() < MEASURED {
        while running.len() < AT_ONCE
            && let Some(turn) = turns.next()
        {
            let (request, count) = (request(client.clone(), turn), count.clone());
            running.spawn(async move { request.await.map(|()| count.fetch_add(1, Ordering::Relaxed)) });
        }
        if let Some(ended) = running.join_next().await {
            ended??;
        }
    }
    let rate = count.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    println!("{rate:>9.0} requests a second: {name}");
    Ok(())
}

/// Memory of this process in MiB, where the system tells.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1_024)
}
