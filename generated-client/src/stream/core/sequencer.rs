//! Every numbered message once, in order, or a gap in its place.

use super::epoch::{Epoch, Known};
use super::event::{Event, Gap, GapReason, Origin};
use super::held::{Held, Item};
use super::holes::Holes;
use super::settings::Settings;
use super::statistics::Statistics;
use super::time::Moment;

/// An event and its size in the caller's buffer.
#[derive(Debug)]
pub(super) struct Delivery<M> {
    pub(super) event: Event<M>,
    pub(super) size: usize,
    /// Of a numbered message.
    pub(super) fingerprint: u64,
}

impl<M> Delivery<M> {
    pub(super) fn of(event: Event<M>) -> Self {
        Self { event, size: 0, fingerprint: 0 }
    }
}

/// What became of a live message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Live {
    /// It was delivered, had been before, or waits for its turn.
    Taken,
    /// It is before its turn, and no more can wait.
    NoRoom,
    /// It has an old number and is not what was delivered under it: only a replay can tell what
    /// that means.
    Dubious,
}

/// Brings the numbered messages of all connections in order.
#[derive(Debug)]
pub(super) struct Sequencer<M> {
    pub(super) epoch: Epoch,
    pub(super) holes: Holes,
    held: Held<M>,
    pub(super) out: Vec<Delivery<M>>,
}

impl<M> Sequencer<M> {
    pub(super) fn new(epoch: Epoch, holes: Holes) -> Self {
        Self { epoch, holes, held: Held::default(), out: Vec::new() }
    }

    pub(super) fn held(&self) -> &Held<M> {
        &self.held
    }

    /// A message from a connection that is live.
    pub(super) fn live<R: Into<M>>(
        &mut self,
        item: Item<R>,
        settings: &Settings,
        statistics: &mut Statistics,
    ) -> Live {
        let sequence = item.mark.sequence;
        if Some(sequence) <= self.epoch.watermark {
            return match self.epoch.known(item.mark) {
                Known::Same => {
                    count(&mut statistics.duplicates);
                    Live::Taken
                }
                _ => Live::Dubious,
            };
        }
        if self.is_next(sequence) {
            self.release(item.keep(), settings);
            self.drain(settings);
            return Live::Taken;
        }
        match self.held.get(sequence) {
            Some(held) if held == item.mark => {
                count(&mut statistics.duplicates);
                Live::Taken
            }
            Some(_) => {
                self.held.remove(sequence);
                Live::Dubious
            }
            None if self.held.is_full(item.size, settings.hold_messages, settings.hold_bytes) => Live::NoRoom,
            None => {
                count(&mut statistics.early);
                self.held.insert(item.keep());
                Live::Taken
            }
        }
    }

    /// A message of a replay that belongs to the known numbering.
    pub(super) fn replayed<R: Into<M>>(
        &mut self,
        item: Item<R>,
        now: Moment,
        settings: &Settings,
        statistics: &mut Statistics,
    ) {
        let sequence = item.mark.sequence;
        if Some(sequence) <= self.epoch.watermark {
            return match self.epoch.known(item.mark) {
                Known::Same | Known::Reported | Known::Older => count(&mut statistics.duplicates),
                Known::Different => {
                    self.epoch.corrected(item.mark);
                    self.deliver(Item { origin: Origin::Correction, ..item.keep() });
                }
                Known::Never => {
                    self.epoch.reported_late(sequence, settings.remember);
                    self.gap(sequence.checked_sub(1), sequence.checked_add(1), GapReason::OutOfOrder);
                }
            };
        }
        if self.epoch.watermark.is_none() || self.is_next(sequence) {
            self.release(item.keep(), settings);
            return self.drain(settings);
        }
        self.held.insert(item.keep());
        // The replay is the truth: what is not next by now is not there.
        while self.held.is_full(0, settings.hold_messages, settings.hold_bytes) {
            self.pass_hole(Some(now), settings);
        }
    }

    /// A replay begins after everything known: what is missing before it does not come any more.
    pub(super) fn goes_on_at(&mut self, first: u64, settings: &Settings) {
        let Some(last) = first.checked_sub(1) else { return };
        self.settle(Some(last), None, settings);
        if self.epoch.watermark < Some(last) {
            self.pass(first, settings);
        }
    }

    /// Everything up to `top` has been replayed: what is missing below it does not come any more.
    /// With the moment, holes count as such that no replay fills.
    pub(super) fn settle(&mut self, top: Option<u64>, counted: Option<Moment>, settings: &Settings) {
        while self.held.range().is_some_and(|(lowest, _)| Some(lowest) <= top) {
            self.pass_hole(counted, settings);
        }
    }

    /// Lets go of what waits. It came before a replay, or is not in it; the replay is the truth, and
    /// brings it if it is to come.
    pub(super) fn drop_held(&mut self) {
        self.held.clear();
    }

    /// Messages after the last one may be missing, and are not in the replay.
    pub(super) fn not_replayed(&mut self) {
        self.gap(self.epoch.watermark, None, GapReason::NotInReplay);
    }

    /// The server numbers its messages anew, beginning with those of a replay. What is still held is
    /// of the old numbers, unless it is in the replay too.
    pub(super) fn begin_epoch(
        &mut self,
        lossless: bool,
        replay: &[Item<M>],
        first: u64,
        settings: &Settings,
    ) {
        for item in replay {
            if self.held.get(item.mark.sequence) == Some(item.mark) {
                self.held.remove(item.mark.sequence);
            }
        }
        let highest = self.held.range().map(|(_, highest)| highest);
        self.settle(highest, None, settings);
        let before = std::mem::take(&mut self.epoch).watermark;
        self.out.push(Delivery::of(Event::EpochChanged { lossless }));
        if !lossless {
            self.gap(before, Some(first), GapReason::NumbersBeganAnew);
        }
    }

    fn is_next(&self, sequence: u64) -> bool {
        match self.epoch.watermark {
            _ if self.holes.by_design() => true,
            Some(watermark) => watermark.checked_add(1) == Some(sequence),
            // Nothing was replayed, so this is the first message of all, if numbers begin at 0 or 1.
            // If others came before, only a replay can tell whether they are of the same numbers.
            None => sequence <= 1 && self.held.is_empty(),
        }
    }

    /// Delivers what waited for the watermark to come so far.
    fn drain(&mut self, settings: &Settings) {
        while let Some((lowest, _)) = self.held.range() {
            if Some(lowest) > self.epoch.watermark && !self.is_next(lowest) {
                return;
            }
            if let Some(item) = self.held.remove(lowest)
                && Some(lowest) > self.epoch.watermark
            {
                self.release(item, settings);
            }
        }
    }

    /// Gives up what is missing below the lowest message that waits.
    fn pass_hole(&mut self, counted: Option<Moment>, settings: &Settings) {
        let Some((lowest, _)) = self.held.range() else { return };
        if Some(lowest) > self.epoch.watermark && !self.is_next(lowest) {
            self.pass(lowest, settings);
            let by_design = counted.is_some_and(|now| {
                self.holes.unfilled(now, settings.unfilled_holes, settings.unfilled_window)
            });
            if by_design {
                self.out.push(Delivery::of(Event::NumbersHaveHoles));
            }
        }
        self.drain(settings);
    }

    /// Reports as missing what is between the watermark and `next`.
    fn pass(&mut self, next: u64, settings: &Settings) {
        let from = self.epoch.watermark.map_or(0, |watermark| watermark.saturating_add(1));
        self.gap(self.epoch.watermark, Some(next), GapReason::NotInReplay);
        self.epoch.reported(from, next.saturating_sub(1), settings.remember);
    }

    fn release(&mut self, item: Item<M>, settings: &Settings) {
        self.epoch.delivered(item.mark, settings.remember);
        self.deliver(item);
    }

    fn deliver(&mut self, item: Item<M>) {
        let Item { mark, size, origin, message } = item;
        let event = Event::Message { message, sequence: Some(mark.sequence), origin };
        self.out.push(Delivery { event, size, fingerprint: mark.fingerprint });
    }

    fn gap(&mut self, after: Option<u64>, before: Option<u64>, reason: GapReason) {
        self.out.push(Delivery::of(Event::Gap(Gap { after, before, reason })));
    }
}

pub(super) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
