//! How often memory is asked for, by this crate and by reqwest with serde's derives.
//!
//! `cargo bench -p clear-street --bench allocations` prints a row for each; counts do not depend on the
//! machine. The server is a part of the process, but asks for nothing once it runs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark of what does not work should stop, and says what it found"
)]

mod support;

use std::alloc::System;
use std::hint::black_box;

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::Order;
use serde::Deserialize;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::Builder;

use crate::support::{KEY, bare, bare_client, derives, orders, serve};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUNDS: usize = 100;

#[derive(Deserialize)]
struct Records {
    data: Vec<Order>,
}

/// Allocations and bytes of one round, on average; what is made once is made before.
fn count(what: &str, mut work: impl FnMut()) {
    work();
    let region = Region::new(HEAP);
    (0..ROUNDS).for_each(|_| work());
    let change = region.change();
    let calls = change.allocations.saturating_add(change.reallocations) / ROUNDS;
    println!("{what:50} {calls:6} allocations {:8} bytes", change.bytes_allocated / ROUNDS);
}

fn main() {
    let body = orders();
    count("decode 100 orders, derives", || {
        black_box(serde_json::from_str::<derives::Envelope<Vec<derives::Order>>>(&body).unwrap().data);
    });
    count("decode 100 orders, clear-street by serde's traits", || {
        black_box(serde_json::from_str::<Records>(&body).unwrap().data);
    });

    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let url = serve();
    let client = Client::builder().api_key(KEY).base_url(&url).build().unwrap();
    let bare_client = bare_client().build().unwrap();
    let (clock, list) = (format!("{url}/v1/clock"), format!("{url}/v1/accounts/1000042/orders"));
    count("call for a small answer, reqwest with derives", || {
        runtime.block_on(bare::<derives::Clock>(bare_client.clone(), clock.clone()));
    });
    count("call for a small answer, clear-street", || {
        black_box(runtime.block_on(client.calendar().get_clock().send()).unwrap());
    });
    count("call for 100 orders, reqwest with derives", || {
        runtime.block_on(bare::<Vec<derives::Order>>(bare_client.clone(), list.clone()));
    });
    count("call for 100 orders, clear-street", || {
        black_box(runtime.block_on(client.orders().get_orders(AccountId::new(1_000_042)).send()).unwrap());
    });
}
