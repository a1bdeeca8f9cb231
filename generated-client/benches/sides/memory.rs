//! How much memory is kept while heartbeats come, byte by byte.

use std::alloc::System;
use std::time::Duration;

use clear_street_test_support::frames::{FIRST, serve, text};
use clear_street_test_support::messages::TYPE_FIRST;
use stats_alloc::StatsAlloc;
use tokio::runtime::Builder;

use super::clients::Ours;

const HEARTBEAT: &str = r#"{"timestamp":1761921001987,"payload":{"type":"heartbeat"}}"#;

/// The bytes that are allocated and not given back, ten times while so many heartbeats come.
pub(crate) fn kept(heap: &StatsAlloc<System>, heartbeats: u64) -> Vec<usize> {
    let address = serve(move |mut connection| {
        let chunk = text(HEARTBEAT).repeat(1_000);
        connection.replay(TYPE_FIRST, FIRST..FIRST + 1)?;
        for _ in 0..heartbeats / 1_000 {
            connection.send(&chunk)?;
        }
        connection.rest()
    });
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut ours = Ours::connect(address);
        ours.update().await;
        let mut kept = Vec::with_capacity(10);
        for tenth in 1..=10 {
            while ours.0.handle().statistics().await.unwrap().received < heartbeats / 10 * tenth {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let stats = heap.stats();
            kept.push(stats.bytes_allocated - stats.bytes_deallocated);
        }
        kept
    })
}
