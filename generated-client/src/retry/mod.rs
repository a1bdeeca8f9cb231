//! When a failed request is sent again.
//!
//! # What a failure means
//!
//! [`Error::delivery`](crate::Error::delivery) says how far a request came:
//!
//! - `NotSent`: it had no effect. There was no name, no connection, no TLS or no turn, or the server says
//!   by its protocol that it did not process the request (HTTP/2: a stream above the last one of a
//!   GOAWAY, or REFUSED_STREAM).
//! - `MaybeSent`: it may have had its effect. The time was up, the connection broke, the answer was cut,
//!   or the status is 408 or 5xx: a gateway can answer so after it passed the request on.
//! - `Answered`: the server answered.
//!
//! # What is sent again
//!
//! The specification gives every operation a class
//! ([`Operation::repeat`](crate::operation::Operation::repeat)). The HTTP method does not: closing a
//! position is a DELETE that creates an order.
//!
//! | class | operations | maybe sent | status 429 |
//! |---|---|---|---|
//! | `Read` | every GET, the search of a screener | sent again | sent again |
//! | `Idempotent` | cancelling one order; deleting or replacing a watchlist, its items, a screener | sent again | sent again |
//! | `Keyed` | orders and position instructions: every row has a key | looked up by key; by default never sent again | returned; with [`wait_if_throttled`](RetrySettings::wait_if_throttled) looked up, then sent again |
//! | `Never` | all other writes | returned as an error | returned; with `wait_if_throttled` sent again |
//!
//! A request that was not sent is always sent again. `Read` and `Idempotent` are sent again after 408,
//! 429, 500, 502, 503 and 504. After 401 a client that fetches its tokens gets a new one and sends the
//! request again, once, because 401 has no effect: see [`authentication`](crate::authentication). Nothing
//! else is sent again, 409 included.
//!
//! When something is deleted, an attempt can succeed and its answer be lost; the next is answered
//! with 404. If the operation answers nothing, that is a success (a [`Response`](crate::Response)
//! with status 204 and no body). If a result is documented, as for a cancelled order, it is an error
//! with [`already_gone`](crate::Error::already_gone): read the order.
//!
//! # Orders
//!
//! [`Submission`](crate::Submission) has the outcome of every row. This is promised:
//!
//! - **Nothing that may have been sent is sent again**, unless you allow it. The same bytes are sent at
//!   most twice in a call, and not later than 5 seconds after it began: a later order has a stale price.
//! - **`Accepted`** means that the server answered or listed a row with your key and a status that the
//!   specification calls live or done.
//! - **`Refused`** means that the server refused this request, or that the request was written once and
//!   the list has its row as refused.
//! - **`Err`** means that nothing was submitted: nothing was sent, or the only attempt was answered with
//!   3xx or 4xx.
//! - **`Unknown`** is everything else. Such a row may be in the market. Its key is at hand, and
//!   [`resolve`](crate::Submission::resolve) looks again.
//!
//! Rows in doubt are looked up by key up to five times, after pauses of 100, 200, 400, 800 and 1,600 ms,
//! within 5 seconds and the time of the call. A refusal under a key that you supplied is looked up once
//! before it is reported, because the key can be that of an earlier submission. Rows are matched by key,
//! never by position or content; an answer with a row of another key may belong to another request, and
//! its connection is given up.
//!
//! This a client cannot know:
//!
//! - A list can lag, and a request can wait in a queue of the server: a row that is not listed now can be
//!   listed later. Absence is never taken for proof.
//! - How the server answers a key that it knows is not documented. Nothing depends on it.
//! - `Refused` is about this request. A row that an earlier process submitted under the same key can still
//!   be in a lagging list.
//! - A gateway that copies requests can book a row twice; no client can prevent it.
//!
//! [`assume_known_keys_refused`](RetrySettings::assume_known_keys_refused) allows a second attempt. It
//! needs a complete look-up, with every page and every key readable, that began after the first attempt
//! can have arrived. If the server does not refuse keys that it knows, and its list lags, **the order is
//! booked twice**.
//!
//! # Numbers
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
//! A wait that `Retry-After` asks for is never cut short: if it is longer than the table, or than the
//! time that is left of the call, the error is returned at once, with
//! [`retry_after`](crate::Error::retry_after).
//!
//! A further attempt takes 14 from the budget, 5 after 429 or a 503 with `Retry-After`. A call that
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
//! [`RequestOptions`](crate::RequestOptions) changes the same for one request, with two exceptions: a
//! connection can be given less time, not more, because requests share connections; and a single request
//! has no budget. A request that must not depend on the client's budget sets a
//! [`cost`](RetrySettings::cost) of zero.

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
