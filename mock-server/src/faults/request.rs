//! What goes wrong with a request.

use std::time::Duration;

use http::StatusCode;

use super::turn::Turn;

/// Something that goes wrong with requests.
///
/// ```
/// use clear_street_mock::RequestFault;
///
/// // The first order is carried out, but its answer never comes.
/// let lost = RequestFault::new().operation("submit_orders").call(1).reset_after(0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFault {
    pub(super) operation: Option<String>,
    pub(super) turn: Turn,
    pub(super) effect: Effect,
}

/// What happens to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) delay: Option<Duration>,
    pub(super) reset_after: Option<u64>,
    pub(super) cut_after: Option<u64>,
    pub(super) status: Option<StatusCode>,
    pub(super) retry_after: Option<u64>,
    pub(super) malformed: bool,
    pub(super) carried_out: Option<bool>,
}

impl RequestFault {
    /// Nothing yet, with every request.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only with calls of this operation; `token` is the token endpoint, `stream` the upgrade to a
    /// WebSocket.
    #[must_use]
    pub fn operation(mut self, name: impl Into<String>) -> Self {
        self.operation = Some(name.into());
        self
    }

    /// Only with the nth of these calls, from 1, counted from when the fault is added.
    #[must_use]
    pub fn call(mut self, nth: u64) -> Self {
        self.turn.nth = Some(nth);
        self
    }

    /// Only with so many of a hundred of these calls, by chance; the seed of the file decides which.
    #[must_use]
    pub fn percent(mut self, percent: u8) -> Self {
        self.turn.percent = Some(percent);
        self
    }

    /// The answer comes so much later; what the request asks for is done at once.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.effect.delay = Some(delay);
        self
    }

    /// The connection is reset (RST) after so many bytes of the answer, or of what follows it.
    #[must_use]
    pub fn reset_after(mut self, bytes: u64) -> Self {
        self.effect.reset_after = Some(bytes);
        self
    }

    /// The connection is closed (FIN) after so many bytes of the answer, or of what follows it.
    #[must_use]
    pub fn cut_after(mut self, bytes: u64) -> Self {
        self.effect.cut_after = Some(bytes);
        self
    }

    /// The answer is an error with this status; what the request asks for is not done unless
    /// [`carried_out`](Self::carried_out).
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.effect.status = Some(status);
        self
    }

    /// The answer says in how many seconds to come again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.effect.retry_after = Some(seconds);
        self
    }

    /// The body of the answer ends in the middle, although its length is right.
    #[must_use]
    pub fn malformed(mut self) -> Self {
        self.effect.malformed = true;
        self
    }

    /// Whether what the request asks for is done; unless said, it is if the fault has no status.
    #[must_use]
    pub fn carried_out(mut self, carried_out: bool) -> Self {
        self.effect.carried_out = Some(carried_out);
        self
    }

    pub(super) fn concerns(&self, operation: &str) -> bool {
        self.operation.as_ref().is_none_or(|only| only == operation)
    }
}
