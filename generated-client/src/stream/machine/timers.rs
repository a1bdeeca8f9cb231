//! Deadlines.

use super::time::Moment;

/// Every timer of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// Of a connection: the dial takes too long.
    Dial,
    /// Of a connection: the subscription is not acknowledged.
    Acknowledgement,
    /// Of a connection: the replay makes no progress.
    Replay,
    /// Of a connection: nothing arrived for a while, so the server is pinged.
    Ping,
    /// Of a connection: the ping is not answered.
    Pong,
    /// Of a connection: the heartbeats have stopped.
    Heartbeat,
    /// Of a connection that was replaced: everything that was under way on it has arrived.
    Linger,
    /// The wait before the next attempt is over.
    Redial,
    /// A number is missing.
    Hole,
    /// Only a replay can tell whether the numbering is the known one.
    Doubt,
    /// The token of the connection is about to expire.
    Rotation,
    /// There was no replay for a while.
    Audit,
    /// The buffer has been full for too long.
    Full,
    /// The stream was not live for too long.
    GiveUp,
    /// Closing takes too long.
    Close,
}

/// The number of timers.
const TIMERS: usize = Timer::Close as usize + 1;

/// The deadlines of a stream, or of one of its connections.
#[derive(Clone, Debug, Default)]
pub(super) struct TimerTable {
    deadlines: [Option<Moment>; TIMERS],
    next: Option<Moment>,
}

impl TimerTable {
    pub(super) fn set(&mut self, timer: Timer, at: Moment) {
        self.put(timer, Some(at));
    }

    /// Sets a timer unless it is running.
    pub(super) fn start(&mut self, timer: Timer, at: Moment) {
        if self.get(timer).is_none() {
            self.set(timer, at);
        }
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.put(timer, None);
    }

    pub(super) fn get(&self, timer: Timer) -> Option<Moment> {
        self.deadlines.get(timer as usize).copied().flatten()
    }

    fn put(&mut self, timer: Timer, at: Option<Moment>) {
        if let Some(deadline) = self.deadlines.get_mut(timer as usize) {
            *deadline = at;
            self.next = self.deadlines.iter().flatten().min().copied();
        }
    }

    /// The earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.next
    }

    /// Stops a timer that has expired, and returns it. Those of one moment come in the order of the
    /// enum.
    pub(super) fn expired(&mut self, now: Moment) -> Option<Timer> {
        if self.next.is_none_or(|next| next > now) {
            return None;
        }
        let timer = ALL.into_iter().find(|timer| self.get(*timer) == self.next)?;
        self.stop(timer);
        Some(timer)
    }
}

const ALL: [Timer; TIMERS] = [
    Timer::Dial,
    Timer::Acknowledgement,
    Timer::Replay,
    Timer::Ping,
    Timer::Pong,
    Timer::Heartbeat,
    Timer::Linger,
    Timer::Redial,
    Timer::Hole,
    Timer::Doubt,
    Timer::Rotation,
    Timer::Audit,
    Timer::Full,
    Timer::GiveUp,
    Timer::Close,
];
