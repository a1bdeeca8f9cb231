//! Statistics of a client.

use std::sync::atomic::{AtomicU64, Ordering};

use super::decision::RetryCause;

/// What a client and its clones have done since the client was built; a snapshot.
///
/// ```
/// # fn watch(client: &clear_street::trading::Client) {
/// let statistics = client.statistics();
/// println!("{} attempts for {} calls", statistics.attempts, statistics.calls);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Calls started.
    pub calls: u64,
    /// Attempts, including the first of every call.
    pub attempts: u64,
    /// Retries because nothing could be sent.
    pub retries_not_sent: u64,
    /// Retries with a new token, because the server refused the first.
    pub retries_unauthorized: u64,
    /// Retries because the response was lost.
    pub retries_lost: u64,
    /// Retries after a 429, or a 503 with `Retry-After`.
    pub retries_throttled: u64,
    /// Retries because the server failed.
    pub retries_server_error: u64,
    /// Remaining budget of reads and idempotent requests.
    pub read_budget: u32,
    /// Remaining budget of orders and all other writes.
    pub order_budget: u32,
}

#[derive(Default)]
pub(crate) struct Counters {
    calls: AtomicU64,
    attempts: AtomicU64,
    not_sent: AtomicU64,
    unauthorized: AtomicU64,
    lost: AtomicU64,
    throttled: AtomicU64,
    server_error: AtomicU64,
}

impl Counters {
    pub(crate) fn call(&self) {
        count(&self.calls);
    }

    pub(crate) fn attempt(&self) {
        count(&self.attempts);
    }

    pub(crate) fn renewal(&self) {
        count(&self.unauthorized);
    }

    pub(crate) fn retry(&self, cause: RetryCause) {
        count(match cause {
            RetryCause::NotSent => &self.not_sent,
            RetryCause::Lost => &self.lost,
            RetryCause::Throttled => &self.throttled,
            RetryCause::ServerError => &self.server_error,
        });
    }

    /// All but the budgets, which are counted elsewhere.
    pub(crate) fn read(&self) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            calls: read(&self.calls),
            attempts: read(&self.attempts),
            retries_not_sent: read(&self.not_sent),
            retries_unauthorized: read(&self.unauthorized),
            retries_lost: read(&self.lost),
            retries_throttled: read(&self.throttled),
            retries_server_error: read(&self.server_error),
            ..Statistics::default()
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
