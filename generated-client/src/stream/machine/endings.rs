//! What follows when a connection ends, and the end of the stream.

use std::time::Duration;

use super::attempt::{Attempt, Purpose, Step};
use super::cause::{Cause, Closed, Failure};
use super::event::{Connection, Event};
use super::io::{Command, ConnectionId, Notice, Output};
use super::link::LinkStage;
use super::statistics::count;
use super::timers::Timer;
use super::{Flow, StreamMachine, TimerTable};

/// Whether and how the stream has ended.
#[derive(Debug)]
pub(super) enum Ended {
    Not,
    Closed(Ending),
    Failed(Ending),
}

/// The connections that are being closed.
#[derive(Debug)]
pub(super) struct Ending {
    open: Vec<ConnectionId>,
    finished: bool,
}

impl Ended {
    pub(super) fn is_running(&self) -> bool {
        matches!(self, Self::Not)
    }

    fn ending(&mut self) -> Option<&mut Ending> {
        match self {
            Self::Not => None,
            Self::Closed(ending) | Self::Failed(ending) => Some(ending),
        }
    }
}

impl<M> StreamMachine<M> {
    pub(super) fn command(&mut self, command: Command) {
        let current = self.current.as_ref().map(|current| current.id);
        match command {
            Command::Close => self.end(Event::Closed, Ended::Closed),
            Command::ReconnectNow => match (current, &self.next) {
                (Some(current), _) => self.end_connection(current, Cause::Asked),
                (None, Some(Attempt { step: Step::Wait, .. })) => self.timers.set(Timer::Redial, self.now),
                (None, _) => {}
            },
            Command::RotateNow => self.wants.rotation |= current.is_some() && self.next.is_none(),
        }
    }

    /// A connection was closed from outside.
    pub(super) fn closed(&mut self, id: ConnectionId, how: Closed) {
        if let Some(ending) = self.ended.ending() {
            return ending.open.retain(|open| *open != id);
        }
        let Some(link) = self.link(id) else { return };
        // The server closes with the same code for all its reasons, so the notice before it counts.
        let cause = match (link.notice.take(), how) {
            (_, Closed::TooLarge | Closed::WriteTimeout | Closed::Protocol) => Cause::Closed(how),
            (Some(Notice::AuthExpired), _) => Cause::AuthExpired,
            (Some(Notice::Idle), _) => Cause::Idle,
            (Some(Notice::Other(words)), _) => Cause::Notice(words),
            (None, _) => Cause::Closed(how),
        };
        self.connection_lost(id, cause);
    }

    /// Closes a connection.
    pub(super) fn end_connection(&mut self, id: ConnectionId, cause: Cause) {
        if self.link(id).is_some() {
            self.out.push_back(Output::Close { connection: id });
            self.connection_lost(id, cause);
        }
    }

    /// A connection is no more.
    pub(super) fn connection_lost(&mut self, id: ConnectionId, cause: Cause) {
        if let Some(current) = self.current.take_if(|current| current.id == id) {
            if let LinkStage::Live(since) = current.stage {
                self.history.live_ended(since, self.now, &cause);
            }
            for timer in [Timer::Hole, Timer::Doubt, Timer::Rotation, Timer::Audit] {
                self.timers.stop(timer);
            }
            self.wants = super::Wants::default();
            if std::mem::take(&mut self.is_doubting) {
                // The replay that was to tell is not the one that comes now.
                self.dropped = self.dropped.max(self.held.highest());
                self.held.clear();
            }
            self.watch_elapsed();
            count(&mut self.statistics.disconnects);
            self.renewal = self.renewal.after(&cause);
            self.say(Connection::Disconnected(cause.clone()));
            match &mut self.next {
                Some(_) => self.next_is_only(),
                None => self.retry(cause, Duration::ZERO),
            }
        } else if self.next_link().is_some_and(|link| link.id == id) {
            let was_open = self.next_link().is_some_and(|link| link.is_open());
            if self.current.is_none() && was_open {
                count(&mut self.statistics.disconnects);
                self.say(Connection::Disconnected(cause.clone()));
            }
            self.retry(cause, Duration::ZERO);
        } else {
            self.leaving.take_if(|leaving| leaving.id == id);
        }
    }

    /// The current connection is lost while the next one is being made.
    fn next_is_only(&mut self) {
        let Some(attempt) = &mut self.next else { return };
        attempt.purpose = Purpose::Connect;
        let Some(link) = attempt.link_mut() else { return };
        link.replay.away = true;
        let (is_open, is_subscribed) = (link.is_open(), link.is_subscribed());
        if is_open {
            self.say(Connection::Connected);
        }
        if is_subscribed {
            self.say(Connection::Subscribed);
        }
    }

    /// An attempt has failed, or the only connection has ended: tries again after a wait of at least
    /// `least`.
    pub(super) fn retry(&mut self, cause: Cause, least: Duration) {
        let is_second = self.current.is_some();
        let purpose = self.next.take().map_or(Purpose::Connect, |attempt| attempt.purpose);
        self.renewal = self.renewal.after(&cause);
        if let Some(failure) = self.history.failed(&cause, is_second, self.now, &self.settings) {
            return self.end(Event::Failed(failure), Ended::Failed);
        }
        if is_second && purpose == Purpose::Audit {
            return self.timers.set(Timer::Audit, self.now.after(self.settings.audit_interval));
        }
        if is_second && self.history.is_single() {
            // From now on the old connection is closed first.
            self.wants.replay |= purpose == Purpose::Recover;
            return self.schedule_rotation();
        }
        if is_second {
            // What is live is not kept back for an attempt that may take long.
            self.trust();
        }
        let delay = self.history.delay(&cause, &self.settings, &mut self.rng).max(least);
        self.attempt(if is_second { purpose } else { Purpose::Connect }, delay);
        if !is_second {
            self.say(Connection::Retrying { delay, cause });
        }
    }

    /// The stream is not live from now on.
    pub(super) fn watch_elapsed(&mut self) {
        if let Some(limit) = self.settings.max_elapsed {
            self.timers.start(Timer::GiveUp, self.now.after(limit));
        }
    }

    pub(super) fn give_up(&mut self) {
        self.end(Event::Failed(Failure::GaveUp), Ended::Failed);
    }

    /// The caller has been too slow for too long: there is no connection until it has caught up.
    pub(super) fn park(&mut self) {
        self.buffer.flow = Flow::Parked;
        if !std::mem::replace(&mut self.buffer.lagging, true) {
            self.deliver(Event::Lagging);
        }
        self.close_all();
    }

    /// Closes all connections; returns them.
    fn close_all(&mut self) -> Vec<ConnectionId> {
        let open: Vec<_> = self.links().map(|link| link.id).collect();
        self.out.extend(open.iter().map(|connection| Output::Close { connection: *connection }));
        (self.current, self.next, self.leaving) = (None, None, None);
        self.timers = TimerTable::default();
        self.wants = super::Wants::default();
        open
    }

    fn end(&mut self, event: Event<M>, ended: fn(Ending) -> Ended) {
        if !self.ended.is_running() {
            return;
        }
        let open = self.close_all();
        self.deliver(event);
        self.timers.set(Timer::Close, self.now.after(self.settings.close_timeout));
        self.ended = ended(Ending { open, finished: false });
    }

    /// Finishes once nothing is open any more, or closing takes too long.
    pub(super) fn finish(&mut self) {
        let is_over = self.timers.get(Timer::Close).is_none();
        if let Some(ending) = self.ended.ending()
            && !ending.finished
            && (is_over || ending.open.is_empty())
        {
            ending.finished = true;
            self.timers = TimerTable::default();
            self.out.push_back(Output::Finished);
        }
    }
}
