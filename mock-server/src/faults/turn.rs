//! Whose turn it is.

use fastrand::Rng;

/// Which of the calls or messages that a fault concerns it befalls; all of them unless said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// Only this one, from 1, counted from when the fault was added.
    pub(super) nth: Option<u64>,
    /// So many of a hundred, by chance.
    pub(super) percent: Option<u8>,
}

/// A fault, and how often it could have been its turn.
pub(super) struct Armed<F> {
    pub(super) fault: F,
    turn: Turn,
    seen: u64,
}

impl<F> Armed<F> {
    pub(super) fn new(turn: Turn, fault: F) -> Self {
        Self { fault, turn, seen: 0 }
    }

    /// Whether it befalls this one, which is counted.
    pub(super) fn is_due(&mut self, random: &mut Rng) -> bool {
        self.seen += 1;
        let Turn { nth, percent } = self.turn;
        nth.is_none_or(|nth| nth == self.seen) && percent.is_none_or(|percent| random.u8(..100) < percent)
    }
}
