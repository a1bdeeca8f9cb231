//! Whether the server is still there.

use std::time::Duration;

use super::settings::Settings;
use super::time::Moment;

/// How many of the last intervals between heartbeats tell their pace.
const INTERVALS: usize = 4;

/// What is known of the life of one connection.
#[derive(Debug)]
pub(super) struct Liveness {
    /// When the last byte came, of whatever kind.
    heard: Moment,
    /// When the last message came: pongs keep the connection alive, not the session.
    said: Moment,
    /// When the first ping was sent that nothing has come after.
    ping: Option<Moment>,
    heartbeat: Option<Moment>,
    intervals: [Option<Duration>; INTERVALS],
    at: usize,
}

/// What has to be done about a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Send a ping.
    Ping,
    /// Nothing came after a ping: dead.
    NoPong,
    /// Something comes, but no message: mute.
    Mute,
}

impl Liveness {
    pub(super) fn new(now: Moment) -> Self {
        Self { heard: now, said: now, ping: None, heartbeat: None, intervals: [None; INTERVALS], at: 0 }
    }

    /// Any byte came.
    pub(super) fn heard(&mut self, now: Moment) {
        self.heard = now;
        self.ping = None;
    }

    /// A message came.
    pub(super) fn said(&mut self, now: Moment) {
        self.heard(now);
        self.said = now;
    }

    /// A heartbeat came.
    pub(super) fn heartbeat(&mut self, now: Moment) {
        self.said(now);
        let interval = self.heartbeat.replace(now).map(|last| now.since(last));
        if interval.is_some()
            && let Some(place) = self.intervals.get_mut(self.at)
        {
            *place = interval;
            self.at = self.at.saturating_add(1).checked_rem(INTERVALS).unwrap_or_default();
        }
    }

    /// Nothing could be seen until now: reading was stopped, or the process suspended. What is known
    /// starts anew.
    pub(super) fn restart(&mut self, now: Moment) {
        self.said(now);
        self.heartbeat = None;
    }

    /// A ping goes out now. If an earlier one is unanswered, it is still that one that counts.
    pub(super) fn pinged(&mut self, now: Moment) {
        self.ping.get_or_insert(now);
    }

    /// When something has to be done if nothing comes until then, and what.
    pub(super) fn due(&self, settings: &Settings) -> (Moment, Due) {
        let probe = match self.ping {
            Some(sent) => (sent.after(settings.pong_timeout), Due::NoPong),
            None => (self.heard.after(settings.ping_after), Due::Ping),
        };
        let mute = self.said.after(self.longest_silence(settings));
        // Where nothing at all has come, it is not the messages that are missing.
        let what = if self.ping.is_some() && self.heard == self.said { Due::NoPong } else { Due::Mute };
        if mute < probe.0 { (mute, what) } else { probe }
    }

    /// The slowest of the last intervals counts: heartbeats that were delayed come in bunches.
    fn longest_silence(&self, settings: &Settings) -> Duration {
        let (least, most) = settings.heartbeat_bounds;
        match self.intervals.iter().flatten().max() {
            Some(pace) => pace.saturating_mul(settings.heartbeat_multiple).min(most).max(least),
            None => settings.heartbeat_unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: u64) -> Moment {
        Moment::at(Duration::from_secs(second))
    }

    #[test]
    fn the_pace_of_heartbeats_is_learned_within_its_bounds() {
        let settings = Settings::default();
        for (pace, silence) in [(1, 15), (5, 20), (10, 40), (100, 120)] {
            let mut liveness = Liveness::new(second(0));
            assert_eq!(liveness.longest_silence(&settings), Duration::from_secs(60));
            for beat in 1..10 {
                liveness.heartbeat(second(beat * pace));
            }
            assert_eq!(liveness.longest_silence(&settings), Duration::from_secs(silence), "every {pace} s");
        }
    }

    #[test]
    fn a_dead_connection_is_noticed_within_25_s() {
        let settings = Settings::default();
        let mut liveness = Liveness::new(second(0));
        assert_eq!(liveness.due(&settings), (second(15), Due::Ping));
        liveness.pinged(second(15));
        assert_eq!(liveness.due(&settings), (second(25), Due::NoPong));
    }

    #[test]
    fn a_server_that_answers_nothing_is_dead_and_not_mute() {
        let settings = Settings::default();
        let mut liveness = Liveness::new(second(0));
        for beat in [5, 10] {
            liveness.heartbeat(second(beat));
        }
        assert_eq!(liveness.due(&settings), (second(25), Due::Ping));
        liveness.pinged(second(25));
        assert_eq!(liveness.due(&settings), (second(30), Due::NoPong));
        liveness.heard(second(26));
        assert_eq!(liveness.due(&settings), (second(30), Due::Mute));
    }

    #[test]
    fn pongs_do_not_hide_that_no_message_comes() {
        let settings = Settings::default();
        let mut liveness = Liveness::new(second(0));
        for pong in [15, 30, 45, 50] {
            liveness.heard(second(pong));
        }
        assert_eq!(liveness.due(&settings), (second(60), Due::Mute));
    }
}
