//! Whether the server still answers and speaks.

use std::time::Duration;

use super::time::Moment;

/// How long no heartbeat may arrive, in multiples of the longest interval between two, and its
/// bounds.
const INTERVALS: u32 = 4;
const SILENCE: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(600));

/// When something arrived last on one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Liveness {
    /// Any byte.
    pub(super) heard: Moment,
    /// A message, or a part of one: pongs show that the connection is alive, not the session.
    pub(super) spoke: Moment,
    heartbeat: Option<Moment>,
    /// Something arrived since the last ping.
    pub(super) answered: bool,
}

impl Liveness {
    pub(super) fn new(now: Moment) -> Self {
        Self { heard: now, spoke: now, heartbeat: None, answered: true }
    }

    pub(super) fn heard(&mut self, now: Moment) {
        (self.heard, self.answered) = (now, true);
    }

    pub(super) fn spoke(&mut self, now: Moment) {
        self.heard(now);
        self.spoke = now;
    }

    /// A heartbeat arrived. Returns the interval since the last one.
    pub(super) fn heartbeat(&mut self, now: Moment) -> Option<Duration> {
        self.spoke(now);
        self.heartbeat.replace(now).map(|last| now.since(last))
    }
}

/// The pace of the heartbeats of a stream, over all of its connections.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeartbeatPace {
    longest: Option<Duration>,
    /// How often the deadline was doubled.
    doubled: u32,
    /// How many messages had been delivered when the deadline ended a connection, until a replay
    /// shows whether any were missing.
    pub(super) muted_at: Option<u64>,
}

impl HeartbeatPace {
    pub(super) fn interval(&mut self, interval: Duration) {
        self.longest = self.longest.max(Some(interval));
    }

    /// How long no heartbeat may arrive; none until two were seen.
    pub(super) fn silence(&self) -> Option<Duration> {
        let (least, most) = SILENCE;
        let factor = 2u32.checked_pow(self.doubled).unwrap_or(u32::MAX);
        let silence = self.longest?.saturating_mul(INTERVALS).clamp(least, most);
        Some(silence.saturating_mul(factor).min(most))
    }

    /// A replay is over. If nothing was missing since the deadline ended a connection, it was wrong.
    pub(super) fn replayed(&mut self, delivered: u64) {
        if self.muted_at.take() == Some(delivered) {
            self.doubled = self.doubled.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_deadline_is_four_times_the_longest_interval_within_its_bounds() {
        assert_eq!(HeartbeatPace::default().silence(), None);
        for (interval, silence) in [(1, 15), (5, 20), (90, 360), (300, 600)] {
            let mut pace = HeartbeatPace::default();
            [interval, 1].into_iter().for_each(|interval| pace.interval(seconds(interval)));
            assert_eq!(pace.silence(), Some(seconds(silence)), "every {interval} s");
        }
    }

    #[test]
    fn a_deadline_that_ended_a_good_connection_is_doubled() {
        let mut pace = HeartbeatPace::default();
        pace.interval(seconds(10));
        for (muted_at, silence) in [(None, 40), (Some(7), 80), (Some(6), 80), (Some(7), 160)] {
            pace.muted_at = muted_at;
            pace.replayed(7);
            assert_eq!(pace.silence(), Some(seconds(silence)), "{muted_at:?}");
        }
    }

    #[test]
    fn the_first_heartbeat_of_a_connection_is_no_interval() {
        let at = |second| Moment::at(seconds(second));
        let mut liveness = Liveness::new(at(0));
        assert_eq!([50, 55, 70].map(|beat| liveness.heartbeat(at(beat))), [
            None,
            Some(seconds(5)),
            Some(seconds(15))
        ]);
    }
}
