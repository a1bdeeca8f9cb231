//! What a replay shows, its end, and the change of connections.

use std::time::Duration;

use super::attempt::{Attempt, Purpose, Step};
use super::cause::Cause;
use super::event::{Connection, Event, GapReason};
use super::held::Item;
use super::io::{ConnectionId, Output};
use super::link::{Link, LinkStage};
use super::numbering::{Class, Source, Verdict, verdict};
use super::statistics::count;
use super::timers::{Timer, TimerTable};
use super::{HOLD, HeartbeatNumbers, LINGER, StreamMachine};

/// How long a replay that does not contain the last delivered message is not asked for again: a copy
/// that is behind may catch up.
const ASK_AGAIN: Duration = Duration::from_secs(2);

impl<M> StreamMachine<M> {
    /// A numbered message of a replay.
    pub(super) fn replayed<R: Into<M>>(&mut self, id: ConnectionId, item: Item<R>) {
        let number = item.id.number;
        let Some(replay) = self.replay_mut(id) else { return };
        let descends = replay.top.is_some_and(|top| number <= top);
        replay.count(number);
        if let Some(last) = replay.last.filter(|_| !replay.proven) {
            if number > last.number {
                if !self.is_accepted(id) {
                    return;
                }
            } else if item.id == last {
                self.prove(id);
            } else if let Some(replay) = replay_of(&mut self.next, id) {
                replay.compare(item.id, &self.numbering);
            }
        }
        let class = self.numbering.classify(item.id, Source::Replay);
        let Some(replay) = replay_of(&mut self.next, id) else { return };
        match class {
            Class::Next => self.give(item.keep()),
            // What the first replay of a numbering lacks was never promised.
            Class::Ahead if replay.last.is_none() => self.give(item.keep()),
            // The live connection may still bring the ones before it.
            Class::Ahead if !replay.away && !self.held.is_full(item.size, self.settings.hold_messages) => {
                self.held.insert(item.keep());
            }
            Class::Ahead => {
                self.settle_held(number);
                self.pass_to(number);
                self.give(item.keep());
            }
            // Perhaps a day has begun within the replay. If the next one has the same, it means what it says.
            Class::Different if replay.proven && descends && self.suspect.replace(item.id) != Some(item.id) => {
                return self.leave_replay(id);
            }
            Class::Missing | Class::Different | Class::BeginsAnew => match replay.proven {
                true => self.give_late(item.keep()),
                false => replay.keep(item.keep(), self.settings.hold_messages),
            },
            Class::Same | Class::Forgotten => count(&mut self.statistics.duplicates),
        }
        self.release_held();
    }

    /// Reports what is missing before `number`, if anything is.
    fn pass_to(&mut self, number: u64) {
        let missing = self.numbering.watermark.is_some_and(|watermark| number.saturating_sub(watermark) > 1);
        if missing && !self.numbering.is_sparse() {
            self.pass(number);
        }
    }

    fn replay_mut(&mut self, id: ConnectionId) -> Option<&mut super::replay::Replay<M>> {
        replay_of(&mut self.next, id)
    }

    /// Whether a replay belongs to the known numbering, as far as can be told now. If not, its connection
    /// is no more.
    fn is_accepted(&mut self, id: ConnectionId) -> bool {
        let second = self.asked_again;
        let Some(replay) = self.replay_mut(id) else { return false };
        let away = replay.away;
        // The first replay of a numbering has nothing to prove.
        let Some(facts) = replay.facts(second) else { return true };
        match verdict(facts) {
            Verdict::Proven | Verdict::GoesOn => {}
            Verdict::Empty if away => self.report_gap(self.numbering.watermark, None, GapReason::NotInReplay),
            Verdict::Empty => {}
            Verdict::NewNumbering => {
                self.renumber();
                return false;
            }
            Verdict::AskAgain => {
                self.ask_again(id);
                return false;
            }
        }
        self.prove(id);
        true
    }

    /// A replay belongs to the known numbering.
    fn prove(&mut self, id: ConnectionId) {
        self.asked_again = false;
        let Some(replay) = self.replay_mut(id) else { return };
        replay.proven = true;
        let mut late = std::mem::take(&mut replay.late);
        self.is_doubting &= replay.doubted;
        late.sort_by_key(|item| item.id.number);
        for item in late {
            if matches!(self.numbering.classify(item.id, Source::Replay), Class::Missing | Class::Different) {
                self.give_late(item);
            }
        }
    }

    /// The replay is of a new numbering, and has to be read from its start.
    fn renumber(&mut self) {
        self.begin_numbering(false);
        self.asked_again = false;
        let next = self.next_link().map(|link| link.id);
        match (self.current.as_ref().map(|current| current.id), next) {
            (Some(current), Some(next)) => {
                self.out.push_back(Output::Close { connection: next });
                self.next = None;
                self.end_connection(current, Cause::NumbersBeganAnew);
            }
            (None, Some(next)) => self.end_connection(next, Cause::NumbersBeganAnew),
            (_, None) => {}
        }
    }

    fn ask_again(&mut self, id: ConnectionId) {
        self.asked_again = true;
        self.leave_replay(id);
    }

    /// Nothing can be said of a replay; another one is asked for.
    fn leave_replay(&mut self, id: ConnectionId) {
        if self.current.is_none() {
            return self.end_connection(id, Cause::ReplayBehind);
        }
        self.out.push_back(Output::Close { connection: id });
        self.next = None;
        self.timers.set(Timer::Doubt, self.now.after(ASK_AGAIN));
    }

    /// Nothing more of the replay follows.
    pub(super) fn replay_complete(&mut self, id: ConnectionId) {
        let is_replaying = |link: &&Link<M>| link.id == id && link.stage == LinkStage::Replaying;
        let Some(link) = self.next_link().filter(is_replaying) else { return };
        let is_proven = link.replay.proven;
        if !is_proven && !self.is_accepted(id) {
            return;
        }
        let Some(link) = self.next_link() else { return };
        let (top, seen) = (link.replay.top, link.seen);
        if let Some(settled) = top.max(seen) {
            self.settle_held(settled.saturating_add(1));
        }
        let surplus = self.next_link().map_or(0, |link| link.replay.surplus(&self.numbering));
        if surplus > 0 {
            self.numbering.count(surplus);
            let gap = super::Gap { after: None, before: None, reason: GapReason::TooOld };
            self.deliver_sized(Event::Gap(gap), 0, surplus);
        }
        if let Some(dropped) = self.dropped.take_if(|dropped| Some(*dropped) <= seen)
            && Some(dropped) > self.numbering.watermark
        {
            self.report_gap(self.numbering.watermark, None, GapReason::NotInReplay);
        }
        if let HeartbeatNumbers::Claimed(number) = self.heartbeat_numbers {
            let is_missing = Some(number) > self.numbering.watermark;
            if !is_missing {
                self.heartbeat_numbers = HeartbeatNumbers::Believed;
            } else if Some(number) <= seen {
                self.heartbeat_numbers = HeartbeatNumbers::Ignored;
            }
        }
        self.take_over();
    }

    /// The replay is over up to `end`: what is missing below it does not come.
    fn settle_held(&mut self, end: u64) {
        while let Some(lowest) = self.held.lowest().filter(|lowest| lowest.number < end) {
            let class = self.numbering.classify(lowest, Source::Live);
            if class == Class::Ahead {
                self.pass_to(lowest.number);
            }
            self.release_lowest(class);
        }
    }

    /// The next connection becomes the current one.
    fn take_over(&mut self) {
        let Some(Attempt { purpose, step: Step::Link(mut link) }) = self.next.take() else { return };
        let overflowed = link.replay.overflowed;
        if link.replay.doubted {
            // What came after it was asked for comes again on its connection, and can be judged there.
            self.held.clear();
        }
        link.stage = LinkStage::Live(self.now);
        link.timers.stop(Timer::Replay);
        if let Some(old) = self.current.replace(*link) {
            self.leave(old);
        }
        self.is_doubting = false;
        self.pace.replayed(self.numbering.delivered);
        for timer in [Timer::Hole, Timer::Doubt, Timer::GiveUp] {
            self.timers.stop(timer);
        }
        self.timers.set(Timer::Audit, self.now.after(self.settings.audit_interval));
        self.schedule_rotation();
        self.wants = super::Wants { replay: overflowed, ..super::Wants::default() };
        if self.has_hole() {
            self.timers.set(Timer::Hole, self.now.after(HOLD));
        }
        match purpose {
            Purpose::Connect => self.deliver(Event::CaughtUp),
            Purpose::Rotate => {
                count(&mut self.statistics.rotations);
                self.say(Connection::Rotated);
            }
            Purpose::Recover => count(&mut self.statistics.recoveries),
            Purpose::Audit => count(&mut self.statistics.audits),
        }
        if std::mem::take(&mut self.buffer.lagging) {
            self.deliver(Event::Recovered);
        }
    }

    /// A connection was replaced. What is under way on it arrives before the answer to a ping.
    fn leave(&mut self, mut old: Link<M>) {
        self.release_leaving();
        old.timers = TimerTable::default();
        old.timers.set(Timer::Linger, self.now.after(HOLD));
        old.liveness.answered = false;
        old.progress = self.now;
        count(&mut self.statistics.pings);
        self.out.push_back(Output::Ping { connection: old.id });
        self.leaving = Some(old);
    }

    /// Closes the connection that was replaced.
    pub(super) fn release_leaving(&mut self) {
        if let Some(leaving) = self.leaving.take() {
            self.out.push_back(Output::Close { connection: leaving.id });
        }
    }

    /// Closes the connection that was replaced, if nothing is under way on it any more. An old
    /// connection can be a little behind the new one.
    pub(super) fn release_if_drained(&mut self) {
        let Some(leaving) = &mut self.leaving else { return };
        let waited = self.now.since(leaving.progress);
        if waited >= LINGER || leaving.liveness.answered && waited >= HOLD {
            return self.release_leaving();
        }
        let until = if waited < HOLD { HOLD } else { LINGER };
        leaving.timers.set(Timer::Linger, leaving.progress.after(until));
    }
}

fn replay_of<M>(next: &mut Option<Attempt<M>>, id: ConnectionId) -> Option<&mut super::replay::Replay<M>> {
    let link = next.as_mut().and_then(Attempt::link_mut)?;
    (link.id == id).then_some(&mut link.replay)
}
