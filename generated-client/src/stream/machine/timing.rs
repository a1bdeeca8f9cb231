//! What has to be done because time has passed, and the flow to the caller.

use std::time::Duration;

use super::attempt::{Attempt, Purpose};
use super::buffer::FULL_FOR;
use super::cause::{Cause, DialFailure};
use super::io::{ConnectionId, Output};
use super::settings::SlowCaller;
use super::statistics::count;
use super::timers::{Timer, TimerTable};
use super::{Flow, Link, StreamMachine};

/// How soon a connection that is overdue is judged again while a ping is unanswered.
const RECHECK: Duration = Duration::from_secs(1);

impl<M> StreamMachine<M> {
    /// Does everything that is due.
    pub(super) fn fire_timers(&mut self) {
        while self.next_deadline().is_some_and(|deadline| deadline <= self.now) {
            if let Some(timer) = self.timers.expired(self.now) {
                self.fire(timer);
            }
            for id in self.links().map(|link| link.id).collect::<Vec<_>>() {
                let now = self.now;
                if let Some(timer) = self.link(id).and_then(|link| link.timers.expired(now)) {
                    self.fire_link(id, timer);
                }
            }
        }
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Redial => self.redial(),
            Timer::Hole => self.wants.replay |= self.has_hole(),
            Timer::Doubt => {
                self.wants.replay = true;
                self.doubted = Some(self.now);
            }
            Timer::Rotation => self.wants.rotation = true,
            Timer::Audit => self.wants.audit = true,
            Timer::Full => self.park(),
            Timer::GiveUp => self.give_up(),
            // The end itself follows; the others are those of connections.
            _ => {}
        }
    }

    fn fire_link(&mut self, id: ConnectionId, timer: Timer) {
        match timer {
            // Nothing is known of a connection from which nothing is read.
            _ if self.buffer.flow == Flow::Full && timer != Timer::Dial => {}
            Timer::Dial => self.end_connection(id, Cause::Dial(DialFailure::TimedOut(None))),
            Timer::Acknowledgement => self.end_connection(id, Cause::AckTimeout),
            Timer::Replay => self.replay_is_slow(id),
            Timer::Ping => self.ping_if_silent(id),
            Timer::Pong => self.end_if_unanswered(id),
            Timer::Heartbeat => self.end_if_mute(id),
            Timer::Linger => self.release_if_drained(),
            // Those of the stream.
            _ => {}
        }
    }

    fn replay_is_slow(&mut self, id: ConnectionId) {
        let (now, limit) = (self.now, self.settings.replay_timeout);
        let Some(link) = self.link(id) else { return };
        if link.reached.is_some_and(|reached| reached.after(limit) <= now) {
            // A second replay in a row stopped where the first one did.
            return self.replay_complete(id);
        }
        let until = link.progress.after(limit);
        if until > now {
            return link.timers.set(Timer::Replay, until);
        }
        let known = link.replay.last.map_or(0, |last| last.number);
        self.given_up_at = Some(link.replay.top.unwrap_or(0).max(known));
        self.end_connection(id, Cause::ReplayStalled);
    }

    fn ping_if_silent(&mut self, id: ConnectionId) {
        let (now, after) = (self.now, self.settings.ping_after);
        let Some(link) = self.link(id) else { return };
        match link.liveness.heard.after(after) {
            until if until > now => link.timers.set(Timer::Ping, until),
            _ => self.ping(id),
        }
    }

    fn ping(&mut self, id: ConnectionId) {
        let (now, settings) = (self.now, self.settings.clone());
        let Some(link) = self.link(id) else { return };
        link.pinged(now, &settings);
        count(&mut self.statistics.pings);
        self.out.push_back(Output::Ping { connection: id });
    }

    fn end_if_unanswered(&mut self, id: ConnectionId) {
        let after = self.settings.ping_after;
        let Some(link) = self.link(id) else { return };
        match link.liveness.answered {
            true => link.timers.set(Timer::Ping, link.liveness.heard.after(after)),
            false => self.end_connection(id, Cause::NoPong),
        }
    }

    fn end_if_mute(&mut self, id: ConnectionId) {
        let (now, silence, delivered) = (self.now, self.pace.silence(), self.numbering.delivered);
        let (Some(link), Some(silence)) = (self.link(id), silence) else { return };
        let until = link.liveness.spoke.after(silence);
        if until > now {
            return link.timers.set(Timer::Heartbeat, until);
        }
        // Where nothing arrives at all, it is not the heartbeats that are missing.
        match link.timers.get(Timer::Pong).filter(|_| !link.liveness.answered) {
            Some(pong) => link.timers.set(Timer::Heartbeat, pong.min(now.after(RECHECK))),
            None => {
                self.pace.muted_at = Some(delivered);
                self.end_connection(id, Cause::Mute);
            }
        }
    }

    /// The process was suspended: nothing is known, and the server is probed at once.
    pub(super) fn wake(&mut self) {
        if self.buffer.flow != Flow::Open {
            return;
        }
        self.restart_links();
        let next = self.next_link().filter(|link| link.is_open());
        let open: Vec<_> = self.current.iter().chain(next).map(|link| link.id).collect();
        open.into_iter().for_each(|id| self.ping(id));
    }

    /// Starts the timers of all connections anew.
    fn restart_links(&mut self) {
        let (now, settings, pace) = (self.now, &self.settings, &self.pace);
        let next = self.next.as_mut().and_then(Attempt::link_mut);
        self.current.iter_mut().chain(next).for_each(|link| link.restart(now, settings, pace));
        if let Some(leaving) = &mut self.leaving {
            leaving.progress = now;
            leaving.timers.set(Timer::Linger, now);
        }
    }

    /// Follows the caller's buffer: stops reading where it is full, and goes on where there is room.
    pub(super) fn adjust_flow(&mut self) {
        let flow = self.buffer.next_flow(&self.settings);
        let before = std::mem::replace(&mut self.buffer.flow, flow);
        match (before, flow) {
            (Flow::Open, Flow::Full) => {
                let next = self.next.as_mut().and_then(Attempt::link_mut);
                let links = self.current.iter_mut().chain(next).chain(&mut self.leaving);
                links.filter(|link| link.is_open()).for_each(|link| link.timers = TimerTable::default());
                self.read(false);
                if self.settings.slow_caller == SlowCaller::Park {
                    self.timers.set(Timer::Full, self.now.after(FULL_FOR));
                }
            }
            (Flow::Full, Flow::Open) => {
                self.timers.stop(Timer::Full);
                self.restart_links();
                self.read(true);
            }
            (Flow::Parked, Flow::Open) => {
                self.watch_elapsed();
                self.attempt(Purpose::Connect, Duration::ZERO);
                self.fire_timers();
            }
            _ => {}
        }
    }

    fn read(&mut self, on: bool) {
        let open: Vec<_> = self.links().filter(|link| link.is_open()).map(|link: &Link<M>| link.id).collect();
        self.out.extend(open.into_iter().map(|connection| Output::Read { connection, on }));
    }
}
