//! Decides whether and when a request is sent again: a pure function.

use std::time::Duration;

use super::backoff::jitter;
use super::limits::Limits;
use crate::operation::Repeat;

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptOutcome {
    /// There was no token, or the rate limit was exhausted: nothing was sent.
    NotAdmitted,
    /// The request cannot be sent.
    Refused,
    /// Nothing of it reached the server.
    NotSent,
    /// It may have reached the server.
    MaybeSent,
    /// The server responded, but even the status cannot be read.
    Unreadable,
    /// The server responded, with success or an error.
    Answered { status: u16, retry_after: Option<Duration> },
}

impl AttemptOutcome {
    /// Whether the request may have been written to the server. A 401 says that it had no effect.
    pub(crate) fn is_written(self) -> bool {
        match self {
            Self::NotAdmitted | Self::Refused | Self::NotSent | Self::Answered { status: 401, .. } => false,
            Self::MaybeSent | Self::Unreadable | Self::Answered { .. } => true,
        }
    }

    /// Whether the request may have had its effect although it is sent again.
    pub(crate) fn may_have_had_effect(self) -> bool {
        self.is_written() && !matches!(self, Self::Answered { status: 429, .. })
    }
}

/// Everything the decision depends on.
#[derive(Clone, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) class: Repeat,
    /// Number of the attempt that just ended, from 1.
    pub(crate) attempt: u32,
    pub(crate) outcome: AttemptOutcome,
    /// Remaining budget of the client.
    pub(crate) budget: u32,
    /// Remaining time of the call.
    pub(crate) left: Duration,
    pub(crate) limits: &'a Limits,
    pub(crate) random: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    Retry { after: Duration, cause: RetryCause },
    Stop(StopReason),
}

/// Why a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RetryCause {
    /// Nothing of it reached the server.
    NotSent,
    /// Its response was lost.
    Lost,
    /// The server received too many requests.
    Throttled,
    /// The server, or a gateway, failed.
    ServerError,
}

/// Why a request is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StopReason {
    /// There is no token, or the rate limit is exhausted.
    NotAdmitted,
    /// There is a response or error that another attempt would not change.
    Settled,
    /// It may have had its effect, and its operation is not safe to retry.
    MaybeDone,
    /// The server refused it for now, and the caller does not want to wait.
    NotWaiting,
    /// The limit of attempts is reached.
    Attempts,
    /// The server asks to wait longer than the caller allows.
    RetryAfter,
    /// The client's retry budget is spent.
    Budget,
    /// The time limit of the call would pass first.
    Deadline,
}

/// Whether the request is sent again.
pub(crate) fn decide(situation: &Situation<'_>) -> RetryDecision {
    match situation.repeat() {
        Ok((after, cause)) => RetryDecision::Retry { after, cause },
        Err(reason) => RetryDecision::Stop(reason),
    }
}

impl Limits {
    /// What a retry costs of the budget.
    pub(crate) fn cost(&self, cause: RetryCause) -> u32 {
        match cause {
            RetryCause::Throttled => self.throttled_cost,
            RetryCause::NotSent | RetryCause::Lost | RetryCause::ServerError => self.retry_cost,
        }
    }
}

impl Situation<'_> {
    fn repeat(&self) -> Result<(Duration, RetryCause), StopReason> {
        let cause = self.cause()?;
        let attempts = match cause {
            RetryCause::NotSent => self.limits.attempts_not_sent,
            RetryCause::Lost | RetryCause::Throttled | RetryCause::ServerError => self.limits.attempts,
        };
        if self.attempt >= attempts {
            return Err(StopReason::Attempts);
        }
        let after = self.wait(cause)?;
        if self.budget < self.limits.cost(cause) {
            return Err(StopReason::Budget);
        }
        if after >= self.left {
            return Err(StopReason::Deadline);
        }
        Ok((after, cause))
    }

    /// The cause for a retry, if one is allowed at all.
    fn cause(&self) -> Result<RetryCause, StopReason> {
        match (self.outcome, self.class) {
            (AttemptOutcome::NotAdmitted, _) => Err(StopReason::NotAdmitted),
            (AttemptOutcome::Refused, _) => Err(StopReason::Settled),
            (AttemptOutcome::NotSent, _) => Ok(RetryCause::NotSent),
            (AttemptOutcome::MaybeSent, Repeat::Read | Repeat::Idempotent) => Ok(RetryCause::Lost),
            (AttemptOutcome::MaybeSent | AttemptOutcome::Unreadable, Repeat::Keyed | Repeat::Never) => {
                Err(StopReason::MaybeDone)
            }
            (AttemptOutcome::Unreadable, Repeat::Read | Repeat::Idempotent) => Err(StopReason::Settled),
            (AttemptOutcome::Answered { status, retry_after }, _) => {
                let cause = self.answered(status, retry_after.is_some())?;
                if self.limits.statuses.contains(&status) { Ok(cause) } else { Err(StopReason::Settled) }
            }
        }
    }

    /// The same for a response.
    fn answered(&self, status: u16, asks_to_wait: bool) -> Result<RetryCause, StopReason> {
        match (self.class, status) {
            // Before it is sent again, its rows are looked up.
            (Repeat::Keyed, 429) => Err(StopReason::NotWaiting),
            (Repeat::Never, 429) if !self.limits.wait_if_throttled => Err(StopReason::NotWaiting),
            (_, 429) => Ok(RetryCause::Throttled),
            // A server that answers so may have passed the request on before, also if it asks to wait.
            (Repeat::Keyed | Repeat::Never, 408 | 500..) => Err(StopReason::MaybeDone),
            (Repeat::Read | Repeat::Idempotent, 503) if asks_to_wait => Ok(RetryCause::Throttled),
            (Repeat::Read | Repeat::Idempotent, 408 | 500 | 502..=504) => Ok(RetryCause::ServerError),
            _ => Err(StopReason::Settled),
        }
    }

    /// How long to wait.
    fn wait(&self, cause: RetryCause) -> Result<Duration, StopReason> {
        let drawn = |first| jitter(first, self.limits.max_backoff, self.attempt, self.random);
        let AttemptOutcome::Answered { retry_after: Some(asked), .. } = self.outcome else {
            return Ok(match cause {
                RetryCause::Throttled => drawn(self.limits.throttled_backoff),
                RetryCause::NotSent | RetryCause::Lost | RetryCause::ServerError => {
                    drawn(self.limits.backoff)
                }
            });
        };
        if asked > self.limits.max_retry_after {
            return Err(StopReason::RetryAfter);
        }
        // Never earlier than asked, and not in step with everybody else who was asked the same.
        asked.checked_add(drawn(self.limits.backoff)).ok_or(StopReason::RetryAfter)
    }
}
