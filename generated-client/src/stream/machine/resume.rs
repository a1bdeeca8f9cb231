//! Where a stream can go on in another process.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::event::{Event, Gap, GapReason, Origin};
use super::numbering::{MessageId, Numbering};

/// How many messages a resume point remembers.
const REMEMBERED: usize = 64;

/// What a stream has to know to go on where the caller stopped, also in another process.
///
/// It describes the place after the last event that the caller has taken; what waits in the buffer
/// does not count. Save it after an event was processed and before the next one is taken: then every
/// numbered message is processed once, or the last one twice if the process ends in between.
///
/// It is plain data of a few kilobytes, without tokens and without the content of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct ResumePoint(pub(super) Numbering);

impl ResumePoint {
    /// The highest number that was delivered, if there was one.
    pub fn sequence(&self) -> Option<u64> {
        self.0.watermark
    }
}

/// A resume point as it is written.
#[derive(Serialize, Deserialize)]
struct Saved {
    first: Option<MessageId>,
    recent: VecDeque<MessageId>,
    missing: VecDeque<(u64, u64)>,
    delivered: u64,
}

impl From<ResumePoint> for Saved {
    fn from(ResumePoint(Numbering { first, recent, missing, delivered, .. }): ResumePoint) -> Self {
        Self { first, recent, missing, delivered }
    }
}

impl TryFrom<Saved> for ResumePoint {
    type Error = &'static str;

    fn try_from(Saved { first, recent, missing, delivered }: Saved) -> Result<Self, Self::Error> {
        let watermark = recent.back().map(|last| last.number);
        let begins = first.map(|first| first.number);
        if !recent.iter().is_sorted_by(|before, after| before.number < after.number) {
            return Err("the recent messages of the resume point are not in order");
        }
        if first.is_some() == recent.is_empty() || begins > recent.front().map(|recent| recent.number) {
            return Err("the first message of the resume point is not before the recent ones");
        }
        if !missing.iter().is_sorted_by(|before, after| before.1 < after.0)
            || missing.iter().any(|(from, to)| from > to || Some(*to) >= watermark)
        {
            return Err("the missing messages of the resume point are not in order");
        }
        Ok(Self(Numbering { watermark, first, recent, missing, delivered, ..Numbering::default() }))
    }
}

/// What an event changes in the resume point once it is taken.
#[derive(Clone, Copy, Debug)]
enum Change {
    Nothing,
    Delivered(MessageId),
    DeliveredLate(MessageId),
    Passed(u64),
    Counted(u64),
    Renumbered,
}

/// Follows the caller through the buffer.
#[derive(Debug)]
pub(super) struct Follower {
    at: Numbering,
    buffered: VecDeque<Change>,
}

impl Follower {
    pub(super) fn new(at: Numbering) -> Self {
        Self { at, buffered: VecDeque::new() }
    }

    /// An event goes into the buffer. `detail` is the hash of a numbered message; of a gap that is too
    /// old to tell, how many messages are missing.
    pub(super) fn put<M>(&mut self, event: &Event<M>, detail: u64) {
        let change = match event {
            Event::Message { sequence: Some(number), origin, .. } => {
                let id = MessageId { number: *number, hash: detail };
                match origin {
                    Origin::Late => Change::DeliveredLate(id),
                    Origin::Live | Origin::Replay => Change::Delivered(id),
                }
            }
            Event::Gap(Gap { after: Some(_), before: Some(next), reason: GapReason::NotInReplay }) => {
                Change::Passed(*next)
            }
            Event::Gap(Gap { reason: GapReason::TooOld, .. }) => Change::Counted(detail),
            Event::EpochChanged { .. } => Change::Renumbered,
            _ => Change::Nothing,
        };
        self.buffered.push_back(change);
    }

    /// The caller took so many events.
    pub(super) fn taken(&mut self, events: usize, remember: usize) {
        for change in self.buffered.drain(..events.min(self.buffered.len())) {
            match change {
                Change::Nothing => {}
                Change::Delivered(id) => self.at.deliver(id, remember),
                Change::DeliveredLate(id) => self.at.deliver_late(id, remember),
                Change::Passed(next) => self.at.pass(next),
                Change::Counted(messages) => self.at.count(messages),
                Change::Renumbered => self.at = Numbering::default(),
            }
        }
    }

    pub(super) fn point(&self) -> ResumePoint {
        let mut point = self.at.clone();
        let excess = point.recent.len().saturating_sub(REMEMBERED);
        point.recent.drain(..excess);
        ResumePoint(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resume_point_survives_being_saved() {
        let mut numbering = Numbering::default();
        for number in 1..=2_000 {
            if number % 500 == 0 {
                numbering.pass(number + 1);
            } else {
                numbering.deliver(MessageId { number, hash: u64::MAX - number }, 1_024);
            }
        }
        numbering.deliver(MessageId { number: 2_001, hash: 1 }, 1_024);
        let point = Follower::new(numbering).point();
        let text = serde_json::to_string(&point).unwrap();
        assert!(text.len() < 4_096, "{} bytes", text.len());
        let read: ResumePoint = serde_json::from_str(&text).unwrap();
        assert_eq!(read.sequence(), Some(2_001));
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let none = serde_json::to_string(&ResumePoint::default()).unwrap();
        assert_eq!(serde_json::from_str::<ResumePoint>(&none).unwrap(), ResumePoint::default());
    }

    #[test]
    fn a_resume_point_that_makes_no_sense_is_refused() {
        for (text, reason) in [
            (r#"{"first":null,"recent":[[1,1]],"missing":[],"delivered":1}"#, "first message"),
            (r#"{"first":[5,1],"recent":[[1,1]],"missing":[],"delivered":1}"#, "first message"),
            (r#"{"first":[1,1],"recent":[[2,1],[2,1]],"missing":[],"delivered":1}"#, "recent messages"),
            (r#"{"first":[1,1],"recent":[[9,1]],"missing":[[5,4]],"delivered":1}"#, "missing messages"),
            (r#"{"first":[1,1],"recent":[[9,1]],"missing":[[4,5],[5,6]],"delivered":1}"#, "missing messages"),
            (r#"{"first":[1,1],"recent":[[9,1]],"missing":[[4,9]],"delivered":1}"#, "missing messages"),
            (r#"{"epoch":{"watermark":1},"holes_by_design":false}"#, "missing field"),
        ] {
            let error = serde_json::from_str::<ResumePoint>(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
