//! Whose turn it is.

use std::time::Duration;

use fastrand::Rng;
use jiff::SignedDuration;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

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

/// Reads which one it befalls, from 1.
pub(super) fn nth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let nth = Some(u64::deserialize(deserializer)?).filter(|nth| *nth > 0);
    nth.map(Some).ok_or_else(|| D::Error::custom("the first is 1"))
}

/// Reads how many of a hundred it befalls.
pub(super) fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let percent = Some(u8::deserialize(deserializer)?).filter(|percent| (1..=100).contains(percent));
    percent.map(Some).ok_or_else(|| D::Error::custom("this is no share of a hundred: 1 to 100"))
}

/// Reads a duration such as `250ms`.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let duration = String::deserialize(deserializer)?.parse::<SignedDuration>().ok();
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration.map(Some).ok_or_else(|| D::Error::custom("this is no duration, as `250ms` or `2s`"))
}
