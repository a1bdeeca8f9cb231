//! What arrives from the server: messages, those that wait for others before them, and replays, from what
//! they show to the change of connections at their end.

use std::collections::HashMap;

use super::*;

/// A numbered message.
#[derive(Clone, Debug)]
pub(super) struct Item<M> {
    pub(super) id: MessageId,
    pub(super) size: usize,
    pub(super) origin: Origin,
    pub(super) message: M,
}

/// Most bytes of held messages.
const MOST_BYTES: usize = 4 << 20;

/// Messages in the order of their numbers; those of one number in the order in which they came.
pub(super) type Held<M> = VecDeque<Item<M>>;

/// The bytes of held messages.
pub(super) fn bytes<M>(held: &Held<M>) -> usize {
    held.iter().map(|item| item.size).fold(0, usize::saturating_add)
}

/// Whether another message of this size exceeds the limits.
pub(super) fn is_full<M>(held: &Held<M>, size: usize, most: usize) -> bool {
    held.len() >= most || bytes(held).saturating_add(size) > MOST_BYTES
}

/// Adds a message in its place.
pub(super) fn insert<M>(held: &mut Held<M>, item: Item<impl Into<M>>) {
    let Item { id, size, origin, message } = item;
    let at = held.partition_point(|other| other.id.number <= id.number);
    held.insert(at, Item { id, size, origin, message: message.into() });
}

/// Most hashes that are remembered. Beyond it the comparison begins anew.
const MOST_HASHES: usize = 1 << 16;

/// Messages without a number while two connections carry the same ones: by the hash of a message, which
/// connection brought it more often than the other, and by how much.
#[derive(Debug, Default)]
pub(super) struct Overlap(HashMap<u64, (ConnectionId, u32)>);

impl Overlap {
    /// Whether a message is the second copy of one that the other connection brought.
    pub(super) fn is_second(&mut self, connection: ConnectionId, hash: u64) -> bool {
        if self.0.len() >= MOST_HASHES {
            *self = Self::default();
        }
        let (ahead, by) = self.0.entry(hash).or_insert((connection, 0));
        let is_second = *ahead != connection && *by > 0;
        if is_second {
            *by -= 1;
        } else {
            (*ahead, *by) = (connection, *by + 1);
        }
        is_second
    }
}

/// Shortest time between two replays that are asked for because a message differs from what is
/// remembered, or is older than that.
const DOUBT_PACE: Duration = Duration::from_secs(2);
const OLD_PACE: Duration = Duration::from_secs(30);

/// How long a replay that does not contain the last delivered message is not asked for again: a copy
/// that is behind may catch up.
const ASK_AGAIN: Duration = Duration::from_secs(2);

impl<M> StreamMachine<M> {
    /// Whether a message of a replay with this number can be dropped whatever its content, because it
    /// is too old. If so, it counts as received.
    pub fn passes_over(&mut self, now: Moment, connection: ConnectionId, number: u64) -> bool {
        let class = self.numbering.classify(MessageId { number, hash: 0 }, Origin::Replay);
        if class != Class::Forgotten || self.next_deadline().is_some_and(|deadline| deadline <= now) {
            return false;
        }
        // What a replay is judged by has to be read, also if it was forgotten since the replay was asked for.
        let proves = |replay: &Replay| replay.last.is_some_and(|last| last.number <= number);
        let next = self.links.get_at(connection, LinkStage::Replaying);
        let Some(next) = next.filter(|next| !proves(&next.replay)) else { return false };
        self.now = self.now.max(now);
        (next.heard, next.spoke, next.is_pinged) = (self.now, self.now, false);
        next.replay.count(number);
        count(&mut self.statistics.received);
        count(&mut self.statistics.duplicates);
        self.note_progress(connection);
        true
    }

    pub(super) fn received<R: Into<M>>(&mut self, id: ConnectionId, frame: Frame<R>) {
        let Some(link) = self.links.get_mut(id) else { return };
        (link.heard, link.is_pinged) = (self.now, false);
        if !matches!(frame, Frame::Control) {
            link.spoke = self.now;
        }
        match frame {
            Frame::Control => self.release_if_drained(),
            Frame::Part => self.note_progress(id),
            Frame::Message(envelope, message) => {
                count(&mut self.statistics.received);
                self.message(id, envelope, message);
            }
        }
    }

    fn message<R: Into<M>>(&mut self, id: ConnectionId, envelope: Envelope, message: R) {
        let Envelope { kind, number, hash, size } = envelope;
        let Some(link) = self.links.get_mut(id) else { return };
        match kind {
            Kind::Heartbeat => self.heartbeat(id, number),
            // That of a connection that was replaced no longer matters.
            Kind::Notice(_) if link.stage == LinkStage::Leaving => {}
            Kind::Notice(notice) => {
                link.notice = Some(notice.clone());
                self.unnumbered(id, hash, size, || unnumbered(message.into(), Origin::Live));
                // Nothing follows; waiting for the server to close would only cost time.
                if notice == Cause::AuthExpired {
                    self.end_connection(id, Cause::AuthExpired);
                }
            }
            Kind::Refused(words) => self.refused(id, words),
            Kind::Accepted => self.subscribed(id),
            Kind::ReplayComplete => {
                self.subscribed(id);
                self.given_up_at = None;
                self.replay_complete(id);
            }
            Kind::Malformed => {
                count(&mut self.statistics.malformed);
                self.note_progress(id);
                self.unnumbered(id, hash, size, || unnumbered(message.into(), Origin::Live));
            }
            Kind::Data => {
                // Only a subscription brings data.
                self.subscribed(id);
                let stage = self.links.get_mut(id).map(|link| link.stage);
                let origin = if stage == Some(LinkStage::Replaying) { Origin::Replay } else { Origin::Live };
                if let Some(number) = number {
                    let item = Item { id: MessageId { number, hash }, size, origin, message };
                    match stage {
                        Some(LinkStage::Replaying) => self.replayed(item),
                        Some(LinkStage::Live(_)) => self.live(item),
                        _ => {}
                    }
                } else {
                    self.unnumbered(id, hash, size, || unnumbered(message.into(), origin));
                }
                self.note_progress(id);
            }
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
        let is_live = self.links.current_id() == Some(id);
        let is_claimed = self.ignores_claims || self.claimed > Some(watermark);
        if is_live && !is_claimed && number > Some(watermark) {
            self.claimed = number;
            self.timers.start(Timer::Hole, self.now.after(HOLD));
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
            self.overlap = Overlap::default();
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
                self.give(item);
                self.release_held(None);
            }
            Class::Ahead => self.hold(item),
            Class::Same => count(&mut self.statistics.duplicates),
            Class::Missing => self.give(item),
            Class::Different if self.begins_anew(item.id) => {
                self.begin_numbering(true);
                self.give(item);
            }
            class @ (Class::Different | Class::Forgotten) => self.doubt(class),
        }
    }

    /// Whether a live message that differs begins a new numbering: it is the first, nothing is held or
    /// missing, and no replay of the known numbering is under way.
    fn begins_anew(&self, id: MessageId) -> bool {
        let is_asked = self.links.next.as_ref().is_some_and(Link::is_open);
        self.numbering.can_begin_anew(id) && !self.has_hole() && !is_asked
    }

    /// A message whose turn has not come yet.
    fn hold<R: Into<M>>(&mut self, item: Item<R>) {
        match self.held.iter().map(|held| held.id).find(|held| held.number == item.id.number) {
            Some(held) if held == item.id => return count(&mut self.statistics.duplicates),
            Some(_) => return self.doubt(Class::Different),
            None if is_full(&self.held, item.size, self.settings.hold_messages) => {
                self.dropped = self.dropped.max(Some(item.id.number));
            }
            None => insert(&mut self.held, item),
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
        self.timers.start(Timer::Doubt, at);
        self.is_doubting |= !is_old || at == self.now;
        if let Some(next) = self.links.next.as_mut().filter(|next| next.is_open()) {
            next.replay.doubted |= self.is_doubting;
        }
    }

    /// Whether numbers are missing, as far as is known.
    pub(super) fn has_hole(&self) -> bool {
        self.claimed > self.numbering.watermark() || self.dropped.is_some() || !self.held.is_empty()
    }

    /// Delivers a numbered message; late, if a higher one was delivered before.
    pub(super) fn give<R: Into<M>>(&mut self, item: Item<R>) {
        let Item { id, size, mut origin, message } = item;
        if Some(id.number) <= self.numbering.watermark() {
            count(&mut self.statistics.late);
            origin = Origin::Late;
        } else if self.numbering.skips(id.number) && self.numbering.steps.are_sparse() && !self.told_of_holes
        {
            self.told_of_holes = true;
            self.deliver(Event::NumbersHaveHoles);
        }
        let event = Event::Message { message: message.into(), sequence: Some(id.number), origin };
        self.put(event, size, Change::Delivered(id));
    }

    /// Delivers the held messages whose turn has come. `settled`: what is missing up to this number
    /// does not come, so those up to it are delivered, too.
    pub(super) fn release_held(&mut self, settled: Option<u64>) {
        while let Some(lowest) = self.held.front().map(|item| item.id) {
            let class = self.numbering.classify(lowest, Origin::Live);
            match settled {
                Some(end) if lowest.number > end => return,
                Some(_) => self.pass_to(lowest),
                None if self.is_doubting => return,
                // Another number is missing now.
                None if class == Class::Ahead => return self.timers.set(Timer::Hole, self.now.after(HOLD)),
                None => {}
            }
            let Some(item) = self.held.pop_front() else { return };
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
        self.held.clear();
        self.is_doubting = false;
        (self.dropped, self.claimed) = (None, None);
        self.put(Event::EpochChanged { lossless }, 0, Change::Renumbered);
        if !lossless {
            self.report_gap(before, None, GapReason::NumbersBeganAnew, Change::Nothing);
        }
    }

    /// A numbered message of the replay of the next connection.
    pub(super) fn replayed<R: Into<M>>(&mut self, item: Item<R>) {
        let (id, most) = (item.id, self.settings.hold_messages);
        let Some(Link { replay, .. }) = &mut self.links.next else { return };
        let descends = replay.top.is_some_and(|top| id.number <= top);
        replay.count(id.number);
        if let Some(last) = replay.last.filter(|_| !replay.proven) {
            let known = Some(last).filter(|last| last.number == id.number);
            if let Some(known) = known.or(self.numbering.known(id.number))
                && replay.comparable.is_none_or(|(highest, _)| id.number >= highest)
            {
                replay.comparable = Some((id.number, known == id));
            }
            if (id == last || id.number > last.number) && !self.is_accepted() {
                return;
            }
        }
        let Some(Link { replay, .. }) = &mut self.links.next else { return };
        match self.numbering.classify(id, Origin::Replay) {
            Class::Next => self.give(item),
            // What the first replay of a numbering lacks was never promised.
            Class::Ahead if replay.last.is_none() => self.give(item),
            // The live connection may still bring the ones before it.
            Class::Ahead if !replay.away && !is_full(&self.held, item.size, most) => {
                self.held.retain(|held| held.id != id);
                insert(&mut self.held, item);
            }
            Class::Ahead => {
                self.release_held(id.number.checked_sub(1));
                self.pass_to(id);
                self.give(item);
            }
            // Perhaps a day has begun within the replay. If the next one has the same, it means what it says.
            Class::Different if replay.proven && descends && self.suspect.replace(id) != Some(id) => {
                return self.end_replay(Cause::ReplayBehind);
            }
            Class::Missing | Class::Different if replay.proven => self.give(item),
            Class::Missing | Class::Different if is_full(&self.late, item.size, most) => {
                replay.overflowed = true
            }
            Class::Missing | Class::Different => insert(&mut self.late, item),
            Class::Same | Class::Forgotten => count(&mut self.statistics.duplicates),
        }
        self.release_held(None);
    }

    /// Whether the replay of the next connection belongs to the known numbering, as far as can be told
    /// now. If not, that connection is no more.
    fn is_accepted(&mut self) -> bool {
        let Some(Link { replay, .. }) = &mut self.links.next else { return false };
        let Some(last) = replay.last.filter(|_| !replay.proven) else { return true };
        let verdict = replay.verdict(last, self.asked_again);
        self.asked_again = verdict == Verdict::AskAgain;
        if let Verdict::AskAgain | Verdict::NewNumbering = verdict {
            let is_new = verdict == Verdict::NewNumbering;
            self.end_replay(if is_new { Cause::NumbersBeganAnew } else { Cause::ReplayBehind });
            return false;
        }
        replay.proven = true;
        self.is_doubting &= replay.doubted;
        if verdict == Verdict::Empty && replay.away {
            self.report_gap(self.numbering.watermark(), None, GapReason::NotInReplay, Change::Nothing);
        }
        for item in std::mem::take(&mut self.late) {
            if matches!(self.numbering.classify(item.id, item.origin), Class::Missing | Class::Different) {
                self.give(item);
            }
        }
        true
    }

    /// The replay of the next connection is of no use; another one is asked for.
    fn end_replay(&mut self, cause: Cause) {
        if cause == Cause::NumbersBeganAnew {
            self.begin_numbering(false);
        }
        let Some(next) = self.links.next.as_ref().map(|next| next.id) else { return };
        let Some(current) = self.links.current_id() else { return self.end_connection(next, cause) };
        self.close(next);
        if cause == Cause::NumbersBeganAnew {
            self.end_connection(current, cause);
        } else {
            self.timers.set(Timer::Doubt, self.now.after(ASK_AGAIN));
        }
    }

    /// Nothing more of a replay follows.
    pub(super) fn replay_complete(&mut self, id: ConnectionId) {
        if self.links.get_at(id, LinkStage::Replaying).is_none() || !self.is_accepted() {
            return;
        }
        let Some(Link { replay: Replay { top, seen, messages, .. }, .. }) = self.links.next else { return };
        self.release_held(top.max(seen));
        let surplus = messages.saturating_sub(self.numbering.delivered_up_to(top.unwrap_or(0)));
        if surplus > 0 {
            self.report_gap(None, None, GapReason::TooOld, Change::Counted(surplus));
        }
        let watermark = self.numbering.watermark();
        if self.dropped.take_if(|dropped| Some(*dropped) <= seen) > watermark {
            self.report_gap(watermark, None, GapReason::NotInReplay, Change::Nothing);
        }
        if self.claimed.take_if(|claimed| Some(*claimed) <= seen) > watermark {
            self.ignores_claims = true;
        }
        self.take_over();
    }

    /// The next connection becomes the current one.
    fn take_over(&mut self) {
        let Some(mut link) = self.links.next.take() else { return };
        link.stage = LinkStage::Live(self.now);
        self.timers.stop(Timer::Stage(link.id));
        if link.replay.doubted {
            // What came after it was asked for comes again on its connection, and can be judged there.
            self.held.clear();
        }
        self.wanted = link.replay.overflowed.then_some(Purpose::Recover);
        let purpose = link.purpose;
        if let Some(old) = self.links.current.replace(link) {
            self.leave(old);
        }
        self.is_doubting = false;
        self.pace.replayed(self.numbering.delivered);
        [Timer::Hole, Timer::Doubt, Timer::GiveUp].into_iter().for_each(|timer| self.timers.stop(timer));
        self.timers.set(Timer::Audit, self.now.after(self.settings.audit_interval));
        self.schedule_rotation();
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
    fn leave(&mut self, mut old: Link) {
        self.release_leaving();
        let id = old.id;
        (old.stage, old.progress) = (LinkStage::Leaving, self.now);
        self.links.leaving = Some(old);
        self.timers.stop_all(id);
        self.ping(id);
        self.timers.set(Timer::Stage(id), self.now.after(HOLD));
    }

    /// Closes the connection that was replaced.
    pub(super) fn release_leaving(&mut self) {
        if let Some(id) = self.links.leaving.as_ref().map(|leaving| leaving.id) {
            self.close(id);
        }
    }

    /// Closes the connection that was replaced, if nothing is under way on it any more. An old
    /// connection can be a little behind the new one.
    pub(super) fn release_if_drained(&mut self) {
        let Some(leaving) = &self.links.leaving else { return };
        let until = leaving.progress.after(if leaving.is_pinged { LINGER } else { HOLD });
        if until > self.now {
            return self.timers.set(Timer::Stage(leaving.id), until);
        }
        self.release_leaving();
    }
}

fn unnumbered<M>(message: M, origin: Origin) -> Event<M> {
    Event::Message { message, sequence: None, origin }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_counts_as_often_as_one_connection_brings_it() {
        let (old, new) = (ConnectionId(1), ConnectionId(2));
        let mut overlap = Overlap::default();
        let second: Vec<_> = [(old, 7), (old, 7), (new, 7), (new, 8), (new, 7), (new, 7), (old, 8), (old, 7)]
            .map(|(connection, hash)| overlap.is_second(connection, hash))
            .into();
        assert_eq!(second, [false, false, true, false, true, false, true, true]);
    }
}
