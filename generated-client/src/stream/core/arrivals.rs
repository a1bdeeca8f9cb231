//! What comes from the server.

use super::Core;
use super::attempt::Attempt;
use super::cause::Cause;
use super::epoch::Mark;
use super::event::{Event, Origin};
use super::held::Item;
use super::input::{Class, ConnectionId, Envelope, Frame, Notice};
use super::link::Stage;
use super::replay::Offered;
use super::sequencer::{Delivery, Live, count};
use super::time::Moment;

impl<M> Core<M> {
    /// Whether a message with this number can be passed over, whatever else is in it: one of a
    /// replay, so old that nothing is remembered to compare it with. If so, it counts as received.
    pub fn passes_over(&mut self, now: Moment, connection: ConnectionId, sequence: u64) -> bool {
        let now = self.now.max(now);
        // Something else has to be done first.
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return false;
        }
        let until = now.after(self.settings.replay_progress);
        let link = self.next.as_mut().and_then(Attempt::link_mut);
        let Some(link) = link.filter(|link| link.id == connection && !link.sheds && link.barrier.is_none())
        else {
            return false;
        };
        let Stage::Replaying(progress) = &mut link.stage else { return false };
        let passes = link.replay.is_amid(sequence) && self.sequencer.epoch.is_older(sequence);
        if passes {
            self.now = now;
            *progress = until;
            link.replay.passed(sequence);
            link.liveness.said(now);
            link.malformed = 0;
            count(&mut self.statistics.received);
            count(&mut self.statistics.duplicates);
        }
        passes
    }

    pub(super) fn received<R: Into<M>>(&mut self, id: ConnectionId, frame: Frame<R>) {
        let now = self.now;
        let is_current = self.is_current(id);
        let Some(link) = self.link(id) else { return };
        match frame {
            Frame::Other => link.liveness.heard(now),
            Frame::Pong => {
                link.liveness.heard(now);
                if is_current {
                    self.pass_barrier();
                }
            }
            Frame::Malformed(size, message) => {
                link.liveness.said(now);
                link.malformed = link.malformed.saturating_add(1);
                let malformed = link.malformed;
                count(&mut self.statistics.received);
                count(&mut self.statistics.malformed);
                self.unnumbered(id, Event::Undecodable(message.into()), size);
                if malformed >= self.settings.malformed_in_a_row {
                    self.end_connection(id, Cause::Malformed);
                }
            }
            Frame::Message(envelope, message) => {
                link.malformed = 0;
                match envelope.class {
                    Class::Heartbeat => link.liveness.heartbeat(now),
                    _ => link.liveness.said(now),
                }
                count(&mut self.statistics.received);
                self.message(id, envelope, message);
            }
        }
    }

    fn message<R: Into<M>>(&mut self, id: ConnectionId, envelope: Envelope, message: R) {
        match envelope.class {
            Class::Heartbeat => {}
            Class::Notice(notice) => {
                if let Some(link) = self.link(id) {
                    link.notice = Some(notice);
                }
                self.unnumbered(id, unnumbered(message.into(), Origin::Live), envelope.size);
                // Nothing comes after this; waiting for the server to close would only cost time.
                if notice == Notice::AuthExpired {
                    self.end_connection(id, Cause::AuthExpired);
                }
            }
            Class::Accepted => self.subscribed(id),
            Class::Refused(refusal) => self.refused(id, refusal),
            Class::ReplayComplete => {
                self.subscribed(id);
                self.replay_complete(id);
            }
            Class::Data => {
                // Whoever sends data has accepted the subscription.
                self.subscribed(id);
                self.data(id, envelope, message);
            }
        }
    }

    fn data<R: Into<M>>(&mut self, id: ConnectionId, envelope: Envelope, message: R) {
        let now = self.now;
        let until = now.after(self.settings.replay_progress);
        let Some(link) = self.link(id) else { return };
        let origin = match &mut link.stage {
            Stage::Live(_) => Origin::Live,
            Stage::Replaying(progress) => {
                *progress = until;
                Origin::Replay
            }
            Stage::Dialing(_) | Stage::Subscribing(_) => return,
        };
        let Some(sequence) = envelope.sequence else {
            return self.unnumbered(id, unnumbered(message.into(), origin), envelope.size);
        };
        let mark = Mark { sequence, fingerprint: envelope.fingerprint };
        let item = Item { mark, size: envelope.size, origin, message };
        match origin {
            Origin::Live => self.live(item),
            _ => self.replayed(id, item),
        }
        self.flush();
        self.watch_hole();
    }

    /// What has no number is taken from one connection only. It is not sent again, so it is let go
    /// only when there is no room, and counted.
    fn unnumbered(&mut self, id: ConnectionId, event: Event<M>, size: usize) {
        if self.current.is_some() && !self.is_current(id) {
            return;
        }
        if self.lag.is_shedding() {
            count(&mut self.lag.lost);
            return count(&mut self.statistics.lost);
        }
        self.deliver(Delivery { event, size, fingerprint: 0 });
    }

    /// A numbered message from the current connection.
    pub(super) fn live<R: Into<M>>(&mut self, item: Item<R>) {
        let mark = item.mark;
        let Some(current) = &mut self.current else { return };
        if !current.sheds {
            let live = self.sequencer.live(item, &self.settings, &mut self.statistics);
            // From here on only the replay of another connection can tell.
            current.sheds = live != Live::Taken;
            if !current.sheds {
                return;
            }
            if live == Live::Dubious {
                self.dubious = Some(mark);
            }
        }
        self.let_go(mark.sequence);
    }

    fn replayed<R: Into<M>>(&mut self, id: ConnectionId, item: Item<R>) {
        let (now, only) = (self.now, self.current.is_none());
        let Some(link) = self.next.as_mut().and_then(Attempt::link_mut) else { return };
        let mark = item.mark;
        if let Some(barrier) = &mut link.barrier {
            return barrier.wait(item, &self.settings);
        }
        if link.sheds {
            if Some(mark.sequence) > self.sequencer.epoch.watermark {
                self.let_go(mark.sequence);
            }
            return;
        }
        if link.replay.begins_anew(mark) && self.trouble.may_begin_anew() {
            return self.end_connection(id, Cause::NumbersBeganAnew);
        }
        let (settings, statistics) = (&self.settings, &mut self.statistics);
        let (messages, bytes) = (settings.hold_messages, settings.hold_bytes);
        let goes_on = self.dubious.is_none();
        match link.replay.offer(item, &self.sequencer.epoch, goes_on, messages, bytes) {
            Offered::Waits => {}
            Offered::Passes(item) => self.sequencer.replayed(item, now, settings, statistics),
            Offered::Agreed(waited, item) => {
                self.sequencer.drop_held();
                for item in waited {
                    self.sequencer.replayed(item, now, settings, statistics);
                }
                self.sequencer.replayed(item, now, settings, statistics);
            }
            Offered::GoesOn(item) => {
                // The other connection, if there is one, may still bring what comes before.
                if only {
                    self.sequencer.drop_held();
                    self.sequencer.goes_on_at(mark.sequence, settings);
                }
                self.sequencer.replayed(item, now, settings, statistics);
            }
        }
    }

    /// A numbered message is not taken; a replay is to bring it.
    fn let_go(&mut self, sequence: u64) {
        let (low, high) = self.shed.unwrap_or((sequence, sequence));
        self.shed = Some((low.min(sequence), high.max(sequence)));
        count(&mut self.statistics.shed);
    }

    /// A message that is missing is given some time to come, before it is looked for.
    pub(super) fn watch_hole(&mut self) {
        let watermark = self.sequencer.epoch.watermark;
        if self.sequencer.held().is_empty() {
            self.hole = None;
        } else if self.hole.is_none_or(|(after, _)| after != watermark) {
            self.hole = Some((watermark, self.now.after(self.settings.hold)));
        }
    }
}

fn unnumbered<M>(message: M, origin: Origin) -> Event<M> {
    Event::Message { message, sequence: None, origin }
}
