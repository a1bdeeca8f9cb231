//! When failed requests are retried.
//!
//! # What a failure means
//!
//! [`Error::delivery`](crate::Error::delivery) says how far a request came:
//!
//! - `NotSent`: the request had no effect. Name lookup, connecting or TLS failed, the rate limit was
//!   exhausted, or the server says by its protocol that it did not process the request (HTTP/2: a stream
//!   above the last one of a GOAWAY, or REFUSED_STREAM).
//! - `MaybeSent`: the request may have had its effect. The time limit passed, the connection broke, the
//!   response was truncated, or the status is 408 or 5xx, which a gateway can return after passing the
//!   request on.
//! - `Answered`: the server responded.
//!
//! # What is sent again
//!
//! The spec gives every operation a class ([`Operation::repeat`](crate::operation::Operation::repeat)). The
//! HTTP method does not decide: closing a position is a DELETE that creates an order.
//!
//! | class | operations | maybe sent | status 429 |
//! |---|---|---|---|
//! | `Read` | every GET, the search of a screener | retried | retried |
//! | `Idempotent` | cancelling one order; deleting or replacing a watchlist, its items, a screener | retried | retried |
//! | `Keyed` | orders and position instructions: every row has a key | looked up by key; by default never sent again | returned; with [`wait_if_throttled`](RetrySettings::wait_if_throttled) looked up, then sent again |
//! | `Never` | all other writes | returned as an error | returned; with `wait_if_throttled` retried |
//!
//! A request that was not sent is always retried. `Read` and `Idempotent` are retried after 408, 429, 500,
//! 502, 503 and 504. After a 401, a client that fetches its tokens gets a new one and sends the request
//! again, once, because a 401 has no effect: see [`authentication`](crate::authentication). Nothing else is
//! retried, not even 409.
//!
//! A deletion can succeed although its response is lost; the next attempt then returns 404. If the
//! operation returns nothing, that counts as success (a [`Response`](crate::Response) with status 204 and
//! no body). If it returns a result, as for a cancelled order, it is an error with
//! [`already_gone`](crate::Error::already_gone): read the order.
//!
//! # Orders
//!
//! [`Submission`](crate::Submission) has the outcome of every row. The guarantees:
//!
//! - **Nothing that may have been sent is sent again**, unless you allow it. The same bytes are sent at
//!   most twice in a call, and not later than 5 seconds after it began: a later order has a stale price.
//! - **`Accepted`** means that the server returned or listed a row with your key and a status that the spec
//!   calls live or done.
//! - **`Refused`** means that the server refused this request, or that the request was written once and
//!   the list has its row as refused.
//! - **`Err`** means that nothing was submitted: nothing was sent, or the only attempt returned 3xx or 4xx.
//! - **`Unknown`** is everything else. Such a row may be in the market. You have its key, and
//!   [`resolve`](crate::Submission::resolve) looks again.
//!
//! Rows in doubt are looked up by key up to five times, after pauses of 100, 200, 400, 800 and 1,600 ms,
//! within 5 seconds and the time limit of the call. A refusal under a key that you supplied is looked up
//! once before it is reported, because the key can be that of an earlier submission. Rows are matched by
//! key, never by position or content. A response with a row of another key may belong to another request,
//! and its connection is given up.
//!
//! A client cannot know:
//!
//! - Whether a missing row will appear: a list can lag, and a request can wait in a queue of the server.
//!   Absence is never taken as proof.
//! - How the server responds to a known key: it is not documented. Nothing depends on it.
//! - Whether an earlier process submitted a row under the same key: `Refused` is about this request, and a
//!   lagging list can miss the other row.
//! - Whether a gateway copies requests: it can book a row twice, and no client can prevent that.
//!
//! [`assume_known_keys_refused`](RetrySettings::assume_known_keys_refused) allows a second attempt. It
//! requires a complete look-up, with every page and every key readable, that began after the time in which
//! the first attempt can still arrive. If the server does not refuse known keys, and its list lags, **the
//! order is booked twice**.
//!
//! # Defaults
//!
//! | | `Read`, `Idempotent` | `Keyed`, `Never` |
//! |---|---|---|
//! | connect | 5 s | 3 s |
//! | one attempt, whole call | 10 s, 30 s | 5 s, 10 s |
//! | attempts | 3 | 1, or 2 with a setting that allows a second; 3 while nothing was sent |
//! | backoff | between 0 and 100 ms, doubling up to 5 s; after 429 between 0 and 1 s, doubling | between 0 and 50 ms, doubling up to 500 ms |
//! | `Retry-After` | up to 30 s | up to 1 s |
//! | budget | 500 | 100 |
//!
//! A wait that `Retry-After` asks for is never cut short: if it exceeds the table, or the remaining time of
//! the call, the error is returned immediately, with [`retry_after`](crate::Error::retry_after).
//!
//! A retry costs 14 of the budget, or 5 after 429 or a 503 with `Retry-After`. A call that succeeds returns
//! what it took, and 1 more. When the budget is spent, for example because the server is down, requests are
//! sent once. Clones of a client share budgets, connections and [`Statistics`].
//!
//! # Changing the defaults
//!
//! ```no_run
//! use std::time::Duration;
//! use clear_street::retry::RetrySettings;
//! use clear_street::trading::Client;
//!
//! # fn make() -> clear_street::Result<Client> {
//! Client::builder()
//!     .api_key("…")
//!     .timeout(Duration::from_secs(10))
//!     .retries(RetrySettings::new().max_attempts(5))
//!     .order_timeout(Duration::from_secs(5))
//!     .order_retries(RetrySettings::new().max_attempts(1)) // orders are sent once
//!     .retry_budgets(500, 100)
//!     .build()
//! # }
//! ```
//!
//! [`RequestOptions`](crate::RequestOptions) changes the same for one request, with two exceptions: it can
//! only shorten the connect timeout, because requests share connections; and a single request has no
//! budget. To make a request independent of the client's budget, set its [`cost`](RetrySettings::cost) to
//! zero.

mod backoff;
mod budget;
mod decision;
mod limits;
mod settings;
mod statistics;
#[cfg(test)]
mod tests;
mod time;

use std::sync::Arc;

pub(crate) use self::budget::Budget;
pub(crate) use self::decision::{AttemptOutcome, RetryCause, RetryDecision, Situation, StopReason, decide};
pub(crate) use self::limits::Limits;
pub use self::settings::RetrySettings;
use self::statistics::Counters;
pub use self::statistics::Statistics;
pub(crate) use self::time::{SystemTime, TimeSource};
use crate::operation::Repeat;

/// All that a client needs to repeat requests; shared by its clones.
pub(crate) struct Retry {
    reads: RetryClass,
    orders: RetryClass,
    pub(crate) counters: Counters,
    pub(crate) time: Arc<dyn TimeSource>,
}

/// One of the two kinds of operations that have numbers and a budget of their own.
pub(crate) struct RetryClass {
    pub(crate) limits: Limits,
    pub(crate) budget: Budget,
}

impl Retry {
    pub(crate) fn new(reads: RetryClass, orders: RetryClass, time: Arc<dyn TimeSource>) -> Self {
        Self { reads, orders, counters: Counters::default(), time }
    }

    pub(crate) fn class(&self, class: Repeat) -> &RetryClass {
        match class {
            Repeat::Read | Repeat::Idempotent => &self.reads,
            Repeat::Keyed | Repeat::Never => &self.orders,
        }
    }

    pub(crate) fn statistics(&self) -> Statistics {
        Statistics {
            read_budget: self.reads.budget.left(),
            order_budget: self.orders.budget.left(),
            ..self.counters.read()
        }
    }
}
