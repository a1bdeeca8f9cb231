//! What a replay shows, its end, and the change of connections.

use super::*;

/// How long a replay that does not contain the last delivered message is not asked for again: a copy
/// that is behind may catch up.
const ASK_AGAIN: Duration = Duration::from_secs(2);

impl<M> StreamMachine<M> {
    /// A numbered message of the replay of the next connection.
    pub(super) fn replayed<R: Into<M>>(&mut self, item: Item<R>) {
        let (id, most) = (item.id, self.settings.hold_messages);
        let Some(Link { replay, .. }) = &mut self.links.next else { return };
        let descends = replay.top.is_some_and(|top| id.number <= top);
        replay.count(id.number);
        if let Some(last) = replay.last.filter(|_| !replay.proven) {
            replay.compare(id, &self.numbering);
            if (id == last || id.number > last.number) && !self.is_accepted() {
                return;
            }
        }
        let Some(Link { replay, .. }) = &mut self.links.next else { return };
        match self.numbering.classify(id, Origin::Replay) {
            Class::Next => self.give(item.keep()),
            // What the first replay of a numbering lacks was never promised.
            Class::Ahead if replay.last.is_none() => self.give(item.keep()),
            // The live connection may still bring the ones before it.
            Class::Ahead if !replay.away && !self.held.is_full(item.size, most) => {
                match self.held.get_mut(id.number) {
                    Some(held) if held.id == id => held.origin = Origin::Replay,
                    _ => self.held.insert(item.keep()),
                }
            }
            Class::Ahead => {
                self.release_held(id.number.checked_sub(1));
                self.pass_to(id);
                self.give(item.keep());
            }
            // Perhaps a day has begun within the replay. If the next one has the same, it means what it says.
            Class::Different if replay.proven && descends && self.suspect.replace(id) != Some(id) => {
                return self.leave_replay();
            }
            Class::Missing | Class::Different if replay.proven => self.give(item.keep()),
            Class::Missing | Class::Different => replay.keep(item.keep(), most),
            Class::Same | Class::Forgotten => count(&mut self.statistics.duplicates),
        }
        self.release_held(None);
    }

    /// Whether the replay of the next connection belongs to the known numbering, as far as can be told
    /// now. If not, that connection is no more.
    fn is_accepted(&mut self) -> bool {
        let Some(Link { replay, .. }) = &mut self.links.next else { return false };
        // The first replay of a numbering has nothing to prove.
        let Some(last) = replay.last.filter(|_| !replay.proven) else { return true };
        let facts = Facts {
            watermark: last.number,
            contains_last: replay.comparable == Some((last.number, true)),
            lowest: replay.lowest,
            comparable: replay.comparable.map(|(_, is_equal)| is_equal),
            second: self.asked_again,
        };
        let verdict = verdict(facts);
        self.asked_again = verdict == Verdict::AskAgain;
        match verdict {
            Verdict::AskAgain => {
                self.leave_replay();
                return false;
            }
            Verdict::NewNumbering => {
                self.renumber();
                return false;
            }
            Verdict::Empty | Verdict::Proven => {}
        }
        replay.proven = true;
        self.is_doubting &= replay.doubted;
        let (late, away) = (std::mem::take(&mut replay.late), replay.away);
        if verdict == Verdict::Empty && away {
            self.report_gap(self.numbering.watermark(), None, GapReason::NotInReplay, Change::Nothing);
        }
        for item in late.items {
            if matches!(self.numbering.classify(item.id, item.origin), Class::Missing | Class::Different) {
                self.give(item);
            }
        }
        true
    }

    /// The replay is of a new numbering, and has to be read from its start.
    fn renumber(&mut self) {
        self.begin_numbering(false);
        let current = self.links.current_id();
        let next = self.links.next.as_ref().map(|next| next.id);
        if let Some(next) = next.filter(|_| current.is_some()) {
            self.close(next);
        }
        if let Some(only) = current.or(next) {
            self.end_connection(only, Cause::NumbersBeganAnew);
        }
    }

    /// Nothing can be said of the replay of the next connection; another one is asked for.
    fn leave_replay(&mut self) {
        let Some(next) = self.links.next.as_ref().map(|next| next.id) else { return };
        if self.links.current.is_none() {
            return self.end_connection(next, Cause::ReplayBehind);
        }
        self.close(next);
        self.timers.set(Timer::Doubt, self.now.after(ASK_AGAIN));
    }

    /// Nothing more of a replay follows.
    pub(super) fn replay_complete(&mut self, id: ConnectionId) {
        let is_replaying = |next: &Link<M>| next.id == id && next.stage == LinkStage::Replaying;
        if !self.links.next.as_ref().is_some_and(is_replaying) || !self.is_accepted() {
            return;
        }
        let Some(Link { replay, .. }) = &self.links.next else { return };
        let seen = replay.seen;
        self.release_held(replay.top.max(seen));
        let surplus = self.links.next.as_ref().map_or(0, |next| next.replay.surplus(&self.numbering));
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
            self.held = Held::default();
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
    fn leave(&mut self, mut old: Link<M>) {
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
        let waited = self.now.since(leaving.progress);
        if waited >= LINGER || leaving.answered && waited >= HOLD {
            return self.release_leaving();
        }
        let until = leaving.progress.after(if waited < HOLD { HOLD } else { LINGER });
        self.timers.set(Timer::Stage(leaving.id), until);
    }
}
