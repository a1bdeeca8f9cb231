//! How often a client dials, whatever its streams and the server do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// How many dials are possible at once, and the time after which one more is.
const BURST: u32 = 20;
const REFILL: Duration = Duration::from_secs(1);

/// A limit of dials, shared by all streams and sockets of a client: a token bucket of 60 dials a
/// minute with a burst of 20.
#[derive(Clone, Debug)]
pub(crate) struct DialLimit {
    /// The bucket is full at this moment, if nothing is taken until then.
    full: Arc<Mutex<Instant>>,
}

impl DialLimit {
    pub(crate) fn new() -> Self {
        Self { full: Arc::new(Mutex::new(Instant::now())) }
    }

    /// Waits for a permit to dial, and takes it. A caller that stops waiting takes none.
    pub(crate) async fn permit(&self) {
        // Held while it waits: permits are given in the order in which they were asked for.
        let mut full = self.full.lock().await;
        let missing = full.saturating_duration_since(Instant::now());
        sleep(missing.saturating_sub(REFILL.saturating_mul(BURST.saturating_sub(1)))).await;
        let refilled = (*full).max(Instant::now());
        *full = refilled.checked_add(REFILL).unwrap_or(refilled);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn twenty_at_once_then_one_a_second() {
        let (limit, begun) = (DialLimit::new(), Instant::now());
        let mut at = Vec::new();
        for _ in 0..100 {
            limit.permit().await;
            at.push(begun.elapsed().as_secs());
        }
        assert_eq!(at, [0; 20].into_iter().chain(1..=80).collect::<Vec<_>>());
        // A caller that stops waiting takes none.
        for _ in 0..5 {
            assert!(timeout(Duration::from_millis(100), limit.permit()).await.is_err());
        }
        sleep(Duration::from_millis(9_500)).await;
        let begun = Instant::now();
        for _ in 0..10 {
            limit.permit().await;
        }
        assert!(begun.elapsed().is_zero(), "{:?}", begun.elapsed());
    }
}
