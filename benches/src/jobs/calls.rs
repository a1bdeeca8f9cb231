//! Calls over loopback, next to reqwest as a program without this crate would use it.

use std::future::Future;
use std::hint::black_box;
use std::time::Duration;

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Builder;

use super::Work;
use crate::derives;

const ACCOUNT: i64 = 1_000_042;

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

/// Repeats a call on one thread, which is also that of its connection.
fn repeat<F: Future<Output = ()>>(mut call: impl FnMut() -> F + 'static) -> Work {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    Box::new(move || runtime.block_on(call()))
}

fn client(url: &str) -> Client {
    Client::builder().api_key("benchmark.key").base_url(url).build().expect("a client")
}

fn bare<T: DeserializeOwned>(url: String) -> Work {
    let mut headers = HeaderMap::new();
    let mut key = HeaderValue::from_static("Bearer benchmark.key");
    key.set_sensitive(true);
    headers.insert(AUTHORIZATION, key);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let client = reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers)
        .user_agent("benchmark/1")
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a client");
    repeat(move || {
        let request = client.get(&url);
        async {
            let body = request.send().await.expect("a response").bytes().await.expect("a body");
            black_box(serde_json::from_slice::<Envelope<T>>(&body).expect("a result").data);
        }
    })
}

pub(super) fn clock(url: &str) -> Work {
    let client = client(url);
    repeat(move || {
        let request = client.calendar().get_clock();
        async {
            black_box(request.send().await.expect("the time"));
        }
    })
}

pub(super) fn bare_clock(url: &str) -> Work {
    bare::<derives::calendar::ClockDetail>(format!("{url}/v1/clock"))
}

pub(super) fn orders(url: &str) -> Work {
    let client = client(url);
    repeat(move || {
        let request = client.orders().get_orders(AccountId::new(ACCOUNT));
        async {
            black_box(request.send().await.expect("orders"));
        }
    })
}

pub(super) fn bare_orders(url: &str) -> Work {
    bare::<Vec<derives::orders::Order>>(format!("{url}/v1/accounts/{ACCOUNT}/orders"))
}
