//! What failed before, and when to try again.

use std::time::Duration;

use super::core::{Cause, Closed, DialFailure, Failure, Moment, Settings};

/// How long a connection has to be open before earlier failures are forgotten: if the network ended
/// it, and if the server did.
const CALM: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// How many untrusted certificates, oversize messages, or refusals in a row are final.
const IN_A_ROW: u32 = 3;
/// How long nothing but refusals may come before they are final.
const REFUSED_FOR: Duration = Duration::from_secs(600);

/// What failed before.
#[derive(Debug, Default)]
pub(super) struct FailureHistory {
    /// Failed attempts in a row.
    failures: u32,
    /// Whether a subscription was ever accepted.
    was_accepted: bool,
    /// Refusals in a row, and since when nothing else came.
    refusals: u32,
    refused_since: Option<Moment>,
    certificates: u32,
    too_large: u32,
}

impl FailureHistory {
    /// The server accepted a subscription.
    pub(super) fn accepted(&mut self) {
        self.was_accepted = true;
        (self.refusals, self.refused_since, self.certificates) = (0, None, 0);
    }

    /// A connection that was open since then has ended.
    pub(super) fn live_ended(&mut self, since: Moment, now: Moment, cause: Cause) {
        let by_network = match cause {
            Cause::Closed(closed) => matches!(closed, Closed::Reset | Closed::Eof | Closed::WriteTimeout),
            cause => cause == Cause::NoPong,
        };
        if now.since(since) >= if by_network { CALM.0 } else { CALM.1 } {
            self.failures = 0;
        }
        if now.since(since) >= CALM.1 {
            self.too_large = 0;
        }
    }

    /// An attempt failed, or a connection ended. Returns the failure if that is final.
    pub(super) fn failed(&mut self, cause: Cause, now: Moment, settings: &Settings) -> Option<Failure> {
        if !is_planned(cause) {
            self.failures = self.failures.saturating_add(1);
        }
        self.certificates = in_a_row(self.certificates, cause == Cause::Dial(DialFailure::Certificate));
        self.too_large = in_a_row(self.too_large, cause == Cause::Closed(Closed::TooLarge));
        let is_refusal = is_refusal(cause);
        self.refusals = in_a_row(self.refusals, is_refusal);
        self.refused_since = is_refusal.then(|| self.refused_since.unwrap_or(now));
        if !self.was_accepted && self.refusals >= IN_A_ROW
            || self.refused_since.is_some_and(|since| now.since(since) >= REFUSED_FOR)
        {
            Some(Failure::Unauthorized)
        } else if self.certificates >= IN_A_ROW {
            Some(Failure::Certificate)
        } else if self.too_large >= IN_A_ROW {
            Some(Failure::TooLarge)
        } else {
            settings.max_attempts.filter(|most| self.failures >= *most).map(|_| Failure::GaveUp)
        }
    }

    /// The wait before the next attempt.
    pub(super) fn delay(&self, cause: Cause, settings: &Settings, rng: &mut fastrand::Rng) -> Duration {
        let least = match cause {
            cause if is_planned(cause) => return Duration::ZERO,
            Cause::Dial(DialFailure::Status { status: 429 | 503, retry_after }) => {
                retry_after.unwrap_or(settings.busy_least).min(settings.max_retry_after)
            }
            Cause::Closed(Closed::Code(Some(1012..=1014))) => settings.busy_least,
            Cause::Dial(DialFailure::Certificate) => settings.certificate_least,
            _ => Duration::ZERO,
        };
        let doubled = 1u32.checked_shl(self.failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let most = settings.backoff_first.saturating_mul(doubled).min(settings.backoff_most);
        between(settings.backoff_least.min(most), most, rng).max(least)
    }
}

/// Whether the connection ended as planned, and the next attempt need not wait.
fn is_planned(cause: Cause) -> bool {
    matches!(cause, Cause::AuthExpired | Cause::Asked)
}

/// Whether the server or its token endpoint refuses the credentials or the account.
fn is_refusal(cause: Cause) -> bool {
    match cause {
        Cause::TokenRejected => true,
        Cause::Dial(DialFailure::Status { status, .. }) => {
            (400..500).contains(&status) && !matches!(status, 408 | 425 | 429)
        }
        _ => false,
    }
}

fn in_a_row(so_far: u32, again: bool) -> u32 {
    if again { so_far.saturating_add(1) } else { 0 }
}

/// A random duration within the bounds.
fn between(least: Duration, most: Duration, rng: &mut fastrand::Rng) -> Duration {
    let range = u64::try_from(most.saturating_sub(least).as_nanos()).unwrap_or(u64::MAX);
    least.saturating_add(Duration::from_nanos(rng.u64(0..=range)))
}
