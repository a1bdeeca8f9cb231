//! What is remembered of the messages of one numbering.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The number and the fingerprint of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) sequence: u64,
    pub(super) fingerprint: u64,
}

/// Consecutive numbers: one message that was delivered, or a gap that was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    from: u64,
    to: u64,
    /// None for a gap.
    fingerprint: Option<u64>,
}

/// What the memory says of a message at or below the watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// This very message was delivered.
    Same,
    /// Another one was delivered under its number.
    Different,
    /// It was reported as missing.
    Reported,
    /// It was neither delivered nor reported.
    Never,
    /// It is older than what is remembered.
    Older,
}

/// The first and the last messages of a numbering.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Epoch {
    pub(super) watermark: Option<u64>,
    pub(super) first: Option<Mark>,
    recent: VecDeque<Span>,
}

impl Epoch {
    /// A message was delivered, the next in order.
    pub(super) fn delivered(&mut self, mark: Mark, remember: usize) {
        self.first.get_or_insert(mark);
        self.pass(
            Span { from: mark.sequence, to: mark.sequence, fingerprint: Some(mark.fingerprint) },
            remember,
        );
    }

    /// The numbers from the watermark up to `to` were reported as missing.
    pub(super) fn reported(&mut self, from: u64, to: u64, remember: usize) {
        self.pass(Span { from, to, fingerprint: None }, remember);
    }

    fn pass(&mut self, span: Span, remember: usize) {
        self.watermark = Some(span.to);
        self.recent.push_back(span);
        self.forget(remember);
    }

    fn forget(&mut self, remember: usize) {
        while self.recent.len() > remember.max(1) {
            self.recent.pop_front();
        }
    }

    pub(super) fn known(&self, mark: Mark) -> Known {
        let compare =
            |fingerprint| if fingerprint == mark.fingerprint { Known::Same } else { Known::Different };
        match self.first {
            Some(first) if first.sequence == mark.sequence => return compare(first.fingerprint),
            Some(first) if mark.sequence < first.sequence => return Known::Never,
            _ => {}
        }
        let at = self.recent.partition_point(|span| span.to < mark.sequence);
        match self.recent.get(at) {
            Some(span) if span.from <= mark.sequence => span.fingerprint.map_or(Known::Reported, compare),
            _ if at == 0 => Known::Older,
            _ => Known::Never,
        }
    }

    /// Whether a message of this number was dealt with so long ago that nothing is remembered of it:
    /// [`Known::Older`], whatever it says.
    pub(super) fn is_older(&self, sequence: u64) -> bool {
        self.first.is_some_and(|first| first.sequence < sequence)
            && self.recent.front().is_some_and(|oldest| sequence < oldest.from)
    }

    /// A message within what is remembered was reported as missing after later ones were delivered.
    pub(super) fn reported_late(&mut self, sequence: u64, remember: usize) {
        let at = self.recent.partition_point(|span| span.to < sequence);
        if at > 0 {
            self.recent.insert(at, Span { from: sequence, to: sequence, fingerprint: None });
            self.forget(remember);
        }
    }

    /// Another message holds under a number that was delivered before.
    pub(super) fn corrected(&mut self, mark: Mark) {
        let of_first = self.first.as_mut().filter(|first| first.sequence == mark.sequence);
        if let Some(first) = of_first {
            *first = mark;
        }
        let at = self.recent.partition_point(|span| span.to < mark.sequence);
        if let Some(span) = self.recent.get_mut(at).filter(|span| span.from == mark.sequence) {
            span.fingerprint = Some(mark.fingerprint);
        }
    }

    /// The first message of the numbering is an earlier one than was known.
    pub(super) fn begins_with(&mut self, mark: Mark) {
        if self.first.is_none_or(|first| mark.sequence < first.sequence) {
            self.first = Some(mark);
        }
    }

    /// The same, remembering at most so many messages.
    pub(super) fn shortened(&self, remember: usize) -> Self {
        let skip = self.recent.len().saturating_sub(remember);
        Self { recent: self.recent.iter().skip(skip).copied().collect(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(sequence: u64) -> Mark {
        Mark { sequence, fingerprint: !sequence }
    }

    #[test]
    fn what_is_known_of_a_message() {
        let mut epoch = Epoch::default();
        for sequence in [5, 6, 7] {
            epoch.delivered(mark(sequence), 4);
        }
        epoch.reported(8, 10, 4);
        epoch.delivered(mark(11), 4);
        epoch.delivered(mark(14), 4);
        assert_eq!(epoch.watermark, Some(14));
        for (sequence, known) in [
            (4, Known::Never),
            (5, Known::Same),
            (6, Known::Older),
            (7, Known::Same),
            (8, Known::Reported),
            (10, Known::Reported),
            (11, Known::Same),
            (12, Known::Never),
            (14, Known::Same),
        ] {
            assert_eq!(epoch.known(mark(sequence)), known, "{sequence}");
        }
        let other = Mark { sequence: 11, fingerprint: 0 };
        assert_eq!(epoch.known(other), Known::Different);
        epoch.corrected(other);
        assert_eq!(epoch.known(other), Known::Same);
        epoch.reported_late(12, 5);
        assert_eq!(epoch.known(mark(12)), Known::Reported);
        assert_eq!(epoch.shortened(1).known(mark(11)), Known::Older);
        assert_eq!(epoch.shortened(1).known(mark(14)), Known::Same);
    }
}
