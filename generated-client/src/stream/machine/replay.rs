//! What the replay of a connection shows: whether it belongs to the known numbering.

use super::{MessageId, Moment};

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
            self.messages += 1;
        }
    }

    /// What it shows at its end, or at its first number above the watermark; `last` was the last
    /// delivered message when it was asked for, `second`: it is the second time of asking.
    pub(super) fn verdict(&self, last: MessageId, second: bool) -> Verdict {
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
pub(super) enum Verdict {
    /// The numbering is the known one, or goes on after the watermark.
    Proven,
    /// The replay is empty.
    Empty,
    /// The server numbers anew.
    NewNumbering,
    /// It comes from a copy that is behind, or of a new numbering: to be asked for again.
    AskAgain,
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
            (Some(10), Some((10, false)), NewNumbering, NewNumbering),
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
