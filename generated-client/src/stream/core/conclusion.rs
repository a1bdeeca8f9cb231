//! The end of a replay: what it showed, and the change of connections.

use super::Core;
use super::attempt::{Attempt, Purpose, Step};
use super::cause::Cause;
use super::event::{Connection, Event};
use super::held::Item;
use super::input::ConnectionId;
use super::link::{Barrier, Link, Stage};
use super::output::Output;
use super::sequencer::{Delivery, count};

impl<M> Core<M> {
    pub(super) fn replay_complete(&mut self, id: ConnectionId) {
        let Some(link) = self.next.as_mut().and_then(Attempt::link_mut).filter(|link| link.id == id) else {
            return;
        };
        if !matches!(link.stage, Stage::Replaying(_)) || link.barrier.is_some() {
            return;
        }
        if link.sheds {
            return self.take_over(Vec::new());
        }
        let Some(differs) = link.replay.end() else {
            if self.is_outdated(id) {
                return self.end_connection(id, Cause::NumbersBeganAnew);
            }
            self.settle();
            return self.take_over(Vec::new());
        };
        link.barrier = Some(Barrier::new(differs));
        match self.current.as_ref().map(|current| current.id) {
            // It may still bring messages of the old numbers.
            Some(current) => self.ping(current),
            None => self.pass_barrier(),
        }
    }

    /// Nothing more is to be expected of the old connection: if the replay had new numbers, they begin.
    pub(super) fn pass_barrier(&mut self) {
        let Some(link) = self.next.as_mut().and_then(Attempt::link_mut) else { return };
        let Some(Barrier { replay, after, forgotten, .. }) = link.barrier.take() else { return };
        let (id, first) = (link.id, link.replay.first);
        let came = |sequence| after.iter().any(|item| item.mark.sequence == sequence);
        let shed = self.shed.map(|(_, high)| high).filter(|high| !came(*high));
        link.seen = link.seen.max(shed);
        if let Some(first) = first {
            link.seen = None;
            let top = after.iter().map(|item| item.mark.sequence).max().max(link.replay.top);
            let explained = self.dubious.is_none_or(|dubious| replay.iter().any(|item| item.mark == dubious));
            let lossless = explained && self.is_lossless(first.sequence, top);
            if forgotten {
                // Nobody can say of which numbers it is.
                self.sequencer.drop_held();
            }
            self.sequencer.begin_epoch(lossless, &replay, first.sequence, &self.settings);
            count(&mut self.statistics.epochs);
        }
        if forgotten {
            // Too many to be kept until now. The next replay is taken as the beginning of the new
            // numbers; what is live has to wait for it.
            self.flush();
            if let Some(current) = &mut self.current {
                current.sheds = true;
            }
            return self.end_connection(id, Cause::NumbersBeganAnew);
        }
        for item in replay {
            self.sequencer.replayed(item, self.now, &self.settings, &mut self.statistics);
        }
        self.settle();
        self.take_over(after);
    }

    /// Whether nothing can have been missed when the numbers begin anew.
    fn is_lossless(&self, first: u64, top: Option<u64>) -> bool {
        // New numbers that begin late may have begun earlier.
        let begins = first <= 1 || self.sequencer.holes.by_design();
        let whole = begins && self.sequencer.held().is_empty() && !self.lag.is_lagging();
        match &self.current {
            None => false,
            Some(current) if current.sheds => {
                let replayed = |(low, high)| first <= low && top >= Some(high);
                whole && self.shed.is_none_or(replayed)
            }
            Some(_) => whole,
        }
    }

    /// A replay is empty that was asked for before the first message, and that one has come since, on
    /// another connection that does not have all. So it tells neither that something is missing nor
    /// that nothing is; one that is asked for now does.
    fn is_outdated(&self, id: ConnectionId) -> bool {
        let link = self.next_link().filter(|link| link.id == id);
        let is_empty = link.is_some_and(|link| link.replay.first.is_none());
        is_empty && self.sequencer.epoch.watermark.is_some() && !self.is_whole()
    }

    /// Whether a connection has brought everything since its replay.
    fn is_whole(&self) -> bool {
        self.current.as_ref().is_some_and(|current| !current.sheds)
    }

    /// The replay is the truth: what is not in it does not come.
    fn settle(&mut self) {
        let Some(link) = self.next.as_ref().and_then(Attempt::link) else { return };
        let (top, seen, lowest) = (link.replay.top, link.seen, link.replay.lowest);
        let mut unproven = false;
        match lowest {
            Some(lowest) => {
                self.sequencer.settle(top, Some(self.now), &self.settings);
                self.sequencer.drop_held();
                self.sequencer.epoch.begins_with(lowest);
            }
            // Without messages it proves nothing: the day may have ended, with messages that nobody has
            // seen. The old numbers are kept; the next message will show whether they go on.
            None => {
                self.sequencer.settle(seen, None, &self.settings);
                unproven = !self.is_whole() && self.sequencer.epoch.watermark.is_some();
            }
        }
        if unproven || seen > self.sequencer.epoch.watermark {
            self.sequencer.not_replayed();
        }
        self.flush();
    }

    /// The next connection becomes the current one. `after`: what has come on it since its replay.
    pub(super) fn take_over(&mut self, after: Vec<Item<M>>) {
        let Some(Attempt { purpose, step: Step::Link(mut link) }) = self.next.take() else { return };
        link.stage = Stage::Live(self.now);
        let complete = !link.sheds;
        if let Some(old) = self.current.replace(*link) {
            self.out.push(Output::Close { connection: old.id });
        }
        self.trouble.live();
        match purpose {
            Purpose::Connect => self.say_caught_up(),
            Purpose::Rotate => {
                count(&mut self.statistics.rotations);
                self.say(Connection::Rotated);
            }
            Purpose::Recover => count(&mut self.statistics.recoveries),
        }
        if complete {
            (self.shed, self.dubious) = (None, None);
            if let Some(lost) = self.lag.caught_up() {
                self.deliver(Delivery::of(Event::Recovered { lost }));
            }
        }
        for item in after {
            self.live(item);
        }
        self.flush();
        self.hole = None;
        self.watch_hole();
    }

    fn say_caught_up(&mut self) {
        if self.is_whole() {
            self.deliver(Delivery::of(Event::CaughtUp));
        }
    }
}

impl<M> Link<M> {
    /// Messages and bytes that wait because nothing agreed with what is known.
    pub(super) fn waiting(&self) -> (usize, usize) {
        match &self.barrier {
            Some(barrier) => (barrier.replay.len().saturating_add(barrier.after.len()), barrier.bytes),
            None => self.replay.waiting(),
        }
    }
}
