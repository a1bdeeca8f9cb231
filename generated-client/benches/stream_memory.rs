//! Whether a stream keeps anything of 10,000,000 heartbeats.
//!
//! `cargo bench -p clear-street --bench stream_memory` counts every byte; fewer heartbeats are a test
//! of the same name.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark of what does not work should stop, and says what it found"
)]

use std::alloc::System;
use std::time::Instant;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[path = "streams/mod.rs"]
mod streams;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const HEARTBEATS: u64 = 10_000_000;

fn main() {
    let begun = Instant::now();
    let kept = streams::memory::kept(HEAP, HEARTBEATS);
    println!("{HEARTBEATS} heartbeats in {:.1} s", begun.elapsed().as_secs_f64());
    println!("  bytes that are kept after each tenth of them: {kept:?}");
}
