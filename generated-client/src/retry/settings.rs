//! How callers change the numbers.

use std::time::Duration;

use super::limits::Limits;

/// Changes to when and how failed requests are repeated, for a client or for one request.
///
/// What is not set stays as it is: for a request as the client has it, for a client as the table in
/// the [module](crate::retry) says. What is set last holds.
///
/// ```
/// use std::time::Duration;
/// use clear_street::RequestOptions;
/// use clear_street::retry::RetrySettings;
///
/// // Sent once, whatever happens.
/// let once = RequestOptions::new().retries(RetrySettings::new().max_attempts(1));
///
/// let patient = RetrySettings::new()
///     .max_attempts(5)
///     .attempt_timeout(Duration::from_secs(2))
///     .backoff(Duration::from_millis(50), Duration::from_secs(1));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "settings have no effect until they are given to a client or a request"]
pub struct RetrySettings {
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Attempts(u32),
    AttemptsNotSent(u32),
    AttemptTimeout(Duration),
    Backoff { first: Duration, most: Duration },
    ThrottledBackoff(Duration),
    MaxRetryAfter(Duration),
    WaitIfThrottled(bool),
    ResendAfter(Duration),
    Cost { retry: u32, throttled: u32 },
    Statuses(Vec<u16>),
}

impl RetrySettings {
    /// No changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Most attempts of a call, the first included. 1 switches repeating off; 0 is refused.
    pub fn max_attempts(self, attempts: u32) -> Self {
        self.with(Change::Attempts(attempts)).max_attempts_if_not_sent(attempts)
    }

    /// Most attempts of a call as long as nothing of it could be sent; to be set after
    /// [`max_attempts`](Self::max_attempts), which sets it too.
    pub fn max_attempts_if_not_sent(self, attempts: u32) -> Self {
        self.with(Change::AttemptsNotSent(attempts))
    }

    /// Longest time of one attempt, from sending it to the last byte of its answer.
    pub fn attempt_timeout(self, timeout: Duration) -> Self {
        self.with(Change::AttemptTimeout(timeout))
    }

    /// The wait before a repetition is drawn from nothing up to `first`, doubled with every attempt
    /// up to `most`.
    pub fn backoff(self, first: Duration, most: Duration) -> Self {
        self.with(Change::Backoff { first, most })
    }

    /// Takes the place of `first` in [`backoff`](Self::backoff) where the server was sent too many
    /// requests and does not say how long to wait.
    pub fn throttled_backoff(self, first: Duration) -> Self {
        self.with(Change::ThrottledBackoff(first))
    }

    /// Longest wait that the server may ask for; if it asks for a longer one, the error is returned.
    pub fn max_retry_after(self, longest: Duration) -> Self {
        self.with(Change::MaxRetryAfter(longest))
    }

    /// Whether writes wait and are sent again after status 429. Default: no, the error is returned with
    /// [`retry_after`](crate::Error::retry_after).
    ///
    /// Rows with a key are looked up before they are sent again; if one is found, or the list cannot be
    /// read, they are not.
    pub fn wait_if_throttled(self, wait: bool) -> Self {
        self.with(Change::WaitIfThrottled(wait))
    }

    /// Sends rows with a key once more when it is in doubt whether the first attempt reached the server.
    /// Default: no, such rows are [`Unknown`](crate::RowOutcome::Unknown).
    ///
    /// This assumes that the server refuses a key that it knows. **A server that does not, books an order
    /// twice**: its list can lag, so that a look-up does not find the first one. It is not documented how
    /// Clear Street answers a known key.
    ///
    /// `in_flight` is the longest time that a request can be under way after the attempt has failed, in
    /// queues of gateways for instance. The rows are sent again only after a complete look-up that begins
    /// after this time, at most once in a call, with the same bytes, and not later than 5 seconds after
    /// the call began: with more than about 3 seconds there is no second attempt. A refusal of the second
    /// attempt says nothing about the first; its rows stay unknown until they are found in effect.
    pub fn assume_known_keys_refused(self, in_flight: Duration) -> Self {
        self.with(Change::ResendAfter(in_flight))
    }

    /// What repetitions take from the client's budget: any, and those because of too many requests.
    /// Those that cost nothing are made even if nothing is left.
    pub fn cost(self, retry: u32, throttled: u32) -> Self {
        self.with(Change::Cost { retry, throttled })
    }

    /// The statuses after which a request is repeated. This can only leave some out: those after
    /// which the operation is not safe to repeat are never repeated.
    pub fn statuses(self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.with(Change::Statuses(statuses.into_iter().collect()))
    }

    fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Adds other changes to these; where both change the same, the others hold.
    pub(crate) fn merge(&mut self, others: Self) {
        self.changes.extend(others.changes);
    }

    pub(crate) fn apply(&self, limits: &mut Limits) {
        for change in &self.changes {
            match change {
                Change::Attempts(attempts) => limits.attempts = *attempts,
                Change::AttemptsNotSent(attempts) => limits.attempts_not_sent = *attempts,
                Change::AttemptTimeout(timeout) => limits.attempt_timeout = *timeout,
                Change::Backoff { first, most } => {
                    (limits.backoff, limits.max_backoff) = (*first, *most);
                }
                Change::ThrottledBackoff(first) => limits.throttled_backoff = *first,
                Change::MaxRetryAfter(longest) => limits.max_retry_after = *longest,
                Change::WaitIfThrottled(wait) => limits.wait_if_throttled = *wait,
                Change::ResendAfter(time) => limits.resend_after = Some(*time),
                Change::Cost { retry, throttled } => {
                    (limits.retry_cost, limits.throttled_cost) = (*retry, *throttled);
                }
                Change::Statuses(statuses) => limits.statuses.clone_from(statuses),
            }
        }
    }
}
