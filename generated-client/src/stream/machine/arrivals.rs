//! What arrives from the server.

use super::*;

/// Shortest time between two replays that are asked for because a message differs from what is
/// remembered, or is older than that.
const DOUBT_PACE: Duration = Duration::from_secs(2);
const OLD_PACE: Duration = Duration::from_secs(30);

impl<M> StreamMachine<M> {
    /// Whether a message of a replay with this number can be dropped whatever its content, because it
    /// is too old. If so, it counts as received.
    pub fn passes_over(&mut self, now: Moment, connection: ConnectionId, number: u64) -> bool {
        let class = self.numbering.classify(MessageId { number, hash: 0 }, Origin::Replay);
        if class != Class::Forgotten || self.next_deadline().is_some_and(|deadline| deadline <= now) {
            return false;
        }
        let next = self.links.next.as_mut().filter(|next| next.id == connection);
        let Some(next) = next.filter(|next| next.stage == LinkStage::Replaying) else { return false };
        self.now = self.now.max(now);
        next.heard(self.now, true);
        next.replay.count(number);
        count(&mut self.statistics.received);
        count(&mut self.statistics.duplicates);
        self.note_progress(connection);
        true
    }

    pub(super) fn received<R: Into<M>>(&mut self, id: ConnectionId, frame: Frame<R>) {
        let Some(link) = self.links.get_mut(id) else { return };
        link.heard(self.now, !matches!(frame, Frame::Control));
        match frame {
            Frame::Control => self.release_if_drained(),
            Frame::Part => self.note_progress(id),
            Frame::Malformed { size, hash, message } => {
                count(&mut self.statistics.received);
                count(&mut self.statistics.malformed);
                self.note_progress(id);
                self.unnumbered(id, hash, size, || Event::Undecodable(message.into()));
            }
            Frame::Message(envelope, message) => {
                count(&mut self.statistics.received);
                self.message(id, envelope, message);
            }
        }
    }

    fn message<R: Into<M>>(&mut self, id: ConnectionId, envelope: Envelope, message: R) {
        let Envelope { kind, number, hash, size } = envelope;
        match kind {
            Kind::Heartbeat => self.heartbeat(id, number),
            Kind::Notice(notice) => self.noticed(id, notice, hash, size, message),
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
                self.note_progress(id);
            }
        }
    }

    fn data<R: Into<M>>(&mut self, id: ConnectionId, number: Option<u64>, hash: u64, size: usize, message: R) {
        let Some(stage) = self.links.get_mut(id).map(|link| link.stage) else { return };
        let origin = if stage == LinkStage::Replaying { Origin::Replay } else { Origin::Live };
        let Some(number) = number else {
            return self.unnumbered(id, hash, size, || unnumbered(message.into(), origin));
        };
        let item = Item { id: MessageId { number, hash }, size, origin, message };
        match stage {
            LinkStage::Replaying => self.replayed(item),
            LinkStage::Live(_) => self.live(item),
            _ => {}
        }
    }

    fn heartbeat(&mut self, id: ConnectionId, number: Option<u64>) {
        if let Some(link) = self.links.get_mut(id)
            && let Some(last) = link.heartbeat.replace(self.now)
        {
            self.pace.interval(self.now.since(last));
            self.watch_heartbeats();
        }
        let watermark = self.numbering.watermark().unwrap_or(0);
        if let Some(number) = number.filter(|number| *number > watermark && self.is_current(id))
            && !self.ignores_claims
            && self.claimed <= Some(watermark)
        {
            self.claimed = Some(number);
            self.timers.start(Timer::Hole, self.now.after(HOLD));
        }
    }

    fn noticed<R: Into<M>>(&mut self, id: ConnectionId, notice: Notice, hash: u64, size: usize, message: R) {
        // That of a connection that was replaced no longer matters.
        let link = self.links.get_mut(id).filter(|link| link.stage != LinkStage::Leaving);
        let Some(link) = link else { return };
        link.notice = Some(notice.clone());
        self.unnumbered(id, hash, size, || unnumbered(message.into(), Origin::Live));
        // Nothing follows; waiting for the server to close would only cost time.
        if notice == Notice::AuthExpired {
            self.end_connection(id, Cause::AuthExpired);
        }
    }

    /// A message without a number is taken from every connection that is subscribed. While several
    /// carry the same ones, second copies are dropped.
    fn unnumbered(&mut self, id: ConnectionId, hash: u64, size: usize, event: impl FnOnce() -> Event<M>) {
        let is_subscribed = self.links.get_mut(id).is_some_and(|link| link.is_subscribed());
        if !is_subscribed && self.links.current.is_some() {
            return;
        }
        // Also before the second one is acknowledged, and a moment after one of them has ended.
        if self.links.iter().filter(|link| link.is_open()).nth(1).is_some() {
            self.overlap_end = self.now.after(LINGER);
        }
        if self.now > self.overlap_end {
            self.overlap.clear();
        } else if self.overlap.is_second(id, hash) {
            return count(&mut self.statistics.duplicates);
        }
        self.put(event(), size, Change::Nothing);
    }

    /// A numbered message from the current connection.
    fn live<R: Into<M>>(&mut self, item: Item<R>) {
        match self.numbering.classify(item.id, Origin::Live) {
            // It may be of a new numbering.
            Class::Next if self.is_doubting => self.hold(item),
            Class::Next => {
                self.give(item.keep());
                self.release_held(None);
            }
            Class::Ahead => self.hold(item),
            Class::Same => count(&mut self.statistics.duplicates),
            Class::Missing => self.give(item.keep()),
            Class::Different if self.numbering.can_begin_anew(item.id) && self.misses_nothing() => {
                self.begin_numbering(true);
                self.give(item.keep());
            }
            class @ (Class::Different | Class::Forgotten) => self.doubt(class),
        }
    }

    /// Whether nothing is held, and no replay of the known numbering is under way.
    fn misses_nothing(&self) -> bool {
        self.held.items.is_empty() && self.dropped.is_none() && !self.links.is_next_open()
    }

    /// A message whose turn has not come yet.
    fn hold<R: Into<M>>(&mut self, item: Item<R>) {
        match self.held.get_mut(item.id.number).map(|held| held.id) {
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
        if !self.is_doubting && self.wanted != Some(Purpose::Recover) {
            self.timers.start(Timer::Doubt, at);
        }
        self.is_doubting |= !is_old || at == self.now;
        if let Some(next) = self.links.next.as_mut().filter(|next| next.is_open()) {
            next.replay.doubted |= self.is_doubting;
        }
    }

    /// Nothing is in doubt any more.
    pub(super) fn trust(&mut self) {
        self.is_doubting = false;
        self.release_held(None);
    }

    /// Whether numbers are missing, as far as is known.
    pub(super) fn has_hole(&self) -> bool {
        self.claimed > self.numbering.watermark() || self.dropped.is_some() || !self.held.items.is_empty()
    }

    /// Delivers a numbered message; late, if a higher one was delivered before.
    pub(super) fn give(&mut self, item: Item<M>) {
        let Item { id, size, mut origin, message } = item;
        if Some(id.number) <= self.numbering.watermark() {
            count(&mut self.statistics.late);
            origin = Origin::Late;
        } else if self.numbering.skips(id.number) && self.numbering.is_sparse() && !self.told_of_holes {
            self.told_of_holes = true;
            self.deliver(Event::NumbersHaveHoles);
        }
        self.put(Event::Message { message, sequence: Some(id.number), origin }, size, Change::Delivered(id));
    }

    /// Delivers the held messages whose turn has come. `settled`: what is missing up to this number
    /// does not come, so those up to it are delivered, too.
    pub(super) fn release_held(&mut self, settled: Option<u64>) {
        while let Some(lowest) = self.held.lowest() {
            let class = self.numbering.classify(lowest, Origin::Live);
            match settled {
                Some(end) if lowest.number > end => return,
                Some(_) => self.pass_to(lowest),
                None if self.is_doubting => return,
                // Another number is missing now.
                None if class == Class::Ahead => return self.timers.set(Timer::Hole, self.now.after(HOLD)),
                None => {}
            }
            let Some(item) = self.held.pop() else { return };
            match class {
                Class::Next | Class::Ahead | Class::Missing => self.give(item),
                Class::Same => count(&mut self.statistics.duplicates),
                Class::Different | Class::Forgotten => self.doubt(class),
            }
        }
    }

    /// Reports what is missing before a message, if anything is.
    pub(super) fn pass_to(&mut self, id: MessageId) {
        let watermark = self.numbering.watermark();
        if watermark.is_some() && self.numbering.classify(id, Origin::Live) == Class::Ahead {
            let passed = Change::Passed(id.number);
            self.report_gap(watermark, Some(id.number), GapReason::NotInReplay, passed);
        }
    }

    /// The server numbers its messages anew.
    pub(super) fn begin_numbering(&mut self, lossless: bool) {
        let before = self.numbering.watermark();
        self.held = Held::default();
        self.is_doubting = false;
        (self.dropped, self.claimed) = (None, None);
        self.put(Event::EpochChanged { lossless }, 0, Change::Renumbered);
        if !lossless {
            self.report_gap(before, None, GapReason::NumbersBeganAnew, Change::Nothing);
        }
    }
}

fn unnumbered<M>(message: M, origin: Origin) -> Event<M> {
    Event::Message { message, sequence: None, origin }
}
