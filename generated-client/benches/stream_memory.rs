//! What is allocated and kept by a stream.
//!
//! `cargo bench -p clear-street --bench stream_memory` counts every byte of 10,000,000 heartbeats. As a test
//! it takes fewer, and counts what a message allocates. Alone in its program and without the harness of
//! tests, whose threads allocate too, because it counts all of it; the server allocates nothing while it
//! sends.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "without the harness of tests `main` does not count as one"
)]

use std::alloc::System;
use std::hint::black_box;
use std::time::Instant;

use clear_street::stream::{Connection, Event, decode};
use clear_street::studio::activity::ActivityMessage;
use clear_street_test_support::frames::{FIRST, serve};
use clear_street_test_support::messages::TYPE_FIRST;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::Builder;

mod sides;

use sides::clients::Ours;
use sides::memory::kept;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const HEARTBEATS: u64 = 10_000_000;
const MESSAGES: u64 = 20_000;
/// What a connection and its tasks allocate, however many messages come, and buffers that grow.
const ONCE: usize = 2_000;

fn allocations(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.allocations + change.reallocations
}

/// Nothing is left of heartbeats.
fn heartbeats_leave_nothing() {
    let kept = kept(HEAP, 300_000);
    let (least, most) = (kept.iter().min().unwrap(), kept.iter().max().unwrap());
    assert!(most - least < 64 << 10, "bytes that are kept after each tenth: {kept:?}");
}

/// A message that is delivered costs one allocation beside those that its parts need; one that was
/// delivered before costs none.
fn messages_are_allocated_once() {
    let address = serve(|mut connection| {
        connection.replay(TYPE_FIRST, FIRST..FIRST + MESSAGES)?;
        connection.rest()
    });
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut ours = Ours::connect(address);
        ours.update().await;
        let region = Region::new(HEAP);
        for _ in 1..MESSAGES {
            black_box(ours.update().await);
        }
        let delivered = allocations(&region);
        let region = Region::new(HEAP);
        black_box(decode::<ActivityMessage>(TYPE_FIRST).unwrap());
        let most = (allocations(&region) + 1) * usize::try_from(MESSAGES).unwrap() + ONCE;
        assert!(delivered <= most, "{delivered} allocations for {MESSAGES} messages, not {most}");

        ours.until(|event| *event == Event::CaughtUp).await;
        ours.0.handle().reconnect_now();
        ours.until(|event| matches!(event, Event::Connection(Connection::Subscribed))).await;
        let region = Region::new(HEAP);
        ours.until(|event| *event == Event::CaughtUp).await;
        let known = allocations(&region);
        assert!(known <= ONCE, "{known} allocations for {MESSAGES} known messages");
        assert_eq!(ours.0.handle().statistics().await.unwrap().duplicates, MESSAGES);
    });
}

fn main() {
    if std::env::args().any(|argument| argument == "--bench") {
        let begun = Instant::now();
        let kept = kept(HEAP, HEARTBEATS);
        println!("{HEARTBEATS} heartbeats in {:.1} s", begun.elapsed().as_secs_f64());
        println!("  bytes that are kept after each tenth of them: {kept:?}");
    } else {
        heartbeats_leave_nothing();
        messages_are_allocated_once();
    }
}
