//! Deadlines.

use super::{ConnectionId, Moment};

/// Every timer of a stream. Those of one moment expire in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
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
    /// The stage of a connection takes too long.
    Stage(ConnectionId),
    /// Nothing arrived on a connection for a while, or a ping is not answered.
    Probe(ConnectionId),
    /// The heartbeats of a connection have stopped.
    Heartbeat(ConnectionId),
}

/// The deadlines of a stream and its connections: the timers that run, the next one first.
#[derive(Debug, Default)]
pub(super) struct Timers(Vec<(Moment, Timer)>);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Moment) {
        self.stop(timer);
        self.0.insert(self.0.partition_point(|other| *other < (at, timer)), (at, timer));
    }

    /// Sets a timer unless it is running.
    pub(super) fn start(&mut self, timer: Timer, at: Moment) {
        if self.get(timer).is_none() {
            self.set(timer, at);
        }
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.0.retain(|(_, other)| *other != timer);
    }

    /// Stops all timers of a connection.
    pub(super) fn stop_all(&mut self, id: ConnectionId) {
        [Timer::Stage(id), Timer::Probe(id), Timer::Heartbeat(id)].into_iter().for_each(|timer| self.stop(timer));
    }

    pub(super) fn get(&self, timer: Timer) -> Option<Moment> {
        self.0.iter().find(|(_, other)| *other == timer).map(|(at, _)| *at)
    }

    /// The earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<Moment> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Stops the first timer that has expired, and returns it.
    pub(super) fn expired(&mut self, now: Moment) -> Option<Timer> {
        self.next_deadline().filter(|next| *next <= now).map(|_| self.0.remove(0).1)
    }
}
