//! How often a client may dial, whatever its streams and the server do.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::time::Moment;

/// A limit of dials, shared by all streams of a client to one host.
///
/// At most 10 in any minute; of these 3 at once, the others 6 s apart. A server that accepts and
/// closes a thousand times, and a hundred accounts that lose their connections together, are paced
/// by it.
#[derive(Clone, Debug)]
pub struct DialLimit {
    shared: Arc<Mutex<Taken>>,
}

#[derive(Debug)]
struct Taken {
    /// Most dials in a window.
    most: usize,
    window: Duration,
    /// Of these so many at once.
    burst: u32,
    /// The moments of the last dials, in order, also those that are still to come.
    dials: VecDeque<Moment>,
    /// When all of the burst is there again.
    rested: Moment,
}

impl Default for DialLimit {
    fn default() -> Self {
        Self::new(10, Duration::from_secs(60), 3)
    }
}

impl DialLimit {
    /// At most `most` dials in any `window`, of which `burst` may be at once.
    pub fn new(most: usize, window: Duration, burst: u32) -> Self {
        let taken = Taken {
            most: most.max(1),
            window,
            burst: burst.max(1),
            dials: VecDeque::new(),
            rested: Moment::default(),
        };
        Self { shared: Arc::new(Mutex::new(taken)) }
    }

    /// Takes the right to dial once; it holds from the moment that is returned.
    pub(crate) fn take(&self, now: Moment) -> Moment {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).take(now)
    }
}

impl Taken {
    fn take(&mut self, now: Moment) -> Moment {
        let apart = self.window.checked_div(u32::try_from(self.most).unwrap_or(u32::MAX)).unwrap_or_default();
        let ahead = apart.saturating_mul(self.burst.saturating_sub(1));
        let paced = self.rested.before(ahead).max(now);
        let free = match self.dials.len() >= self.most {
            true => self.dials.pop_front().map_or(now, |oldest| oldest.after(self.window)),
            false => now,
        };
        let at = paced.max(free);
        self.rested = self.rested.max(at).after(apart);
        self.dials.push_back(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn second(second: u64) -> Moment {
        Moment::at(Duration::from_secs(second))
    }

    /// Row 53: a hundred accounts reconnect at once.
    #[test]
    fn three_at_once_then_one_every_six_seconds() {
        let limit = DialLimit::default();
        let at: Vec<_> =
            (0..7).map(|_| limit.clone().take(second(100)).since(second(100)).as_secs()).collect();
        assert_eq!(at, [0, 0, 0, 6, 12, 18, 24]);
        assert_eq!(limit.take(second(1_000)), second(1_000));
    }

    proptest! {
        #[test]
        fn never_more_than_ten_in_any_minute(steps in prop::collection::vec(0u64..20_000, 1..200)) {
            let limit = DialLimit::default();
            let mut now = Moment::default();
            let mut dials = Vec::new();
            for step in steps {
                now = now.after(Duration::from_millis(step));
                let at = limit.take(now);
                prop_assert!(at >= now);
                dials.push(at);
            }
            prop_assert!(dials.is_sorted());
            for eleven in dials.windows(11) {
                prop_assert!(eleven[10].since(eleven[0]) >= Duration::from_secs(60));
            }
        }
    }
}
