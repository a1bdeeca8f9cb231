//! Where a stream can go on in another process.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::epoch::{Epoch, Mark};
use super::event::{Event, Gap, GapReason, Origin};

/// How many messages a resume point remembers.
const REMEMBERED: usize = 64;

/// What a stream has to know to go on where the caller stopped, also in another process.
///
/// It stands behind the last event that the caller has taken, not behind what waits in the buffer. Save
/// it after an event has been dealt with and before the next one is taken: then every numbered
/// message is dealt with once, or at most the last one twice if the process ends in between.
///
/// It is plain data of a few kilobytes, without token or message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumePoint {
    pub(super) epoch: Epoch,
    pub(super) holes_by_design: bool,
}

impl ResumePoint {
    /// The number of the last message, if there was one.
    pub fn sequence(&self) -> Option<u64> {
        self.epoch.watermark
    }
}

/// What an event changes in the resume point once it is taken.
#[derive(Clone, Copy, Debug)]
enum Change {
    Nothing,
    Delivered(Mark),
    Corrected(Mark),
    Passed(Gap),
    BeganAnew,
    HolesByDesign,
}

/// Follows the caller through the buffer.
#[derive(Debug, Default)]
pub(super) struct Follower {
    at: ResumePoint,
    buffered: VecDeque<Change>,
}

impl Follower {
    pub(super) fn new(at: ResumePoint) -> Self {
        Self { at, buffered: VecDeque::new() }
    }

    /// An event goes into the buffer.
    pub(super) fn put<M>(&mut self, event: &Event<M>, fingerprint: u64) {
        let change = match event {
            Event::Message { sequence: Some(sequence), origin, .. } => {
                let mark = Mark { sequence: *sequence, fingerprint };
                match origin {
                    Origin::Correction => Change::Corrected(mark),
                    Origin::Live | Origin::Replay => Change::Delivered(mark),
                }
            }
            Event::Gap(gap) => Change::Passed(*gap),
            Event::EpochChanged { .. } => Change::BeganAnew,
            Event::NumbersHaveHoles => Change::HolesByDesign,
            _ => Change::Nothing,
        };
        self.buffered.push_back(change);
    }

    /// The caller took so many events.
    pub(super) fn taken(&mut self, events: usize, remember: usize) {
        for change in self.buffered.drain(..events.min(self.buffered.len())) {
            let epoch = &mut self.at.epoch;
            match change {
                Change::Nothing => {}
                Change::Delivered(mark) => epoch.delivered(mark, remember),
                Change::Corrected(mark) => epoch.corrected(mark),
                Change::Passed(Gap { after, before: Some(before), reason: GapReason::NotInReplay }) => {
                    let from = after.map_or(0, |after| after.saturating_add(1));
                    epoch.reported(from, before.saturating_sub(1), remember);
                }
                Change::Passed(Gap { before: Some(before), reason: GapReason::OutOfOrder, .. }) => {
                    epoch.reported_late(before.saturating_sub(1), remember);
                }
                Change::Passed(_) => {}
                Change::BeganAnew => *epoch = Epoch::default(),
                Change::HolesByDesign => self.at.holes_by_design = true,
            }
        }
    }

    pub(super) fn point(&self) -> ResumePoint {
        ResumePoint { epoch: self.at.epoch.shortened(REMEMBERED), ..self.at.clone() }
    }
}
