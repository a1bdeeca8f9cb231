//! The limits of the attempt loop, with their defaults.

use std::time::Duration;

/// The numbers that hold for a call, with nothing left open.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Attempts in all, the first included. Of a keyed operation there is a second one only with
    /// `resend_after` or `wait_if_throttled`.
    pub(crate) attempts: u32,
    /// The same after a failure that sent nothing.
    pub(crate) attempts_not_sent: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    /// All attempts and all waiting.
    pub(crate) call_timeout: Duration,
    /// Range of the first wait.
    pub(crate) backoff: Duration,
    /// The same where the server said that there were too many requests.
    pub(crate) throttled_backoff: Duration,
    pub(crate) max_backoff: Duration,
    /// No longer than this is waited because the server asks for it.
    pub(crate) max_retry_after: Duration,
    /// Whether writes wait and are sent again when the server had too many requests.
    pub(crate) wait_if_throttled: bool,
    /// How long after an attempt that may have been received the same rows may be sent again, if they
    /// are not found.
    pub(crate) resend_after: Option<Duration>,
    pub(crate) retry_cost: u32,
    pub(crate) throttled_cost: u32,
    /// Statuses after which a request is repeated, if its operation may be.
    pub(crate) statuses: Vec<u16>,
}

impl Limits {
    /// Operations that may be repeated.
    pub(crate) fn reads() -> Self {
        Self {
            attempts: 3,
            attempts_not_sent: 3,
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(30),
            backoff: Duration::from_millis(100),
            throttled_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(5),
            max_retry_after: Duration::from_secs(30),
            wait_if_throttled: false,
            resend_after: None,
            retry_cost: 14,
            throttled_cost: 5,
            statuses: vec![408, 429, 500, 502, 503, 504],
        }
    }

    /// Orders and all other operations that a repetition could do twice.
    pub(crate) fn orders() -> Self {
        Self {
            attempts: 2,
            connect_timeout: Duration::from_secs(3),
            attempt_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(10),
            backoff: Duration::from_millis(50),
            throttled_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_millis(500),
            max_retry_after: Duration::from_secs(1),
            statuses: vec![429],
            ..Self::reads()
        }
    }

    /// What cannot work.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.attempts == 0 || self.attempts_not_sent == 0 {
            return Err("`max_attempts` must be at least 1");
        }
        if self.connect_timeout.is_zero() {
            return Err("`connect_timeout` must not be zero");
        }
        if self.attempt_timeout.is_zero() || self.call_timeout.is_zero() {
            return Err("`timeout` and `attempt_timeout` must not be zero");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Traders rely on them: whoever changes one changes the documentation.
    #[test]
    fn the_numbers_are_those_of_the_documentation() {
        let numbers = |limits: Limits| {
            let times = [
                limits.connect_timeout,
                limits.attempt_timeout,
                limits.call_timeout,
                limits.backoff,
                limits.max_backoff,
                limits.throttled_backoff,
                limits.max_retry_after,
            ];
            let times = times.map(|time| time.as_millis());
            let counts =
                [limits.attempts, limits.attempts_not_sent, limits.retry_cost, limits.throttled_cost];
            (times, counts, limits.statuses)
        };
        assert_eq!(
            numbers(Limits::reads()),
            (
                [5_000, 10_000, 30_000, 100, 5_000, 1_000, 30_000],
                [3, 3, 14, 5],
                vec![408, 429, 500, 502, 503, 504]
            )
        );
        assert_eq!(
            numbers(Limits::orders()),
            ([3_000, 5_000, 10_000, 50, 500, 50, 1_000], [2, 3, 14, 5], vec![429])
        );
    }
}
