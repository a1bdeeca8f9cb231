//! Decides whether and when a request is sent again: a pure function.

use std::time::Duration;

use super::backoff::jitter;
use super::limits::Limits;
use crate::operation::Repeat;

/// The outcome of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
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

impl Happened {
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
    pub(crate) outcome: Happened,
    /// Remaining budget of the client.
    pub(crate) budget: u32,
    /// Remaining time of the call.
    pub(crate) left: Duration,
    pub(crate) limits: &'a Limits,
    pub(crate) random: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Repeat { after: Duration, cause: Cause },
    GiveUp(Reason),
}

/// Why a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cause {
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
pub(crate) enum Reason {
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
pub(crate) fn decide(situation: &Situation<'_>) -> Decision {
    match situation.repeat() {
        Ok((after, cause)) => Decision::Repeat { after, cause },
        Err(reason) => Decision::GiveUp(reason),
    }
}

impl Limits {
    /// What a retry costs of the budget.
    pub(crate) fn cost(&self, cause: Cause) -> u32 {
        match cause {
            Cause::Throttled => self.throttled_cost,
            Cause::NotSent | Cause::Lost | Cause::ServerError => self.retry_cost,
        }
    }
}

impl Situation<'_> {
    fn repeat(&self) -> Result<(Duration, Cause), Reason> {
        let cause = self.cause()?;
        let attempts = match cause {
            Cause::NotSent => self.limits.attempts_not_sent,
            Cause::Lost | Cause::Throttled | Cause::ServerError => self.limits.attempts,
        };
        if self.attempt >= attempts {
            return Err(Reason::Attempts);
        }
        let after = self.wait(cause)?;
        if self.budget < self.limits.cost(cause) {
            return Err(Reason::Budget);
        }
        if after >= self.left {
            return Err(Reason::Deadline);
        }
        Ok((after, cause))
    }

    /// The cause for a retry, if one is allowed at all.
    fn cause(&self) -> Result<Cause, Reason> {
        match (self.outcome, self.class) {
            (Happened::NotAdmitted, _) => Err(Reason::NotAdmitted),
            (Happened::Refused, _) => Err(Reason::Settled),
            (Happened::NotSent, _) => Ok(Cause::NotSent),
            (Happened::MaybeSent, Repeat::Read | Repeat::Idempotent) => Ok(Cause::Lost),
            (Happened::MaybeSent | Happened::Unreadable, Repeat::Keyed | Repeat::Never) => {
                Err(Reason::MaybeDone)
            }
            (Happened::Unreadable, Repeat::Read | Repeat::Idempotent) => Err(Reason::Settled),
            (Happened::Answered { status, retry_after }, _) => {
                let cause = self.answered(status, retry_after.is_some())?;
                if self.limits.statuses.contains(&status) { Ok(cause) } else { Err(Reason::Settled) }
            }
        }
    }

    /// The same for a response.
    fn answered(&self, status: u16, asks_to_wait: bool) -> Result<Cause, Reason> {
        match (self.class, status) {
            // Before it is sent again, its rows are looked up.
            (Repeat::Keyed, 429) => Err(Reason::NotWaiting),
            (Repeat::Never, 429) if !self.limits.wait_if_throttled => Err(Reason::NotWaiting),
            (_, 429) => Ok(Cause::Throttled),
            // A server that answers so may have passed the request on before, also if it asks to wait.
            (Repeat::Keyed | Repeat::Never, 408 | 500..) => Err(Reason::MaybeDone),
            (Repeat::Read | Repeat::Idempotent, 503) if asks_to_wait => Ok(Cause::Throttled),
            (Repeat::Read | Repeat::Idempotent, 408 | 500 | 502..=504) => Ok(Cause::ServerError),
            _ => Err(Reason::Settled),
        }
    }

    /// How long to wait.
    fn wait(&self, cause: Cause) -> Result<Duration, Reason> {
        let drawn = |first| jitter(first, self.limits.max_backoff, self.attempt, self.random);
        let Happened::Answered { retry_after: Some(asked), .. } = self.outcome else {
            return Ok(match cause {
                Cause::Throttled => drawn(self.limits.throttled_backoff),
                Cause::NotSent | Cause::Lost | Cause::ServerError => drawn(self.limits.backoff),
            });
        };
        if asked > self.limits.max_retry_after {
            return Err(Reason::RetryAfter);
        }
        // Never earlier than asked, and not in step with everybody else who was asked the same.
        asked.checked_add(drawn(self.limits.backoff)).ok_or(Reason::RetryAfter)
    }
}
