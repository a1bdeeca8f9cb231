//! What arrives from the server.

use std::time::Duration;

use super::cause::Cause;
use super::event::{Event, GapReason, Origin};
use super::held::Item;
use super::io::{ConnectionId, Envelope, Frame, Kind, Notice};
use super::link::LinkStage;
use super::numbering::{Class, MessageId, Source};
use super::statistics::count;
use super::time::Moment;
use super::timers::Timer;
use super::{Attempt, HOLD, LINGER, HeartbeatNumbers, StreamMachine};

/// Shortest time between two replays that are asked for because a message differs from what is
/// remembered, or is older than that.
const DOUBT_PACE: Duration = Duration::from_secs(2);
const OLD_PACE: Duration = Duration::from_secs(30);

impl<M> StreamMachine<M> {
    /// Whether a message of a replay with this number can be dropped whatever its content, because it
    /// is too old. If so, it counts as received.
    pub fn passes_over(&mut self, now: Moment, connection: ConnectionId, number: u64) -> bool {
        if self.next_deadline().is_some_and(|deadline| deadline <= now) || !self.numbering.is_forgotten(number) {
            return false;
        }
        let link = self.next.as_mut().and_then(Attempt::link_mut);
        let Some(link) = link.filter(|link| link.id == connection && link.stage == LinkStage::Replaying) else {
            return false;
        };
        self.now = self.now.max(now);
        link.liveness.spoke(self.now);
        link.replay.count(number);
        count(&mut self.statistics.received);
        count(&mut self.statistics.duplicates);
        self.note_progress(connection);
        true
    }

    pub(super) fn received<R: Into<M>>(&mut self, id: ConnectionId, frame: Frame<R>) {
        let now = self.now;
        let Some(link) = self.link(id) else { return };
        match frame {
            Frame::Control => {
                link.liveness.heard(now);
                if self.leaving.as_ref().is_some_and(|leaving| leaving.id == id) {
                    self.release_if_drained();
                }
            }
            Frame::Part => {
                link.liveness.spoke(now);
                self.note_progress(id);
            }
            Frame::Malformed { size, hash, message } => {
                link.liveness.spoke(now);
                count(&mut self.statistics.received);
                count(&mut self.statistics.malformed);
                self.note_progress(id);
                self.unnumbered(id, hash, size, || Event::Undecodable(message.into()));
            }
            Frame::Message(envelope, message) => {
                link.liveness.spoke(now);
                count(&mut self.statistics.received);
                self.message(id, envelope, message);
            }
        }
    }

    fn heartbeat(&mut self, id: ConnectionId, number: Option<u64>) {
        let now = self.now;
        if let Some(interval) = self.link(id).and_then(|link| link.liveness.heartbeat(now)) {
            self.pace.interval(interval);
            let silence = self.pace.silence();
            let next = self.next.as_mut().and_then(Attempt::link_mut);
            self.current.iter_mut().chain(next).for_each(|link| link.watch_heartbeats(silence));
        }
        let watermark = self.numbering.watermark.unwrap_or(0);
        if matches!(self.heartbeat_numbers, HeartbeatNumbers::Claimed(claimed) if claimed <= watermark) {
            self.heartbeat_numbers = HeartbeatNumbers::Believed;
        }
        if let Some(number) = number.filter(|number| *number > watermark && self.is_current(id))
            && self.heartbeat_numbers == HeartbeatNumbers::Believed
        {
            self.heartbeat_numbers = HeartbeatNumbers::Claimed(number);
            self.timers.start(Timer::Hole, now.after(HOLD));
        }
    }

    fn message<R: Into<M>>(&mut self, id: ConnectionId, envelope: Envelope, message: R) {
        let Envelope { kind, number, hash, size } = envelope;
        match kind {
            Kind::Heartbeat => self.heartbeat(id, number),
            Kind::Notice(notice) => {
                // That of a connection that was replaced no longer matters.
                let leaves = self.leaving.as_ref().is_some_and(|leaving| leaving.id == id);
                let Some(link) = self.link(id).filter(|_| !leaves) else { return };
                link.notice = Some(notice.clone());
                self.unnumbered(id, hash, size, || unnumbered(message.into(), Origin::Live));
                // Nothing follows; waiting for the server to close would only cost time.
                if notice == Notice::AuthExpired {
                    self.end_connection(id, Cause::AuthExpired);
                }
            }
            Kind::Accepted => self.subscribed(id),
            Kind::Refused(words) => self.refused(id, words),
            Kind::ReplayComplete => {
                self.subscribed(id);
                self.given_up_at = None;
                self.replay_complete(id);
            }
            Kind::Data => {
                // Only a subscription brings data.
                self.subscribed(id);
                self.data(id, number, hash, size, message);
            }
        }
    }

    fn data<R: Into<M>>(&mut self, id: ConnectionId, number: Option<u64>, hash: u64, size: usize, message: R) {
        let Some(link) = self.link(id) else { return };
        let origin = match link.stage {
            LinkStage::Live(_) => Origin::Live,
            LinkStage::Replaying => Origin::Replay,
            LinkStage::Dialing | LinkStage::Subscribing => return,
        };
        let Some(number) = number else {
            self.note_progress(id);
            return self.unnumbered(id, hash, size, || unnumbered(message.into(), origin));
        };
        let item = Item { id: MessageId { number, hash }, size, origin, message };
        if origin == Origin::Replay {
            self.replayed(id, item);
            self.note_progress(id);
        } else if self.is_current(id) {
            self.live(item);
        }
    }

    /// A message without a number is taken from every connection that is subscribed. While several
    /// carry the same ones, second copies are dropped.
    fn unnumbered(&mut self, id: ConnectionId, hash: u64, size: usize, event: impl FnOnce() -> Event<M>) {
        let Some(link) = self.link(id) else { return };
        if !link.is_subscribed() && self.current.is_some() {
            return;
        }
        // Also before the second one is acknowledged, and a moment after one of them has ended.
        if self.links().filter(|link| link.is_open()).nth(1).is_some() {
            self.overlap_end = self.now.after(LINGER);
        }
        if self.now > self.overlap_end {
            self.overlap.clear();
        } else if self.overlap.is_second(id, hash) {
            return count(&mut self.statistics.duplicates);
        }
        self.deliver_sized(event(), size, 0);
    }

    /// A numbered message from the current connection.
    fn live<R: Into<M>>(&mut self, item: Item<R>) {
        match self.numbering.classify(item.id, Source::Live) {
            // It may be of a new numbering.
            Class::Next if self.is_doubting => self.hold(item),
            Class::Next => {
                self.give(item.keep());
                self.release_held();
            }
            Class::Ahead => self.hold(item),
            Class::Same => count(&mut self.statistics.duplicates),
            Class::Missing => self.give_late(item.keep()),
            Class::BeginsAnew if self.misses_nothing() => {
                self.begin_numbering(true);
                self.give(item.keep());
            }
            class @ (Class::BeginsAnew | Class::Different | Class::Forgotten) => self.doubt(class),
        }
    }

    /// Whether nothing is held, and no replay of the known numbering is under way.
    fn misses_nothing(&self) -> bool {
        let is_asked = self.next_link().is_some_and(|link| link.is_open());
        self.held.is_empty() && self.dropped.is_none() && !is_asked
    }

    /// A message whose turn has not come yet.
    fn hold<R: Into<M>>(&mut self, item: Item<R>) {
        match self.held.get(item.id.number) {
            Some(held) if held == item.id => return count(&mut self.statistics.duplicates),
            Some(_) => return self.doubt(Class::Different),
            None if self.held.is_full(item.size, self.settings.hold_messages) => {
                self.dropped = self.dropped.max(Some(item.id.number));
            }
            None => {
                count(&mut self.statistics.early);
                self.held.insert(item.keep());
            }
        }
        self.timers.start(Timer::Hole, self.now.after(HOLD));
    }

    /// Only a replay can tell what a message of this class means. Until it does, new messages are
    /// held: they may be of a new numbering. For old messages that may come again and again it is not
    /// worth that.
    fn doubt(&mut self, class: Class) {
        let is_old = class == Class::Forgotten;
        let pace = if is_old { OLD_PACE } else { DOUBT_PACE };
        let at = self.doubted.map_or(self.now, |last| self.now.max(last.after(pace)));
        let is_asked = self.is_doubting || self.wants.replay;
        self.is_doubting |= !is_old || at == self.now;
        if let Some(asked) = self.next.as_mut().and_then(Attempt::link_mut).filter(|link| link.is_open()) {
            asked.replay.doubted |= self.is_doubting;
        }
        if !is_asked {
            self.timers.start(Timer::Doubt, at);
        }
    }

    /// Nothing is in doubt any more.
    pub(super) fn trust(&mut self) {
        if std::mem::take(&mut self.is_doubting) {
            self.release_held();
        }
    }

    /// Whether numbers are missing, as far as is known.
    pub(super) fn has_hole(&self) -> bool {
        let claimed = match self.heartbeat_numbers {
            HeartbeatNumbers::Claimed(number) => Some(number) > self.numbering.watermark,
            HeartbeatNumbers::Believed | HeartbeatNumbers::Ignored => false,
        };
        claimed || self.dropped.is_some() || !self.held.is_empty()
    }

    /// Delivers a message above the watermark.
    pub(super) fn give(&mut self, item: Item<M>) {
        let skips = self.numbering.watermark.is_some_and(|watermark| item.id.number.saturating_sub(watermark) > 1);
        if skips && self.numbering.is_sparse() && !std::mem::replace(&mut self.told_of_holes, true) {
            self.deliver(Event::NumbersHaveHoles);
        }
        self.numbering.deliver(item.id, self.settings.remember);
        self.deliver_item(item);
    }

    /// Delivers a message at or below the watermark.
    pub(super) fn give_late(&mut self, item: Item<M>) {
        count(&mut self.statistics.late);
        self.numbering.deliver_late(item.id, self.settings.remember);
        self.deliver_item(Item { origin: Origin::Late, ..item });
    }

    /// Reports the numbers between the watermark and `next` as missing.
    pub(super) fn pass(&mut self, next: u64) {
        if let Some(watermark) = self.numbering.watermark {
            self.numbering.pass(next);
            self.report_gap(Some(watermark), Some(next), GapReason::NotInReplay);
        }
    }

    /// Delivers the held messages whose turn has come.
    pub(super) fn release_held(&mut self) {
        if self.held.is_empty() || self.is_doubting {
            return;
        }
        while let Some(lowest) = self.held.lowest() {
            let class = self.numbering.classify(lowest, Source::Live);
            if class == Class::Ahead {
                // Another number is missing now.
                return self.timers.set(Timer::Hole, self.now.after(HOLD));
            }
            self.release_lowest(class);
        }
    }

    /// Delivers or drops the held message with the lowest number, which is of this class.
    pub(super) fn release_lowest(&mut self, class: Class) {
        let Some(item) = self.held.pop() else { return };
        match class {
            Class::Next | Class::Ahead => self.give(item),
            Class::Missing => self.give_late(item),
            Class::Same => count(&mut self.statistics.duplicates),
            class @ (Class::BeginsAnew | Class::Different | Class::Forgotten) => self.doubt(class),
        }
    }

    /// The server numbers its messages anew.
    pub(super) fn begin_numbering(&mut self, lossless: bool) {
        count(&mut self.statistics.epochs);
        let before = std::mem::take(&mut self.numbering).watermark;
        self.held.clear();
        self.is_doubting = false;
        self.dropped = None;
        self.deliver(Event::EpochChanged { lossless });
        if !lossless {
            self.report_gap(before, None, GapReason::NumbersBeganAnew);
        }
    }
}

fn unnumbered<M>(message: M, origin: Origin) -> Event<M> {
    Event::Message { message, sequence: None, origin }
}
