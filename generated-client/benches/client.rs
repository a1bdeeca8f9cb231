//! What the client costs over bare reqwest: the same server, the same JSON, models with serde's
//! derives on the other side.
//!
//! `cargo bench -p clear-street --bench client` prints a row for each side; what
//! counts is their ratio. On Linux it is the processor time of the client's thread, so that neither
//! the server nor the machine's other work is measured.

#![allow(clippy::unwrap_used, reason = "a benchmark of what does not work should stop")]

use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::Order;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const KEY: &str = "benchmark.key";
const CLOCK: &str =
    r#"{"data":{"clock":"2025-10-31T14:30:00.123456789Z"},"error":null,"metadata":{"request_id":"r1"}}"#;

/// The same models, as a program without this crate would write them.
mod derives {
    use jiff::Timestamp;
    use rust_decimal::Decimal;
    use serde::Deserialize;

    #[derive(Deserialize)]
    pub(crate) struct Envelope<T> {
        pub(crate) data: T,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only decoding is measured")]
    pub(crate) struct Clock {
        clock: Timestamp,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    pub(crate) enum Word {
        Buy,
        Limit,
        Day,
        PartiallyFilled,
        CommonStock,
        #[serde(untagged)]
        #[expect(dead_code, reason = "only decoding is measured")]
        Unrecognized(String),
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only decoding is measured")]
    pub(crate) struct Order {
        id: String,
        client_order_id: String,
        account_id: i64,
        instrument_id: Option<String>,
        symbol: Option<String>,
        instrument_type: Option<Word>,
        underlying_instrument_id: Option<String>,
        venue: String,
        side: Word,
        order_type: Word,
        time_in_force: Word,
        status: Word,
        quantity: Decimal,
        filled_quantity: Decimal,
        leaves_quantity: Decimal,
        average_fill_price: Option<Decimal>,
        limit_price: Option<Decimal>,
        stop_price: Option<Decimal>,
        trailing_offset: Option<Decimal>,
        trailing_offset_type: Option<Word>,
        limit_offset: Option<Decimal>,
        trailing_stop_px: Option<Decimal>,
        trailing_limit_px: Option<Decimal>,
        trailing_watermark_px: Option<Decimal>,
        trailing_watermark_ts: Option<Timestamp>,
        extended_hours: Option<bool>,
        expires_at: Option<Timestamp>,
        queue_state: Option<Word>,
        releases_at: Option<Timestamp>,
        details: Option<Vec<String>>,
        created_at: Timestamp,
        updated_at: Timestamp,
    }
}

/// 100 orders, about 52 kB.
fn orders() -> String {
    let order = |number: u32| {
        format!(
            r#"{{"id":"0192d3f4-1c2d-7000-8000-{number:012}","client_order_id":"strategy-7-{number:06}","account_id":1000042,"instrument_id":"XNAS.AAPL","symbol":"AAPL","instrument_type":"COMMON_STOCK","venue":"XNAS","side":"BUY","order_type":"LIMIT","time_in_force":"DAY","status":"PARTIALLY_FILLED","quantity":"{number}00","filled_quantity":"50","leaves_quantity":"{number}50.5","average_fill_price":"150.2475","limit_price":"150.25","stop_price":null,"extended_hours":false,"details":[],"created_at":"2025-10-31T14:30:00.123456789Z","updated_at":"2025-10-31T14:30:05.987654321Z"}}"#
        )
    };
    let orders: Vec<String> = (1..=100).map(order).collect();
    format!(r#"{{"data":[{}],"error":null,"metadata":{{"request_id":"r1"}}}}"#, orders.join(","))
}

/// A server that costs little, on a thread of its own.
fn serve() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let [clock, orders] = [CLOCK.to_owned(), orders()].map(|body| -> Arc<[u8]> {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Arc::from((head + &body).into_bytes())
    });
    thread::spawn(move || {
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(answer(stream, Arc::clone(&clock), Arc::clone(&orders)));
            }
        });
    });
    url
}

async fn answer(stream: TcpStream, clock: Arc<[u8]>, orders: Arc<[u8]>) {
    let mut stream = BufReader::new(stream);
    let (mut line, mut wants_orders) = (String::new(), false);
    while stream.read_line(&mut line).await.is_ok_and(|bytes| bytes > 0) {
        if line.starts_with("GET ") {
            wants_orders = line.contains("/orders");
        }
        if line == "\r\n" && stream.write_all(if wants_orders { &orders } else { &clock }).await.is_err() {
            return;
        }
        line.clear();
    }
}

/// Nanoseconds that this thread has been running; none where the system does not say.
fn processor_time() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Processor time of this thread where it is known, else time on the clock.
fn measure(work: impl FnOnce()) -> Duration {
    let (clock, before) = (Instant::now(), processor_time());
    work();
    match (before, processor_time()) {
        (Some(before), Some(after)) => Duration::from_nanos(after.saturating_sub(before)),
        _ => clock.elapsed(),
    }
}

/// One call at a time, and 32 at once.
fn compare<F: Future<Output = ()> + Send + 'static>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    side: &str,
    call: impl Fn() -> F,
) {
    group.bench_function(format!("one at a time/{side}"), |bencher| {
        bencher.iter_custom(|calls| {
            measure(|| {
                runtime.block_on(async {
                    for _ in 0..calls {
                        call().await;
                    }
                });
            })
        });
    });
    group.bench_function(format!("32 at once/{side}"), |bencher| {
        bencher.iter_custom(|rounds| {
            measure(|| {
                runtime.block_on(async {
                    for _ in 0..rounds {
                        let mut calls: JoinSet<()> = (0..32).map(|_| call()).collect();
                        while let Some(ended) = calls.join_next().await {
                            ended.unwrap();
                        }
                    }
                });
            })
        });
    });
}

/// reqwest as a program without this crate would use it.
fn bare_client() -> reqwest::ClientBuilder {
    let mut headers = reqwest::header::HeaderMap::new();
    let mut key = reqwest::header::HeaderValue::from_static("Bearer benchmark.key");
    key.set_sensitive(true);
    headers.insert("authorization", key);
    headers.insert("accept", reqwest::header::HeaderValue::from_static("application/json"));
    reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers)
        .user_agent("benchmark/1")
        .timeout(Duration::from_secs(30))
}

/// With what the client of this crate sets: whether a setting explains a difference.
fn strict_client() -> reqwest::Client {
    bare_client()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .build()
        .unwrap()
}

async fn bare<T: DeserializeOwned>(client: reqwest::Client, url: String) {
    let body = client.get(url).send().await.unwrap().bytes().await.unwrap();
    let envelope: derives::Envelope<T> = serde_json::from_slice(&body).unwrap();
    black_box(envelope.data);
}

async fn bytes(client: reqwest::Client, url: String) {
    black_box(client.get(url).send().await.unwrap().bytes().await.unwrap());
}

fn calls(criterion: &mut Criterion) {
    let url = serve();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let client = Client::builder().api_key(KEY).base_url(&url).build().unwrap();
    let (bare_client, strict_client) = (bare_client().build().unwrap(), strict_client());
    let (clock_url, orders_url) = (format!("{url}/v1/clock"), format!("{url}/v1/accounts/1000042/orders"));

    let mut small = criterion.benchmark_group("small answer");
    compare(&mut small, &runtime, "reqwest, not decoded", || bytes(bare_client.clone(), clock_url.clone()));
    compare(&mut small, &runtime, "reqwest, not decoded, settings of clear-street", || {
        bytes(strict_client.clone(), clock_url.clone())
    });
    compare(&mut small, &runtime, "reqwest with derives", || {
        bare::<derives::Clock>(bare_client.clone(), clock_url.clone())
    });
    compare(&mut small, &runtime, "clear-street", || {
        let request = client.calendar().get_clock();
        async { drop(black_box(request.send().await.unwrap())) }
    });
    small.finish();

    let mut large = criterion.benchmark_group("100 orders");
    compare(&mut large, &runtime, "reqwest, not decoded", || bytes(bare_client.clone(), orders_url.clone()));
    compare(&mut large, &runtime, "reqwest with derives", || {
        bare::<Vec<derives::Order>>(bare_client.clone(), orders_url.clone())
    });
    compare(&mut large, &runtime, "clear-street", || {
        let request = client.orders().get_orders(AccountId::new(1_000_042));
        async { drop(black_box(request.send().await.unwrap())) }
    });
    large.finish();
}

#[derive(Deserialize)]
struct Records {
    data: Vec<Order>,
}

/// The decoding alone, through serde's traits: they hand each model's JSON text to the decoder, so
/// that it is read twice. The client reads an answer once.
fn decoding(criterion: &mut Criterion) {
    let body = orders();
    let mut group = criterion.benchmark_group("decoding 100 orders");
    group.bench_function("derives", |bencher| {
        bencher.iter(|| {
            serde_json::from_str::<derives::Envelope<Vec<derives::Order>>>(black_box(&body)).unwrap().data
        });
    });
    group.bench_function("clear-street by serde's traits", |bencher| {
        bencher.iter(|| serde_json::from_str::<Records>(black_box(&body)).unwrap().data);
    });
    group.finish();
}

criterion_group!(benches, calls, decoding);
criterion_main!(benches);
