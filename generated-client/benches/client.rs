//! What the client costs over bare reqwest: the same server, the same JSON, models with serde's
//! derives on the other side.
//!
//! `cargo bench -p clear-street --bench client` prints a row for each side; what
//! counts is their ratio. On Linux it is the processor time of the client's thread, so that neither
//! the server nor the machine's other work is measured.

#![allow(clippy::unwrap_used, reason = "a benchmark of what does not work should stop")]

mod support;

use std::future::Future;
use std::hint::black_box;
use std::time::{Duration, Instant};

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::Order;
use criterion::{
    BenchmarkGroup, Criterion, SamplingMode, criterion_group, criterion_main, measurement::WallTime,
};
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::support::{KEY, bare, bare_client, derives, orders, serve};

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
    // The system counts a thread's time now and then: every sample must be long enough to see some.
    group.sampling_mode(SamplingMode::Flat);
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

/// With what the client of this crate sets: whether a setting explains a difference.
fn strict_client() -> reqwest::Client {
    bare_client()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .build()
        .unwrap()
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
