//! What a replay shows, its end, and the change of connections.

use super::*;

/// How long a replay that does not contain the last delivered message is not asked for again: a copy
/// that is behind may catch up.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// The replay of a connection, from its first message to its end.
#[derive(Debug, Default)]
pub(super) struct Replay {
    /// The last message that was delivered when the replay was asked for. None: it is the first
    /// replay of a numbering.
    pub(super) last: Option<MessageId>,
    /// Whether there was no other live connection since it was asked for, at any time.
    pub(super) away: bool,
    /// The highest number that was known of, and not delivered, when it was asked for.
    pub(super) seen: Option<u64>,
    /// Whether it belongs to the known numbering.
    pub(super) proven: bool,
    pub(super) lowest: Option<u64>,
    pub(super) top: Option<u64>,
    /// Its highest message that can be compared with a delivered one, and whether it is equal.
    pub(super) comparable: Option<(u64, bool)>,
    /// How many messages it has.
    pub(super) messages: u64,
    /// When it reached the number at which an earlier one stopped.
    pub(super) reached: Option<Moment>,
    /// More messages waited for the verdict than fit.
    pub(super) overflowed: bool,
    /// A message came meanwhile of which only a later replay can tell what it means.
    pub(super) doubted: bool,
}

impl Replay {
    /// Another message has this number.
    pub(super) fn count(&mut self, number: u64) {
        self.lowest = Some(self.lowest.map_or(number, |lowest| lowest.min(number)));
        if Some(number) > self.top {
            self.top = Some(number);
            self.messages = self.messages.saturating_add(1);
        }
    }

    /// What it shows at its end, or at its first number above the watermark; `last` was the last
    /// delivered message when it was asked for, `second`: it is the second time of asking.
    fn verdict(&self, last: MessageId, second: bool) -> Verdict {
        match (self.lowest, self.comparable) {
            (_, Some((highest, true))) if highest == last.number => Verdict::Proven,
            (Some(lowest), _) if lowest > last.number => Verdict::Proven,
            (None, _) => Verdict::Empty,
            (_, Some((_, false))) => Verdict::NewNumbering,
            _ if second => Verdict::NewNumbering,
            _ => Verdict::AskAgain,
        }
    }
}

/// What a replay shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The numbering is the known one, or goes on after the watermark.
    Proven,
    /// The replay is empty.
    Empty,
    /// The server numbers anew.
    NewNumbering,
    /// It comes from a copy that is behind, or of a new numbering: to be asked for again.
    AskAgain,
}

impl<M> StreamMachine<M> {
    /// A numbered message of the replay of the next connection.
    pub(super) fn replayed<R: Into<M>>(&mut self, item: Item<R>) {
        let (id, most) = (item.id, self.settings.hold_messages);
        let Some(Link { replay, .. }) = &mut self.links.next else { return };
        let descends = replay.top.is_some_and(|top| id.number <= top);
        replay.count(id.number);
        if let Some(last) = replay.last.filter(|_| !replay.proven) {
            if let Some(known) = self.numbering.known(id.number)
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
            Class::Ahead if !replay.away && !arrivals::is_full(&self.held, item.size, most) => {
                self.held.retain(|held| held.id != id);
                arrivals::insert(&mut self.held, item);
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
            Class::Missing | Class::Different if arrivals::is_full(&self.late, item.size, most) => {
                replay.overflowed = true
            }
            Class::Missing | Class::Different => arrivals::insert(&mut self.late, item),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replays_are_judged_by_the_table() {
        use Verdict::*;
        let last = MessageId { number: 10, hash: 0 };
        // The lowest number, the highest comparable message, and the verdicts at the first and second time.
        for (lowest, comparable, first, second) in [
            (Some(1), Some((10, true)), Proven, Proven),
            (Some(10), Some((10, true)), Proven, Proven),
            (Some(11), None, Proven, Proven),
            (None, None, Empty, Empty),
            (Some(1), Some((10, false)), NewNumbering, NewNumbering),
            (Some(1), Some((9, false)), NewNumbering, NewNumbering),
            (Some(1), Some((9, true)), AskAgain, NewNumbering),
            (Some(1), None, AskAgain, NewNumbering),
        ] {
            let replay = Replay { lowest, comparable, ..Replay::default() };
            assert_eq!(replay.verdict(last, false), first, "{replay:?}");
            assert_eq!(replay.verdict(last, true), second, "{replay:?}, the second time");
        }
    }
}
