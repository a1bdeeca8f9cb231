//! A replay on one connection, from its first message to its end.

use super::held::Item;
use super::numbering::{Facts, MessageId, Numbering};

/// Most bytes of messages that wait for the verdict.
const MOST_BYTES: usize = 4 << 20;

#[derive(Debug)]
pub(super) struct Replay<M> {
    /// The last message that was delivered when the replay was asked for. None: it is the first
    /// replay of a numbering.
    pub(super) last: Option<MessageId>,
    /// Whether there was no other live connection since it was asked for, at any time.
    pub(super) away: bool,
    /// Whether it belongs to the known numbering.
    pub(super) proven: bool,
    pub(super) lowest: Option<u64>,
    pub(super) top: Option<u64>,
    comparable: Option<(u64, bool)>,
    /// How many messages it has.
    count: u64,
    /// Messages at or below the watermark that were not delivered, while nothing is proven.
    pub(super) late: Vec<Item<M>>,
    late_bytes: usize,
    /// A message came meanwhile of which only a later replay can tell what it means.
    pub(super) doubted: bool,
    /// More messages waited than fit.
    pub(super) overflowed: bool,
}

impl<M> Replay<M> {
    pub(super) fn new(last: Option<MessageId>, away: bool) -> Self {
        Self {
            last,
            away,
            proven: last.is_none(),
            lowest: None,
            top: None,
            comparable: None,
            count: 0,
            late: Vec::new(),
            late_bytes: 0,
            doubted: false,
            overflowed: false,
        }
    }

    /// Another message has this number.
    pub(super) fn count(&mut self, number: u64) {
        self.lowest = Some(self.lowest.map_or(number, |lowest| lowest.min(number)));
        if self.top.is_none_or(|top| number > top) {
            self.top = Some(number);
            self.count = self.count.saturating_add(1);
        }
    }

    /// Compares a message with what was delivered.
    pub(super) fn compare(&mut self, id: MessageId, known: &Numbering) {
        if let Some(known) = known.known(id.number)
            && self.comparable.is_none_or(|(highest, _)| id.number >= highest)
        {
            self.comparable = Some((id.number, known == id));
        }
    }

    /// What is known about it; none if it has nothing to prove.
    pub(super) fn facts(&self, second: bool) -> Option<Facts> {
        Some(Facts {
            watermark: self.last?.number,
            contains_last: self.proven,
            lowest: self.lowest,
            comparable: self.comparable.map(|(_, is_equal)| is_equal),
            second,
        })
    }

    /// Keeps a message for the verdict.
    pub(super) fn keep(&mut self, item: Item<M>, most: usize) {
        let bytes = self.late_bytes.saturating_add(item.size);
        if self.late.len() >= most || bytes > MOST_BYTES {
            self.overflowed = true;
        } else {
            self.late_bytes = bytes;
            self.late.push(item);
        }
    }

    /// Messages and bytes that wait for the verdict.
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.late.len(), self.late_bytes)
    }

    /// How many of its messages must have been delivered before, and were not.
    pub(super) fn surplus(&self, known: &Numbering) -> u64 {
        match (self.last, self.top) {
            (Some(_), Some(top)) => self.count.saturating_sub(known.delivered_up_to(top)),
            _ => 0,
        }
    }
}
