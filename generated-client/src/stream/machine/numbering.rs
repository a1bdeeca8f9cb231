//! The numbering of the messages: what a message is ([`Numbering::classify`]), and where another
//! process can go on ([`ResumePoint`]).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Origin, count};

/// A message: its number, and a hash of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MessageId {
    pub(super) number: u64,
    pub(super) hash: u64,
}

/// What a message is: the rows of the table, and what follows if it is live, or in a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The next one: delivered.
    Next,
    /// Numbers before it are missing: held until a replay brings them; delivered after a gap.
    Ahead,
    /// Delivered before: dropped.
    Same,
    /// Passed over before: delivered late; the same, once the replay is proven.
    Missing,
    /// Other content for a delivered number: the first number begins a new numbering while nothing is
    /// held or missing, otherwise a replay decides; delivered late, once the replay is proven.
    Different,
    /// Too old to tell: a replay decides; skipped.
    Forgotten,
}

/// Most ranges of missing numbers that are remembered.
const MOST_RANGES: usize = 256;

/// What is known of one numbering.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Numbering {
    /// The message with the lowest number that was delivered.
    pub(super) first: Option<MessageId>,
    /// The last messages that were delivered, in the order of their numbers. Empty only before the
    /// first.
    recent: VecDeque<MessageId>,
    /// Ranges of numbers that were reported as missing, both ends included, in order.
    pub(super) missing: VecDeque<(u64, u64)>,
    /// How many messages were delivered.
    pub(super) delivered: u64,
    /// The mode is learned anew in every process.
    #[serde(skip)]
    pub(super) steps: Steps,
}

/// What an event changes in the numbering: at once where it is made, and later where it is taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Nothing,
    /// A message is delivered; late, if it is not above the watermark.
    Delivered(MessageId),
    /// The numbers between the watermark and this one are reported as missing.
    Passed(u64),
    /// So many messages that are too old to tell are reported as missing: they count as delivered.
    Counted(u64),
    Renumbered,
}

impl Numbering {
    /// The last delivered message: that with the highest number.
    pub(super) fn last(&self) -> Option<MessageId> {
        self.recent.back().copied()
    }

    /// The highest number that was delivered.
    pub(super) fn watermark(&self) -> Option<u64> {
        self.last().map(|last| last.number)
    }

    /// Whether a message with this number skips others.
    pub(super) fn skips(&self, number: u64) -> bool {
        self.watermark().is_some_and(|watermark| number.saturating_sub(watermark) > 1)
    }

    /// What a message is.
    pub(super) fn classify(&self, id: MessageId, origin: Origin) -> Class {
        let Some(watermark) = self.watermark() else {
            // Numbers begin at 0 or 1. Before any other, a replay has to bring those below it.
            return if origin == Origin::Live && id.number > 1 { Class::Ahead } else { Class::Next };
        };
        if id.number > watermark {
            return if self.skips(id.number) && !self.steps.are_sparse() {
                Class::Ahead
            } else {
                Class::Next
            };
        }
        let is_remembered = self.recent.front().is_some_and(|lowest| id.number > lowest.number);
        // Live, one below the first is more likely of a new numbering.
        let is_before_all = origin != Origin::Live && self.remembers_all();
        match self.known(id.number) {
            Some(known) if known == id => Class::Same,
            Some(_) => Class::Different,
            None if is_remembered || is_before_all || self.range_of(id.number).is_some() => Class::Missing,
            None => Class::Forgotten,
        }
    }

    /// Whether a live message that is [`Class::Different`] begins a new numbering, as far as is known here.
    pub(super) fn can_begin_anew(&self, id: MessageId) -> bool {
        self.missing.is_empty() && self.first.is_some_and(|first| first.number == id.number)
    }

    /// Whether all delivered messages are remembered, so that one that is not known was not delivered.
    fn remembers_all(&self) -> bool {
        u64::try_from(self.recent.len()) == Ok(self.delivered)
    }

    /// The delivered message of this number, if it is remembered.
    pub(super) fn known(&self, number: u64) -> Option<MessageId> {
        let at = self.recent.binary_search_by_key(&number, |id| id.number).ok();
        let recent = at.and_then(|at| self.recent.get(at)).copied();
        recent.or(self.first.filter(|first| first.number == number))
    }

    /// Which of the missing ranges a number is in.
    fn range_of(&self, number: u64) -> Option<usize> {
        self.missing.iter().position(|(from, to)| (*from..=*to).contains(&number))
    }

    pub(super) fn apply(&mut self, change: Change, remember: usize) {
        match change {
            Change::Nothing => {}
            Change::Delivered(id) => self.deliver(id, remember),
            Change::Passed(next) => {
                let from = self.watermark().map_or(0, |watermark| watermark.saturating_add(1));
                debug_assert!(from < next, "{next} is not ahead");
                self.missing.push_back((from, next - 1));
            }
            Change::Counted(messages) => self.delivered = self.delivered.saturating_add(messages),
            Change::Renumbered => *self = Self::default(),
        }
        while self.missing.len() > MOST_RANGES {
            self.missing.pop_front();
        }
    }

    fn deliver(&mut self, id: MessageId, remember: usize) {
        match self.watermark() {
            Some(watermark) if id.number <= watermark => self.deliver_late(id),
            watermark => {
                if let Some(watermark) = watermark {
                    self.steps.add(id.number - watermark > 1);
                }
                count(&mut self.delivered);
                self.recent.push_back(id);
            }
        }
        if self.first.is_none_or(|first| id.number <= first.number) {
            self.first = Some(id);
        }
        self.forget(remember.max(1));
    }

    fn deliver_late(&mut self, id: MessageId) {
        let remembers_all = self.remembers_all();
        if self.known(id.number).is_none() {
            count(&mut self.delivered);
        }
        if let Some(at) = self.range_of(id.number)
            && let Some((from, to)) = self.missing.remove(at)
        {
            if id.number < to {
                self.missing.insert(at, (id.number + 1, to));
            }
            if from < id.number {
                self.missing.insert(at, (from, id.number - 1));
            }
        }
        let at = self.recent.partition_point(|known| known.number < id.number);
        match self.recent.get_mut(at).filter(|known| known.number == id.number) {
            Some(known) => *known = id,
            None if at == 0 && !remembers_all => {}
            None => self.recent.insert(at, id),
        }
    }

    /// Remembers the last so many messages only.
    fn forget(&mut self, remember: usize) {
        while self.recent.len() > remember {
            self.recent.pop_front();
        }
    }

    /// How many messages were delivered with numbers up to `top`, as far as that is remembered.
    pub(super) fn delivered_up_to(&self, top: u64) -> u64 {
        let above = self.recent.iter().rev().take_while(|id| id.number > top).count();
        self.delivered.saturating_sub(u64::try_from(above).unwrap_or(u64::MAX))
    }
}

/// Of the last 64 steps from one delivered message to the next: which skipped a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    skips: u64,
    known: u32,
}

impl Steps {
    fn add(&mut self, skips: bool) {
        self.skips = (self.skips << 1) | u64::from(skips);
        self.known = (self.known + 1).min(u64::BITS);
    }

    /// Whether the server leaves out numbers by design, so that a skip is no hole.
    pub(super) fn are_sparse(self) -> bool {
        self.known >= 2 && self.skips.count_ones() * 2 > self.known
    }
}

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
#[serde(try_from = "Numbering")]
pub struct ResumePoint(pub(super) Numbering);

impl ResumePoint {
    pub(super) fn new(mut numbering: Numbering) -> Self {
        numbering.forget(REMEMBERED);
        Self(numbering)
    }

    /// The highest number that was delivered, if there was one.
    pub fn sequence(&self) -> Option<u64> {
        self.0.watermark()
    }
}

impl TryFrom<Numbering> for ResumePoint {
    type Error = &'static str;

    fn try_from(numbering: Numbering) -> Result<Self, Self::Error> {
        let Numbering { first, recent, missing, .. } = &numbering;
        let begins = first.map(|first| first.number);
        if !recent.iter().is_sorted_by(|before, after| before.number < after.number) {
            return Err("the recent messages of the resume point are not in order");
        }
        if first.is_some() == recent.is_empty() || begins > recent.front().map(|recent| recent.number) {
            return Err("the first message of the resume point is not before the recent ones");
        }
        if !missing.iter().is_sorted_by(|before, after| before.1 < after.0)
            || missing.iter().any(|(from, to)| from > to || Some(*to) >= numbering.watermark())
        {
            return Err("the missing messages of the resume point are not in order");
        }
        Ok(Self(numbering))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> MessageId {
        MessageId { number, hash: !number }
    }

    fn other(number: u64) -> MessageId {
        MessageId { number, hash: 0 }
    }

    fn numbering(numbers: impl IntoIterator<Item = u64>, remember: usize) -> Numbering {
        let mut numbering = Numbering::default();
        numbers.into_iter().for_each(|number| numbering.deliver(id(number), remember));
        numbering
    }

    #[test]
    fn messages_are_classified_by_the_table() {
        use Class::*;
        let mut known = numbering(1..=10, 4);
        known.apply(Change::Passed(15), 4);
        known.deliver(id(15), 4);
        for (id, live, replay) in [
            (id(16), Next, Next),
            (id(17), Ahead, Ahead),
            (id(15), Same, Same),
            (id(9), Same, Same),
            (id(1), Same, Same),
            (id(11), Missing, Missing),
            (id(14), Missing, Missing),
            (other(15), Different, Different),
            (other(1), Different, Different),
            (id(5), Forgotten, Forgotten),
            (id(0), Forgotten, Forgotten),
        ] {
            assert_eq!(known.classify(id, Origin::Live), live, "{id:?} live");
            assert_eq!(known.classify(id, Origin::Replay), replay, "{id:?} in a replay");
        }
    }

    #[test]
    fn the_first_number_begins_a_numbering_while_nothing_is_missing() {
        let mut known = numbering(1..=10, 4);
        assert!(known.can_begin_anew(other(1)) && !known.can_begin_anew(other(2)));
        known.apply(Change::Passed(12), 4);
        known.deliver(id(12), 4);
        assert!(!known.can_begin_anew(other(1)));
        known.deliver(id(11), 4);
        assert!(known.can_begin_anew(other(1)));
    }

    #[test]
    fn an_unknown_numbering_begins_live_with_the_first_number_only() {
        let known = Numbering::default();
        for (number, live) in [(0, Class::Next), (1, Class::Next), (2, Class::Ahead)] {
            assert_eq!(known.classify(id(number), Origin::Live), live);
            assert_eq!(known.classify(id(number), Origin::Replay), Class::Next);
        }
    }

    #[test]
    fn numbers_are_sparse_while_more_than_half_of_the_steps_skip() {
        for (numbers, sparse) in [
            (vec![10], false),
            (vec![10, 20], false),
            (vec![10, 20, 30], true),
            (vec![10, 20, 30, 31], true),
            (vec![10, 20, 30, 31, 32], false),
            (vec![1, 2, 3, 5, 7], false),
            (vec![1, 2, 3, 5, 7, 9], true),
            (vec![1, 2, 3, 5, 7, 9, 10], false),
        ] {
            assert_eq!(numbering(numbers.iter().copied(), 64).steps.are_sparse(), sparse, "{numbers:?}");
        }
        // Only the last 64 steps count, in both directions.
        let dense = numbering((0..100).map(|n| n * 10).chain(991..1_023), 64);
        assert!(!dense.steps.are_sparse());
        let sparse = numbering((0..100).chain((10..44).map(|n| n * 10)), 64);
        assert!(sparse.steps.are_sparse());
        assert_eq!(sparse.classify(id(900), Origin::Live), Class::Next);
        assert_eq!(sparse.classify(id(415), Origin::Live), Class::Missing);
    }

    #[test]
    fn late_messages_are_remembered_in_their_place() {
        let mut known = numbering([1, 2], 4);
        known.apply(Change::Passed(10), 4);
        known.deliver(id(10), 4);
        known.deliver(id(5), 4);
        assert_eq!(known.missing, [(3, 4), (6, 9)]);
        assert_eq!(known.classify(id(5), Origin::Replay), Class::Same);
        assert_eq!(known.classify(other(5), Origin::Replay), Class::Different);
        known.deliver(other(2), 4);
        assert_eq!(known.classify(other(2), Origin::Replay), Class::Same);
        assert_eq!((known.delivered, known.delivered_up_to(9), known.delivered_up_to(2)), (4, 3, 2));
    }

    #[test]
    fn a_replay_can_bring_messages_before_all_others_while_none_is_forgotten() {
        let mut known = numbering([3, 4], 4);
        assert_eq!(known.classify(id(1), Origin::Live), Class::Forgotten);
        assert_eq!(known.classify(id(1), Origin::Replay), Class::Missing);
        known.deliver(id(1), 4);
        assert_eq!((known.first, known.delivered), (Some(id(1)), 3));
        assert_eq!(known.classify(id(1), Origin::Replay), Class::Same);
        assert_eq!(known.classify(id(2), Origin::Live), Class::Missing);
        (5..=7).for_each(|number| known.deliver(id(number), 4));
        assert_eq!(known.classify(id(0), Origin::Replay), Class::Forgotten);
        assert!(ResumePoint::try_from(known).is_ok());
    }

    #[test]
    fn at_most_256_ranges_are_remembered() {
        let mut known = numbering([0], 4);
        for number in (10..10_000).step_by(10) {
            known.apply(Change::Passed(number), 4);
            known.deliver(id(number), 4);
        }
        assert_eq!(known.missing.len(), 256);
        assert_eq!(known.classify(id(15), Origin::Replay), Class::Forgotten);
        assert_eq!(known.classify(id(9_985), Origin::Replay), Class::Missing);
    }

    #[test]
    fn a_resume_point_survives_being_saved() {
        let mut numbering = Numbering::default();
        for number in 1..=2_000 {
            if number % 500 == 0 {
                numbering.apply(Change::Passed(number + 1), 4);
            } else {
                numbering.deliver(MessageId { number, hash: u64::MAX - number }, 1_024);
            }
        }
        numbering.deliver(MessageId { number: 2_001, hash: 1 }, 1_024);
        let point = ResumePoint::new(numbering);
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
