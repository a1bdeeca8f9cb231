//! The rate limiter of a client.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::RateLimits;
use super::window::Window;
use crate::api::{Api, RateLimit};

/// The limits of a client, shared by its clones.
pub(crate) struct Limiter {
    longest: Option<Duration>,
    limits: &'static [RateLimit],
    /// Of each limit.
    lanes: Mutex<Vec<Windows>>,
}

/// What a limit lets through.
struct Windows {
    /// All requests.
    ordinary: Window,
    /// Beside that, the room that is kept for urgent ones.
    urgent: Option<Window>,
}

/// The turn of a request is too far away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimitExceeded {
    pub(crate) limit: &'static RateLimit,
    pub(crate) wait: Duration,
}

/// A little longer than the second for which limits are published, because what was sent within it
/// may arrive within that second; and not by more, so that who sends one by one need not wait for
/// longer than a second.
const WINDOW: Duration = Duration::from_millis(1025);

impl Limiter {
    pub(crate) fn new(api: &Api, settings: RateLimits) -> Self {
        let RateLimits { longest } = settings;
        let lanes = api.rate_limits.iter().map(Windows::new).collect();
        Self { longest, limits: api.rate_limits, lanes: Mutex::new(lanes) }
    }

    /// Takes the next turn of a request, if it is near: how long it has to wait.
    ///
    /// `left` is the time that the request has itself.
    pub(crate) fn take(
        &self,
        operation: &str,
        path: &str,
        now: Instant,
        left: Duration,
    ) -> Result<Duration, RateLimitExceeded> {
        let Some(longest) = self.longest.filter(|_| !self.limits.is_empty()) else {
            return Ok(Duration::ZERO);
        };
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut windows: Vec<(&'static RateLimit, &mut Window)> = self
            .limits
            .iter()
            .zip(lanes.iter_mut())
            .filter(|(limit, _)| limit.covers(path))
            .map(|(limit, lanes)| (limit, lanes.choose(limit.urgent.contains(&operation), now)))
            .collect();
        let mut turn = now;
        for (limit, window) in &windows {
            turn = turn.max(window.next(now));
            let wait = turn.saturating_duration_since(now);
            if wait > longest || (wait >= left && !wait.is_zero()) {
                return Err(RateLimitExceeded { limit, wait });
            }
        }
        for (_, window) in &mut windows {
            window.take(turn);
        }
        Ok(turn.saturating_duration_since(now))
    }
}

impl Windows {
    fn new(limit: &RateLimit) -> Self {
        let published = usize::try_from(limit.per_second).unwrap_or(usize::MAX);
        let most = (published - published / 10).max(1);
        let kept = if limit.urgent.is_empty() || most < 2 { 0 } else { (published / 5).max(1) };
        Self {
            ordinary: Window::new(most - kept, WINDOW),
            urgent: (kept > 0).then(|| Window::new(kept, WINDOW)),
        }
    }

    /// Where the turn of a request is nearest.
    fn choose(&mut self, urgent: bool, now: Instant) -> &mut Window {
        match &mut self.urgent {
            Some(kept) if urgent && kept.next(now) <= self.ordinary.next(now) => kept,
            _ => &mut self.ordinary,
        }
    }
}

impl RateLimit {
    /// Whether it covers a request with this path.
    fn covers(&self, path: &str) -> bool {
        path.split('/').any(|segment| segment == self.segment)
    }
}

impl fmt::Display for RateLimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit: RateLimit { segment, per_second, .. }, wait } = self;
        write!(
            f,
            "the server takes {per_second} requests a second of `{segment}`, and this client has sent as many: \
             it would have to wait for {wait:.1?}"
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tests::LIMITED;

    const LONG: Duration = Duration::from_secs(60);

    fn limiter(settings: RateLimits) -> Limiter {
        Limiter::new(&LIMITED, settings)
    }

    fn millis(wait: Result<Duration, RateLimitExceeded>) -> Option<u128> {
        wait.ok().map(|wait| wait.as_millis())
    }

    #[test]
    fn what_is_not_covered_is_not_counted() {
        let limiter = limiter(RateLimits::fail_fast());
        let now = Instant::now();
        for path in ["/accounts/{account_id}/order", "/ordersx", "/", "", "/{orders}"] {
            for _ in 0..100 {
                assert_eq!(limiter.take("list", path, now, LONG), Ok(Duration::ZERO));
            }
        }
        let off = Limiter::new(&LIMITED, RateLimits::off());
        for _ in 0..100 {
            assert_eq!(off.take("create", "/orders", now, LONG), Ok(Duration::ZERO));
        }
    }

    #[test]
    fn room_is_kept_for_what_is_urgent() {
        let limiter = limiter(RateLimits::fail_fast());
        let now = Instant::now();
        let sent = |operation: &str| {
            (0..100).take_while(|_| limiter.take(operation, "/a/orders", now, LONG).is_ok()).count()
        };
        assert_eq!((sent("create"), sent("cancel"), sent("cancel"), sent("create")), (7, 2, 0, 0));
        // With nothing else to send, all of it is for what is urgent.
        let limiter = Limiter::new(&LIMITED, RateLimits::fail_fast());
        let sent = |operation: &str| {
            (0..100).take_while(|_| limiter.take(operation, "/a/orders", now, LONG).is_ok()).count()
        };
        assert_eq!((sent("cancel"), sent("create")), (9, 0));
    }

    #[test]
    fn turns_are_waited_for_up_to_a_time() {
        let patient = limiter(RateLimits::wait(Duration::from_millis(1500)));
        let now = Instant::now();
        let take = |path| patient.take("create", path, now, LONG);
        assert_eq!(millis(take("/bulk")), Some(0));
        assert_eq!(millis(take("/bulk")), Some(1025));
        let refused = take("/bulk").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the server takes 1 requests a second of `bulk`, and this client has sent as many: it would \
             have to wait for 2.0s"
        );
        // What was refused has taken no turn.
        let later = now + Duration::from_millis(800);
        assert_eq!(millis(patient.take("create", "/bulk", later, LONG)), Some(1250));
        // Not beyond the time of the request itself.
        let hurried = limiter(RateLimits::default());
        for expected in [Some(0), None] {
            assert_eq!(millis(hurried.take("create", "/bulk", now, Duration::from_millis(900))), expected);
        }
        // Both limits of a path hold.
        let both = limiter(RateLimits::wait(LONG));
        let waits: Vec<_> = (0..3).map(|_| millis(both.take("create", "/bulk/orders", now, LONG))).collect();
        assert_eq!(waits, [Some(0), Some(1025), Some(2050)]);
    }

    proptest! {
        #[test]
        fn no_window_has_more_than_the_limit(
            steps in prop::collection::vec((0u64..400, any::<bool>(), 0u64..3000), 1..300)
        ) {
            let mut now = Instant::now();
            let longest = Duration::from_secs(1);
            let limiter = limiter(RateLimits::wait(longest));
            let mut turns = Vec::new();
            let mut ordinary = Vec::new();
            for (pause, urgent, left) in steps {
                // Bursts, with pauses in between.
                now += Duration::from_millis(pause.saturating_sub(300) * 10);
                let operation = if urgent { "cancel" } else { "create" };
                let left = Duration::from_millis(left);
                let recent = turns.iter().filter(|turn: &&(Instant, bool)| {
                    turn.1 && turn.0 + WINDOW > now
                }).count();
                match limiter.take(operation, "/accounts/7/orders", now, left) {
                    Ok(wait) => {
                        prop_assert!(wait <= longest);
                        prop_assert!(wait.is_zero() || wait < left);
                        // Whatever else is sent, what is urgent finds its room.
                        if urgent && recent < 2 {
                            prop_assert_eq!(wait, Duration::ZERO);
                        }
                        turns.push((now + wait, urgent));
                        if !urgent {
                            ordinary.push(now + wait);
                        }
                    }
                    Err(RateLimitExceeded { wait, .. }) => {
                        prop_assert!(!urgent || recent >= 2);
                        prop_assert!(wait > longest || wait >= left);
                    }
                }
            }
            let mut all: Vec<_> = turns.iter().map(|turn| turn.0).collect();
            all.sort();
            for (times, most) in [(&all, 9usize), (&ordinary, 7)] {
                for pair in times.windows(most + 1) {
                    prop_assert!(pair[most] - pair[0] >= WINDOW);
                }
            }
        }
    }
}
