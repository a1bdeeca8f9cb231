//! Settings of retries.

use std::time::Duration;

use super::limits::Limits;

/// Changes when and how failed requests are retried, for a client or for one request.
///
/// Defaults: for a request, the settings of its client; for a client, the table in the
/// [module](crate::retry). Later settings override earlier ones.
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

    /// Limit of attempts per call, including the first. 1 disables retries; the value must be at least 1.
    pub fn max_attempts(self, attempts: u32) -> Self {
        self.with(Change::Attempts(attempts)).max_attempts_if_not_sent(attempts)
    }

    /// Limit of attempts while nothing could be sent. Set it after [`max_attempts`](Self::max_attempts),
    /// which sets it too.
    pub fn max_attempts_if_not_sent(self, attempts: u32) -> Self {
        self.with(Change::AttemptsNotSent(attempts))
    }

    /// Time limit of one attempt, from sending to the last byte of the response.
    pub fn attempt_timeout(self, timeout: Duration) -> Self {
        self.with(Change::AttemptTimeout(timeout))
    }

    /// The wait before a retry is random: from zero up to `first`, which doubles with every attempt up to
    /// `most`.
    pub fn backoff(self, first: Duration, most: Duration) -> Self {
        self.with(Change::Backoff { first, most })
    }

    /// Replaces `first` of [`backoff`](Self::backoff) after a 429 without `Retry-After`.
    pub fn throttled_backoff(self, first: Duration) -> Self {
        self.with(Change::ThrottledBackoff(first))
    }

    /// Longest wait that the server may ask for; beyond it, the error is returned.
    pub fn max_retry_after(self, longest: Duration) -> Self {
        self.with(Change::MaxRetryAfter(longest))
    }

    /// Whether writes wait and are sent again after status 429. Default: no, the error is returned with
    /// [`retry_after`](crate::Error::retry_after).
    ///
    /// Keyed rows are looked up first; if one is found, or the list cannot be read, they are not sent
    /// again.
    pub fn wait_if_throttled(self, wait: bool) -> Self {
        self.with(Change::WaitIfThrottled(wait))
    }

    /// Sends keyed rows once more if the first attempt may have reached the server. Default: no, such rows
    /// are [`Unknown`](crate::RowOutcome::Unknown).
    ///
    /// This assumes that the server refuses a key that it knows. **If it does not, it books an order
    /// twice**, because its list can lag, so that a look-up misses the first one. How Clear Street responds
    /// to a known key is not documented.
    ///
    /// `in_flight` is the longest time that a request can still be on its way after the attempt failed, for
    /// example in a gateway's queue. The rows are sent again only after a complete look-up that begins
    /// after this time, at most once per call, with the same bytes, and at most 5 seconds after the call
    /// began: beyond about 3 seconds there is no second attempt. A refusal of the second attempt says
    /// nothing about the first; its rows stay unknown until they are listed in effect.
    pub fn assume_known_keys_refused(self, in_flight: Duration) -> Self {
        self.with(Change::ResendAfter(in_flight))
    }

    /// What a retry costs of the client's budget: in general, and after a 429. Free retries are made even
    /// with an empty budget.
    pub fn cost(self, retry: u32, throttled: u32) -> Self {
        self.with(Change::Cost { retry, throttled })
    }

    /// The statuses after which a request is retried. This can only exclude statuses: a status after which
    /// a retry is not safe is never added.
    pub fn statuses(self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.with(Change::Statuses(statuses.into_iter().collect()))
    }

    fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Merges other settings into these; the others take precedence.
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
