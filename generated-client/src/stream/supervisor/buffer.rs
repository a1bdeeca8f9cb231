//! What the caller has taken, until the core is told.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// What the caller has taken, until the core is told.
///
/// The events themselves are in a channel without a limit: the core keeps the limit.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    events: AtomicUsize,
    bytes: AtomicUsize,
    changed: Notify,
}

impl Buffer {
    /// The caller took an event of this size.
    pub(super) fn took(&self, size: usize) {
        // Bytes first: who sees the event sees them, too.
        self.bytes.fetch_add(size, Ordering::Release);
        self.events.fetch_add(1, Ordering::Release);
        self.changed.notify_one();
    }

    /// Waits until something was taken.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Events and bytes that were taken since the last time.
    pub(super) fn count(&self) -> (usize, usize) {
        let events = self.events.swap(0, Ordering::Acquire);
        (events, self.bytes.swap(0, Ordering::Acquire))
    }
}
