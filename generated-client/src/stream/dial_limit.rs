//! How often a client dials, whatever its streams and the server do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How many dials are possible at once, and the time after which one more is.
const BURST: u32 = 20;
const REFILL: Duration = Duration::from_secs(1);

/// A limit of dials, shared by all streams and sockets of a client: a token bucket of 60 dials a
/// minute with a burst of 20.
#[derive(Clone, Debug)]
pub(crate) struct DialLimit {
    bucket: Arc<Mutex<Bucket>>,
    /// Those who wait get their permits in order.
    queue: Arc<tokio::sync::Mutex<()>>,
}

/// The bucket is full at this moment, if nothing is taken until then.
#[derive(Debug)]
struct Bucket {
    full: Instant,
}

impl DialLimit {
    pub(crate) fn new() -> Self {
        let bucket = Bucket { full: Instant::now() };
        Self { bucket: Arc::new(Mutex::new(bucket)), queue: Arc::default() }
    }

    /// Waits for a permit to dial, and takes it. Whoever stops waiting takes none.
    pub(crate) async fn permit(&self) {
        let _turn = self.queue.lock().await;
        while let Some(wait) = self.take() {
            sleep(wait).await;
        }
    }

    /// Takes a permit, or says how long to wait for one.
    fn take(&self) -> Option<Duration> {
        let now = Instant::now();
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let full = bucket.full.max(now);
        let wait = full.duration_since(now).saturating_sub(REFILL.saturating_mul(BURST.saturating_sub(1)));
        if wait.is_zero() {
            bucket.full = full.checked_add(REFILL).unwrap_or(full);
            return None;
        }
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn twenty_at_once_then_one_a_second() {
        let (limit, begun) = (DialLimit::new(), Instant::now());
        let mut at = Vec::new();
        for _ in 0..100 {
            limit.permit().await;
            at.push(begun.elapsed().as_secs());
        }
        let expected: Vec<u64> = [0; 20].into_iter().chain(1..=80).collect();
        assert_eq!(at, expected);
        sleep(Duration::from_secs(10)).await;
        let begun = Instant::now();
        for _ in 0..10 {
            limit.permit().await;
        }
        assert!(begun.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stops_waiting_takes_no_permit() {
        let limit = DialLimit::new();
        for _ in 0..20 {
            limit.permit().await;
        }
        for _ in 0..5 {
            let waiting = tokio::time::timeout(Duration::from_millis(100), limit.permit());
            assert!(waiting.await.is_err());
        }
        let begun = Instant::now();
        limit.permit().await;
        assert!(begun.elapsed() <= Duration::from_millis(600), "{:?}", begun.elapsed());
    }
}
