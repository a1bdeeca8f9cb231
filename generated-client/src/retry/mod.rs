//! When a request that failed is sent again: one page for those who trade with it.
//!
//! # What a failure means
//!
//! [`Error::delivery`](crate::Error::delivery) says of every failure how far the request came:
//!
//! - `NotSent`: it did not reach the server (no name, no connection, no TLS). It had no effect.
//! - `MaybeSent`: nobody knows (the time was up, the connection broke, the answer was cut). An order
//!   may be in the market.
//! - `Answered`: the server said what it did, even where its answer cannot be read.
//!
//! # What is repeated
//!
//! Each operation says what a second attempt would do
//! ([`Operation::repeat`](crate::operation::Operation::repeat)). The HTTP method does not: closing a
//! position is a DELETE that creates an order.
//!
//! | | operations | maybe sent | status 429, or 503 with `Retry-After` |
//! |---|---|---|---|
//! | `Read` | whatever changes nothing | repeated | repeated |
//! | `Idempotent` | cancelling one order, deleting or replacing a watchlist, its items, a screener | repeated | repeated |
//! | `Keyed` | orders and position instructions with a key in every row | looked for by their keys before anything is sent again, see [`Submission`](crate::Submission) | repeated |
//! | `Never` | all other writes | returned as an error | returned as an error, unless [`wait_if_throttled`](RetrySettings::wait_if_throttled) |
//!
//! What was not sent is repeated always. Status 500 is repeated for `Read`; 408, 502, 503 and 504 for
//! `Read` and `Idempotent`. After 401 a client that fetches its tokens gets another one and repeats
//! once, whatever the operation, because nothing was done: see [`authentication`](crate::authentication).
//! Nothing else is repeated: not 401 of a key, not 409.
//!
//! When something is deleted, an attempt may succeed and its answer be lost; the next is answered
//! with 404. If the operation answers nothing, that is a success (a [`Response`](crate::Response)
//! with status 204 and no body). Where a result is missing, as when an order is cancelled, it is an
//! error with [`already_gone`](crate::Error::already_gone): look at the order.
//!
//! # Numbers
//!
//! | | reads, and what else may be repeated | orders, and all other writes |
//! |---|---|---|
//! | until there is a connection | 5 s | 3 s |
//! | one attempt, the whole call | 10 s, 30 s | 5 s, 10 s |
//! | attempts | 3 | 2, or 1 for `Never`; 3 if nothing was sent |
//! | wait | drawn from 0 to 100 ms, doubling up to 5 s; from 0 to 1 s, doubling, after 429 | drawn from 0 to 50 ms, doubling up to 500 ms |
//! | `Retry-After` | up to 30 s | up to 1 s |
//! | budget | 500 | 100 |
//!
//! A wait that `Retry-After` asks for is never cut short: if it is longer than the table, or than the
//! time that is left of the call, the error is returned at once, with
//! [`retry_after`](crate::Error::retry_after).
//!
//! A repetition takes 14 from the budget, 5 after 429 or a 503 with `Retry-After`. A call that
//! succeeds gives back what it took, and 1 more. When the budget is spent, as when the server is
//! down, requests are sent once. Clones of a client share budgets, connections and
//! [`Statistics`].
//!
//! # Changing them
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
//! [`RequestOptions`](crate::RequestOptions) changes the same for one request, but for two: a connection
//! can be given less time, not more, because requests share connections; and there are no budgets of
//! single requests. One that must not depend on the client's has repetitions that
//! [`cost`](RetrySettings::cost) nothing.

mod backoff;
mod budget;
mod decision;
mod limits;
mod pace;
mod settings;
mod statistics;
#[cfg(test)]
mod table;

use std::sync::Arc;

pub(crate) use self::budget::Budget;
pub(crate) use self::decision::{Cause, Decision, Happened, Reason, Situation, decide};
pub(crate) use self::limits::Limits;
pub(crate) use self::pace::{Pace, RealPace};
pub use self::settings::RetrySettings;
use self::statistics::Counters;
pub use self::statistics::Statistics;
use crate::operation::Repeat;

/// All that a client needs to repeat requests; shared by its clones.
pub(crate) struct Retry {
    reads: Lane,
    orders: Lane,
    pub(crate) counters: Counters,
    pub(crate) pace: Arc<dyn Pace>,
}

/// One of the two kinds of operations that have numbers and a budget of their own.
pub(crate) struct Lane {
    pub(crate) limits: Limits,
    pub(crate) budget: Budget,
}

impl Retry {
    pub(crate) fn new(reads: Lane, orders: Lane, pace: Arc<dyn Pace>) -> Self {
        Self { reads, orders, counters: Counters::default(), pace }
    }

    pub(crate) fn lane(&self, class: Repeat) -> &Lane {
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
