//! What is allocated while messages are read. Alone in its program and without the harness of tests,
//! whose threads allocate too, because it counts all of it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test without the harness, whose `main` does not count as one"
)]

use std::alloc::System;
use std::hint::black_box;

use clear_street::benchmarks::identify;
use clear_street::stream::decode;
use clear_street::studio::activity::ActivityMessage;
use clear_street_test_support::messages::{Kind, OrderUpdate, TYPE_FIRST, Tagged, type_last};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often something is allocated, and how many bytes.
fn allocated(read: impl Fn()) -> (usize, usize) {
    let region = Region::new(HEAP);
    read();
    let change = region.change();
    (change.allocations + change.reallocations, change.bytes_allocated)
}

/// A message that is dropped allocates nothing, and one that is read no more than elsewhere.
fn main() {
    let type_last = type_last();
    for text in [TYPE_FIRST, type_last.as_str()] {
        let (count, bytes) = allocated(|| {
            for _ in 0..1_000 {
                assert_eq!(black_box(identify::<ActivityMessage>(text)).unwrap().0, 48_213);
            }
        });
        assert_eq!((count, bytes), (0, 0), "a message that is dropped");

        let ours = allocated(|| drop(black_box(decode::<ActivityMessage>(text).unwrap())));
        // An internal tag and numbers that are kept as text do not go together.
        let tagged = (!numbers_are_kept_as_text())
            .then(|| allocated(|| drop(black_box(serde_json::from_str::<Tagged>(text).unwrap()))));
        let twice = allocated(|| {
            assert_eq!(serde_json::from_str::<Kind<'_>>(text).unwrap().payload.kind, "order-update");
            drop(black_box(serde_json::from_str::<OrderUpdate>(text).unwrap()));
        });
        let tree = allocated(|| {
            drop(black_box(serde_json::from_str::<serde_json::Value>(text).unwrap()));
            drop(black_box(serde_json::from_str::<OrderUpdate>(text).unwrap()));
        });
        println!("allocations and bytes: ours {ours:?}, tagged {tagged:?}, twice {twice:?}, tree {tree:?}");
        assert!(tagged.is_none_or(|tagged| ours.0 < tagged.0 && ours.1 < tagged.1), "{ours:?} {tagged:?}");
        assert!(ours.0 <= twice.0, "{ours:?} {twice:?}");
    }
}

/// Whether another crate has switched on `serde_json/arbitrary_precision`.
fn numbers_are_kept_as_text() -> bool {
    let number: serde_json::Value = serde_json::from_str("1.10").unwrap();
    serde_json::to_string(&number).unwrap() == "1.10"
}
