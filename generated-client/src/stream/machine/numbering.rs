//! The numbering of the messages: what a message is ([`Numbering::classify`]), and what a replay
//! shows ([`verdict`]).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A message: its number, and a hash of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub(super) struct MessageId {
    pub(super) number: u64,
    pub(super) hash: u64,
}

impl From<(u64, u64)> for MessageId {
    fn from((number, hash): (u64, u64)) -> Self {
        Self { number, hash }
    }
}

impl From<MessageId> for (u64, u64) {
    fn from(id: MessageId) -> Self {
        (id.number, id.hash)
    }
}

/// How a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Live,
    Replay,
}

/// What a message is, and what follows: first live, then in a replay.
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
    /// Other content for the first number while nothing is missing: the server numbers anew.
    BeginsAnew,
    /// Other content for a delivered number: a replay decides; delivered late, once it is proven.
    Different,
    /// Too old to tell: a replay decides; skipped.
    Forgotten,
}

/// What is known about a replay at its end, or at its first number above the watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// The number of the last message that was delivered when the replay was asked for.
    pub(super) watermark: u64,
    /// Whether it contained that message.
    pub(super) contains_last: bool,
    /// Its lowest number.
    pub(super) lowest: Option<u64>,
    /// Whether its highest message that can be compared with a delivered one is equal.
    pub(super) comparable: Option<bool>,
    /// Whether it is the second time of asking.
    pub(super) second: bool,
}

/// What a replay shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The numbering is the known one.
    Proven,
    /// The replay begins after the watermark.
    GoesOn,
    /// The replay is empty.
    Empty,
    /// The server numbers anew.
    NewNumbering,
    /// It comes from a copy that is behind, or of a new numbering: to be asked for again.
    AskAgain,
}

/// What a replay shows, by the facts.
pub(super) fn verdict(facts: Facts) -> Verdict {
    match facts {
        Facts { contains_last: true, .. } => Verdict::Proven,
        Facts { lowest: Some(lowest), watermark, .. } if lowest > watermark => Verdict::GoesOn,
        Facts { lowest: None, .. } => Verdict::Empty,
        Facts { comparable: Some(false), .. } => Verdict::NewNumbering,
        Facts { second: false, .. } => Verdict::AskAgain,
        Facts { second: true, .. } => Verdict::NewNumbering,
    }
}

/// Most ranges of missing numbers that are remembered.
const MOST_RANGES: usize = 256;

/// What is known of one numbering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbering {
    /// The highest number that was delivered.
    pub(super) watermark: Option<u64>,
    /// The first message that was delivered.
    pub(super) first: Option<MessageId>,
    /// The last messages that were delivered, in the order of their numbers.
    pub(super) recent: VecDeque<MessageId>,
    /// Ranges of numbers that were reported as missing, both ends included, in order.
    pub(super) missing: VecDeque<(u64, u64)>,
    /// How many messages were delivered.
    pub(super) delivered: u64,
    pub(super) steps: Steps,
}

impl Numbering {
    /// What a message is.
    pub(super) fn classify(&self, id: MessageId, source: Source) -> Class {
        let Some(watermark) = self.watermark else {
            // Numbers begin at 0 or 1. Before any other, a replay has to bring those below it.
            return if source == Source::Live && id.number > 1 { Class::Ahead } else { Class::Next };
        };
        if id.number > watermark {
            let is_next = id.number.saturating_sub(watermark) == 1 || self.is_sparse();
            return if is_next { Class::Next } else { Class::Ahead };
        }
        match self.known(id.number) {
            Some(known) if known == id => Class::Same,
            Some(known) if source == Source::Live && self.first == Some(known) && self.missing.is_empty() => {
                Class::BeginsAnew
            }
            Some(_) => Class::Different,
            None if self.is_reported(id.number) || self.is_remembered(id.number) => Class::Missing,
            None => Class::Forgotten,
        }
    }

    /// Whether a message of this number at or below the watermark is [`Class::Forgotten`], whatever
    /// its content.
    pub(super) fn is_forgotten(&self, number: u64) -> bool {
        Some(number) <= self.watermark
            && !self.is_remembered(number)
            && !self.is_reported(number)
            && self.known(number).is_none()
    }

    /// The delivered message of this number, if it is remembered.
    pub(super) fn known(&self, number: u64) -> Option<MessageId> {
        if let Some(first) = self.first.filter(|first| first.number == number) {
            return Some(first);
        }
        let at = self.recent.binary_search_by_key(&number, |id| id.number).ok()?;
        self.recent.get(at).copied()
    }

    fn is_remembered(&self, number: u64) -> bool {
        self.recent.front().is_some_and(|lowest| number > lowest.number)
    }

    fn is_reported(&self, number: u64) -> bool {
        self.missing.iter().any(|(from, to)| (*from..=*to).contains(&number))
    }

    /// Whether the server leaves out numbers by design, so that a skip is no hole.
    pub(super) fn is_sparse(&self) -> bool {
        self.steps.is_sparse()
    }

    /// The last delivered message.
    pub(super) fn last(&self) -> Option<MessageId> {
        self.watermark.and_then(|watermark| self.known(watermark))
    }

    /// A message above the watermark is delivered.
    pub(super) fn deliver(&mut self, id: MessageId, remember: usize) {
        if let Some(watermark) = self.watermark {
            self.steps.add(id.number.saturating_sub(watermark) > 1);
        }
        self.watermark = Some(id.number);
        self.first.get_or_insert(id);
        self.recent.push_back(id);
        self.delivered = self.delivered.saturating_add(1);
        self.forget(remember);
    }

    /// A message at or below the watermark is delivered.
    pub(super) fn deliver_late(&mut self, id: MessageId, remember: usize) {
        let is_first = self.first.is_some_and(|first| first.number == id.number);
        if is_first {
            self.first = Some(id);
        }
        match self.recent.binary_search_by_key(&id.number, |known| known.number) {
            Ok(at) => {
                if let Some(known) = self.recent.get_mut(at) {
                    *known = id;
                }
            }
            Err(_) if is_first => {}
            Err(at) => {
                self.delivered = self.delivered.saturating_add(1);
                if at > 0 {
                    self.recent.insert(at, id);
                    self.forget(remember);
                }
            }
        }
        self.no_longer_missing(id.number);
    }

    fn forget(&mut self, remember: usize) {
        while self.recent.len() > remember.max(1) {
            self.recent.pop_front();
        }
    }

    fn no_longer_missing(&mut self, number: u64) {
        let Some(at) = self.missing.iter().position(|(from, to)| (*from..=*to).contains(&number)) else {
            return;
        };
        let Some((from, to)) = self.missing.remove(at) else { return };
        let after = number.checked_add(1).filter(|after| *after <= to).map(|after| (after, to));
        let before = number.checked_sub(1).filter(|before| *before >= from).map(|before| (from, before));
        for part in after.into_iter().chain(before) {
            self.missing.insert(at, part);
        }
        self.forget_ranges();
    }

    /// The numbers between the watermark and `next` are reported as missing.
    pub(super) fn pass(&mut self, next: u64) {
        let from = self.watermark.map_or(0, |watermark| watermark.saturating_add(1));
        if from < next {
            self.missing.push_back((from, next.saturating_sub(1)));
            self.forget_ranges();
        }
    }

    fn forget_ranges(&mut self) {
        while self.missing.len() > MOST_RANGES {
            self.missing.pop_front();
        }
    }

    /// So many more messages count as delivered.
    pub(super) fn count(&mut self, messages: u64) {
        self.delivered = self.delivered.saturating_add(messages);
    }

    /// How many messages were delivered with numbers up to `top`, as far as that is remembered.
    pub(super) fn delivered_up_to(&self, top: u64) -> u64 {
        let above = self.recent.len().saturating_sub(self.recent.partition_point(|id| id.number <= top));
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
        self.known = self.known.saturating_add(1).min(u64::BITS);
    }

    fn is_sparse(self) -> bool {
        self.known >= 2 && self.skips.count_ones().saturating_mul(2) > self.known
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
        known.pass(15);
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
            assert_eq!(known.classify(id, Source::Live), live, "{id:?} live");
            assert_eq!(known.classify(id, Source::Replay), replay, "{id:?} in a replay");
        }
    }

    #[test]
    fn the_first_number_begins_a_numbering_only_live_and_while_nothing_is_missing() {
        let mut known = numbering(1..=10, 4);
        assert_eq!(known.classify(other(1), Source::Live), Class::BeginsAnew);
        assert_eq!(known.classify(other(1), Source::Replay), Class::Different);
        known.pass(12);
        known.deliver(id(12), 4);
        assert_eq!(known.classify(other(1), Source::Live), Class::Different);
        known.deliver_late(id(11), 4);
        assert_eq!(known.classify(other(1), Source::Live), Class::BeginsAnew);
    }

    #[test]
    fn an_unknown_numbering_begins_live_with_the_first_number_only() {
        let known = Numbering::default();
        for (number, live) in [(0, Class::Next), (1, Class::Next), (2, Class::Ahead)] {
            assert_eq!(known.classify(id(number), Source::Live), live);
            assert_eq!(known.classify(id(number), Source::Replay), Class::Next);
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
            assert_eq!(numbering(numbers.iter().copied(), 64).is_sparse(), sparse, "{numbers:?}");
        }
        // Only the last 64 steps count, in both directions.
        let dense = numbering((0..100).map(|n| n * 10).chain(991..1_023), 64);
        assert!(!dense.is_sparse());
        let sparse = numbering((0..100).chain((10..44).map(|n| n * 10)), 64);
        assert!(sparse.is_sparse());
        assert_eq!(sparse.classify(id(900), Source::Live), Class::Next);
        assert_eq!(sparse.classify(id(415), Source::Live), Class::Missing);
    }

    #[test]
    fn late_messages_are_remembered_in_their_place() {
        let mut known = numbering([1, 2], 4);
        known.pass(10);
        known.deliver(id(10), 4);
        known.deliver_late(id(5), 4);
        assert_eq!(known.missing, [(3, 4), (6, 9)]);
        assert_eq!(known.classify(id(5), Source::Replay), Class::Same);
        assert_eq!(known.classify(other(5), Source::Replay), Class::Different);
        known.deliver_late(other(2), 4);
        assert_eq!(known.classify(other(2), Source::Replay), Class::Same);
        assert_eq!((known.delivered, known.delivered_up_to(9), known.delivered_up_to(2)), (4, 3, 2));
    }

    #[test]
    fn at_most_256_ranges_are_remembered() {
        let mut known = numbering([0], 4);
        for number in (10..10_000).step_by(10) {
            known.pass(number);
            known.deliver(id(number), 4);
        }
        assert_eq!(known.missing.len(), 256);
        assert_eq!(known.classify(id(15), Source::Replay), Class::Forgotten);
        assert_eq!(known.classify(id(9_985), Source::Replay), Class::Missing);
    }

    #[test]
    fn replays_are_judged_by_the_table() {
        let facts =
            Facts { watermark: 10, contains_last: false, lowest: Some(1), comparable: None, second: false };
        for (facts, expected) in [
            (Facts { contains_last: true, comparable: Some(true), ..facts }, Verdict::Proven),
            (Facts { lowest: Some(11), ..facts }, Verdict::GoesOn),
            (Facts { lowest: Some(11), second: true, ..facts }, Verdict::GoesOn),
            (Facts { lowest: None, second: true, ..facts }, Verdict::Empty),
            (Facts { comparable: Some(false), ..facts }, Verdict::NewNumbering),
            (facts, Verdict::AskAgain),
            (Facts { comparable: Some(true), ..facts }, Verdict::AskAgain),
            (Facts { comparable: Some(true), second: true, ..facts }, Verdict::NewNumbering),
            (Facts { second: true, ..facts }, Verdict::NewNumbering),
        ] {
            assert_eq!(verdict(facts), expected, "{facts:?}");
        }
    }
}
