//! What has to be done because time has passed.

use super::Core;
use super::attempt::{Attempt, Purpose, Step};
use super::cause::{Cause, DialFailure, Failure};
use super::epoch::Epoch;
use super::event::Event;
use super::input::ConnectionId;
use super::lag::Change;
use super::link::{Link, Stage};
use super::liveness::Due;
use super::output::Output;
use super::replay::Replay;
use super::sequencer::{Delivery, count};
use super::time::Moment;

impl<M> Core<M> {
    /// Does everything that is due, and notes what is due next.
    pub(super) fn timers(&mut self) {
        if self.ended.is_running() {
            self.lag_due();
        }
        self.deadline = self.earliest();
        if self.deadline.is_some_and(|at| at <= self.now) {
            self.all_due();
            self.deadline = self.earliest();
        }
        if self.ended.finishes(self.now) {
            self.out.push(Output::Finished);
            self.deadline = None;
        }
    }

    fn all_due(&mut self) {
        self.attempt_due();
        for id in self.links().map(|link| link.id).collect::<Vec<_>>() {
            self.link_due(id);
        }
        self.current_due();
        if self.gives_up().is_some_and(|at| at <= self.now) {
            self.fail(Failure::GaveUp);
        }
    }

    /// When the first of them is due.
    fn earliest(&self) -> Option<Moment> {
        if !self.ended.is_running() {
            return self.ended.due();
        }
        let attempt = match self.next.as_ref().map(|attempt| &attempt.step) {
            Some(Step::Wait(until) | Step::Permit(until)) => Some(*until),
            _ => None,
        };
        let links = self.links().filter_map(|link| self.link_deadline(link)).min();
        let due = [
            self.lag.due(&self.settings),
            attempt,
            links,
            self.rotation_due(),
            self.recovery_due(),
            self.forgotten_due(),
            self.gives_up(),
        ];
        due.into_iter().flatten().min()
    }

    fn links(&self) -> impl Iterator<Item = &Link<M>> {
        self.current.iter().chain(self.next_link())
    }

    fn lag_due(&mut self) {
        let on = match self.lag.change(self.now, &self.settings) {
            None => return,
            Some(Change::Fail) => return self.fail(Failure::SlowCaller),
            Some(Change::Drained) => return,
            Some(Change::Full) => false,
            Some(Change::Room) => true,
            Some(Change::Shed(begins)) => {
                if begins {
                    self.deliver(Delivery::of(Event::Lagging));
                }
                self.shed_all();
                true
            }
        };
        let (now, settings) = (self.now, &self.settings);
        for link in self.current.iter_mut().chain(self.next.as_mut().and_then(Attempt::link_mut)) {
            if on {
                link.restart(now, settings);
            }
            if !matches!(link.stage, Stage::Dialing(_)) {
                self.out.push(Output::Read { connection: link.id, on });
            }
        }
    }

    /// What is numbered is not taken from any connection that is subscribed by now.
    fn shed_all(&mut self) {
        if let Some(current) = &mut self.current {
            current.sheds = true;
        }
        if let Some(next) = self.next.as_mut().and_then(Attempt::link_mut).filter(|next| next.is_subscribed())
        {
            next.sheds = true;
            // Nothing of its replay will be wanted.
            next.replay = Replay::new(&Epoch::default());
            if next.barrier.take().is_some() {
                self.take_over(Vec::new());
            }
        }
    }

    fn attempt_due(&mut self) {
        match self.next.as_ref().map(|attempt| &attempt.step) {
            Some(Step::Wait(until)) if *until <= self.now => self.fetch_token(),
            Some(Step::Permit(at)) if *at <= self.now => self.dial(),
            _ => {}
        }
    }

    fn link_due(&mut self, id: ConnectionId) {
        let now = self.now;
        let Some(link) = self.links().find(|link| link.id == id) else { return };
        if self.link_deadline(link).is_none_or(|at| at > now) {
            return;
        }
        if link.stage_due().is_some_and(|at| at <= now) {
            let cause = match link.stage {
                Stage::Dialing(_) => Cause::Dial(DialFailure::TimedOut(None)),
                Stage::Subscribing(_) => Cause::AckTimeout,
                Stage::Replaying(_) | Stage::Live(_) => Cause::ReplayStalled,
            };
            return self.end_connection(id, cause);
        }
        match link.liveness_due(&self.settings) {
            Some((_, Due::Ping)) => self.ping(id),
            Some((_, Due::NoPong)) => self.end_connection(id, Cause::NoPong),
            Some((_, Due::Mute)) => self.end_connection(id, Cause::Mute),
            None => {}
        }
    }

    /// When something has to be done about a connection. While nothing is read from it, nothing can
    /// be said about it.
    fn link_deadline(&self, link: &Link<M>) -> Option<Moment> {
        if self.lag.is_paused() && !matches!(link.stage, Stage::Dialing(_)) {
            return None;
        }
        let liveness = link.liveness_due(&self.settings).map(|(at, _)| at);
        liveness.into_iter().chain(link.stage_due()).min()
    }

    pub(super) fn ping(&mut self, id: ConnectionId) {
        let now = self.now;
        if let Some(link) = self.link(id) {
            link.liveness.pinged(now);
            count(&mut self.statistics.pings);
            self.out.push(Output::Ping { connection: id });
        }
    }

    fn current_due(&mut self) {
        let due = |at: Option<Moment>| at.is_some_and(|at| at <= self.now);
        if due(self.forgotten_due()) {
            self.trouble.forget();
        } else if due(self.rotation_due()) {
            self.replace(Purpose::Rotate);
        } else if due(self.recovery_due()) {
            self.replace(Purpose::Recover);
        }
    }

    /// The current connection, if no other one is being made and one could be.
    fn replaceable(&self) -> Option<&Link<M>> {
        let free = self.next.is_none() && !self.lag.is_paused();
        self.current.as_ref().filter(|_| free)
    }

    fn rotation_due(&self) -> Option<Moment> {
        self.replaceable()?.rotate
    }

    /// When to look for what is missing.
    fn recovery_due(&self) -> Option<Moment> {
        let current = self.replaceable()?;
        match current.sheds {
            true if self.lag.is_shedding() => None,
            true => Some(self.now),
            false => self.hole.map(|(_, at)| at),
        }
    }

    /// When earlier failures are forgotten.
    fn forgotten_due(&self) -> Option<Moment> {
        match self.current.as_ref()?.stage {
            Stage::Live(since) if self.trouble.has_any() => Some(since.after(self.settings.attempts_reset)),
            _ => None,
        }
    }

    fn gives_up(&self) -> Option<Moment> {
        Some(self.trouble.since?.after(self.settings.max_elapsed?))
    }

    /// The process was suspended: nothing is known, and the server is asked at once.
    pub(super) fn woken(&mut self) {
        if self.lag.is_paused() {
            return;
        }
        for id in self.links().map(|link| link.id).collect::<Vec<_>>() {
            let (now, settings) = (self.now, self.settings.clone());
            let Some(link) = self.link(id) else { continue };
            link.restart(now, &settings);
            if !matches!(link.stage, Stage::Dialing(_)) {
                self.ping(id);
            }
        }
    }
}
