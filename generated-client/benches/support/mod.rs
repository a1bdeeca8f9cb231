//! What this crate is compared with: a server on loopback, and the same models with serde's derives
//! behind reqwest alone.

#![allow(clippy::unwrap_used, reason = "a benchmark of what does not work should stop")]

use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

pub(crate) const KEY: &str = "benchmark.key";
const CLOCK: &str =
    r#"{"data":{"clock":"2025-10-31T14:30:00.123456789Z"},"error":null,"metadata":{"request_id":"r1"}}"#;

/// The same models, as a program without this crate would write them.
pub(crate) mod derives {
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
pub(crate) fn orders() -> String {
    let order = |number: u32| {
        format!(
            r#"{{"id":"0192d3f4-1c2d-7000-8000-{number:012}","client_order_id":"strategy-7-{number:06}","account_id":1000042,"instrument_id":"XNAS.AAPL","symbol":"AAPL","instrument_type":"COMMON_STOCK","venue":"XNAS","side":"BUY","order_type":"LIMIT","time_in_force":"DAY","status":"PARTIALLY_FILLED","quantity":"{number}00","filled_quantity":"50","leaves_quantity":"{number}50.5","average_fill_price":"150.2475","limit_price":"150.25","stop_price":null,"extended_hours":false,"details":[],"created_at":"2025-10-31T14:30:00.123456789Z","updated_at":"2025-10-31T14:30:05.987654321Z"}}"#
        )
    };
    let orders: Vec<String> = (1..=100).map(order).collect();
    format!(r#"{{"data":[{}],"error":null,"metadata":{{"request_id":"r1"}}}}"#, orders.join(","))
}

/// A server that costs little, on a thread of its own.
pub(crate) fn serve() -> String {
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

/// reqwest as a program without this crate would use it.
pub(crate) fn bare_client() -> reqwest::ClientBuilder {
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

pub(crate) async fn bare<T: DeserializeOwned>(client: reqwest::Client, url: String) {
    let body = client.get(url).send().await.unwrap().bytes().await.unwrap();
    let envelope: derives::Envelope<T> = serde_json::from_slice(&body).unwrap();
    black_box(envelope.data);
}
