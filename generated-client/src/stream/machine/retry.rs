//! What failed before, and when to try again.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use super::{Cause, Closed, DialFailure, Failure, Moment, Settings};

/// The backoff: its lower bound, and its upper bound for the first attempt.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(250));
/// Shortest wait where the server says that it is busy or restarting.
const BUSY: Duration = Duration::from_secs(2);
/// Longest wait that the server can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);
/// How long a connection has to be caught up before earlier failures are forgotten: if the network
/// ended it, and if the server did.
const CALM: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));
/// How many untrusted certificates, oversize messages, or refusals in a row end the stream.
const IN_A_ROW: u32 = 3;
/// How long nothing but refusals may come before the stream ends.
const REFUSED_FOR: Duration = Duration::from_secs(600);

/// What failed before.
#[derive(Debug, Default)]
pub struct FailureHistory {
    /// Failed attempts in a row.
    pub(super) failures: u32,
    /// Whether a subscription was ever accepted.
    was_accepted: bool,
    /// Refusals in a row, and since when nothing else came.
    refusals: u32,
    refused_since: Option<Moment>,
    certificates: u32,
    too_large: u32,
    /// Refusals of a second connection in a row.
    second_refused: u32,
    /// When the server numbered anew last.
    renumbered: Option<Moment>,
}

impl FailureHistory {
    /// The server accepted a subscription.
    pub fn accepted(&mut self, is_second: bool) {
        self.was_accepted = true;
        (self.refusals, self.refused_since, self.certificates) = (0, None, 0);
        if is_second {
            self.second_refused = 0;
        }
    }

    /// A connection that was live since then has ended.
    pub fn live_ended(&mut self, since: Moment, now: Moment, cause: &Cause) {
        let by_network = matches!(
            cause,
            Cause::NoPong | Cause::Mute | Cause::Closed(Closed::Reset | Closed::Eof | Closed::WriteTimeout)
        );
        if now.since(since) >= if by_network { CALM.0 } else { CALM.1 } {
            self.failures = 0;
        }
        if now.since(since) >= CALM.1 {
            self.too_large = 0;
        }
    }

    /// An attempt failed, or a connection ended. `second`: there is another one. `most` is
    /// [`Settings::max_attempts`]. Returns the failure of the stream if it ends by this.
    pub fn failed(&mut self, cause: &Cause, second: bool, now: Moment, most: Option<u32>) -> Option<Failure> {
        let renumbered = *cause == Cause::NumbersBeganAnew
            && self.renumbered.replace(now).is_none_or(|last| now.since(last) > CALM.1);
        if !renumbered && !matches!(cause, Cause::AuthExpired | Cause::Replaced | Cause::Asked) {
            self.failures += 1;
        }
        self.certificates = in_a_row(self.certificates, *cause == Cause::Dial(DialFailure::Certificate));
        self.too_large = in_a_row(self.too_large, *cause == Cause::Closed(Closed::TooLarge));
        let refusal = refusal(cause);
        if second {
            let is_refusal = refusal.is_some() && !matches!(cause, Cause::CredentialsRefused(_));
            self.second_refused = in_a_row(self.second_refused, is_refusal);
            return None;
        }
        self.refusals = in_a_row(self.refusals, refusal.is_some());
        self.refused_since = refusal.is_some().then(|| self.refused_since.unwrap_or(now));
        let for_good = !self.was_accepted && self.refusals >= IN_A_ROW
            || self.refused_since.is_some_and(|since| now.since(since) >= REFUSED_FOR);
        match refusal {
            Some(words) if for_good => Some(Failure::Unauthorized(words)),
            _ if self.certificates >= IN_A_ROW => Some(Failure::Certificate),
            _ if self.too_large >= IN_A_ROW => Some(Failure::TooLarge),
            _ if most.is_some_and(|most| self.failures >= most) => Some(Failure::GaveUp),
            _ => None,
        }
    }

    /// Whether the server allows one connection at a time.
    pub(super) fn is_single(&self) -> bool {
        self.second_refused >= 2
    }

    /// The wait before the next attempt.
    pub fn delay(&self, cause: &Cause, settings: &Settings, rng: &mut Rng) -> Duration {
        let least = match cause {
            Cause::AuthExpired | Cause::Replaced | Cause::Asked => return Duration::ZERO,
            Cause::NumbersBeganAnew if self.failures == 0 => return Duration::ZERO,
            Cause::Dial(DialFailure::Status { status: 429 | 503, retry_after }) => {
                retry_after.unwrap_or(BUSY)
            }
            Cause::Closed(Closed::Code(Some(1012..=1014))) | Cause::ReplayBehind => BUSY,
            Cause::Dial(DialFailure::Certificate) => settings.certificate_wait,
            _ => Duration::ZERO,
        };
        let doubled = 1u32.checked_shl(self.failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let most = BACKOFF.1.saturating_mul(doubled).min(settings.max_backoff);
        between(BACKOFF.0.min(most), most, rng).max(least.min(MAX_RETRY_AFTER))
    }
}

/// The wait that the token endpoint asks for, within its bound.
pub fn asked_for(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_default().min(MAX_RETRY_AFTER)
}

/// The server's words, if it refuses the credentials or the account.
fn refusal(cause: &Cause) -> Option<Arc<str>> {
    match cause {
        Cause::Refused(words) | Cause::CredentialsRefused(words) => Some(Arc::clone(words)),
        Cause::Dial(DialFailure::Status { status: 408 | 425 | 429, .. }) => None,
        Cause::Dial(DialFailure::Status { status: status @ 400..500, .. }) => {
            Some(format!("the upgrade was answered with status {status}").into())
        }
        _ => None,
    }
}

fn in_a_row(so_far: u32, again: bool) -> u32 {
    if again { so_far + 1 } else { 0 }
}

/// A random duration within the bounds; `least` if that is the greater one.
fn between(least: Duration, most: Duration, rng: &mut Rng) -> Duration {
    let range = u64::try_from(most.saturating_sub(least).as_nanos()).unwrap_or(u64::MAX);
    least.saturating_add(Duration::from_nanos(rng.u64(0..=range)))
}

/// The shortest time between two tokens, whatever the server says about their life.
pub const TOKEN_PACE: Duration = Duration::from_secs(10);
/// The bounds of the lead of a rotation, which is 5 % of the token's life.
const LEAD: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(1_800));
/// The lead where the old connection is closed first.
const LEAD_SINGLE: Duration = Duration::from_secs(60);

/// When to replace a connection whose token was fetched at `obtained`. `single`: the old connection
/// is closed before the new one is dialled.
pub(super) fn rotate_at(obtained: Moment, expires: Moment, single: bool, rng: &mut Rng) -> Moment {
    let life = expires.since(obtained);
    let lead = if single {
        LEAD_SINGLE
    } else {
        let lead = life.mul_f64(0.05).clamp(LEAD.0, LEAD.1);
        // Not all streams rotate at once.
        lead.saturating_sub(between(Duration::ZERO, lead.mul_f64(0.2), rng))
    };
    obtained.after(life.saturating_sub(lead.min(life.mul_f64(0.5))).max(TOKEN_PACE))
}

/// Whether the next attempt needs a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Renewal {
    No,
    /// The server refused the last one, perhaps for another reason.
    IfPaced,
    /// The last one has expired.
    Required,
}

impl Renewal {
    pub(super) fn after(cause: &Cause) -> Self {
        match cause {
            Cause::AuthExpired => Self::Required,
            Cause::Refused(_) | Cause::Dial(DialFailure::Status { status: 400..500, .. }) => Self::IfPaced,
            _ => Self::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_is_within_the_table(failures in 1u32..100, seed: u64) {
            let history = FailureHistory { failures, ..FailureHistory::default() };
            let most = (0.25 * 2f64.powi(failures.saturating_sub(1) as i32)).min(30.0);
            let mut rng = fastrand::Rng::with_seed(seed);
            let wait = history.delay(&Cause::NoPong, &Settings::default(), &mut rng).as_secs_f64();
            prop_assert!((0.1..=most).contains(&wait), "{} is not within 0.1 to {}", wait, most);
        }
    }

    #[test]
    fn failures_are_forgotten_sooner_if_the_network_ended_the_connection() {
        let at = |second| Moment(Duration::from_secs(second));
        for (cause, seconds) in [
            (Cause::Closed(Closed::Reset), 5),
            (Cause::Closed(Closed::Eof), 5),
            (Cause::NoPong, 5),
            (Cause::Closed(Closed::Code(Some(1012))), 60),
            (Cause::Notice("Subscribed elsewhere".into()), 60),
            (Cause::Closed(Closed::Protocol), 60),
        ] {
            for (live, failures) in [(seconds - 1, 7), (seconds, 0)] {
                let mut history = FailureHistory { failures: 7, ..FailureHistory::default() };
                history.live_ended(at(100), at(100 + live), &cause);
                assert_eq!(history.failures, failures, "{cause:?} after {live} s");
            }
        }
    }

    #[test]
    fn the_lead_follows_the_life_of_the_token() {
        let obtained = Moment(Duration::from_secs(1_000));
        // Life, earliest and latest rotation, and that with one connection only; in seconds.
        for (life, earliest, latest, single) in [
            (86_400, 84_600, 84_960, 86_340),
            (3_600, 3_420, 3_456, 3_540),
            (600, 480, 504, 540),
            (100, 50, 50, 50),
            (12, 10, 10, 10),
            (0, 10, 10, 10),
        ] {
            let expires = obtained.after(Duration::from_secs(life));
            let at = |seed, single| {
                let mut rng = fastrand::Rng::with_seed(seed);
                rotate_at(obtained, expires, single, &mut rng).since(obtained).as_secs()
            };
            for seed in 0..100 {
                assert!((earliest..=latest).contains(&at(seed, false)), "{life}: {}", at(seed, false));
            }
            assert_eq!(at(0, true), single, "{life}");
        }
    }
}
