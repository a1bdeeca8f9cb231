//! A sliding window: remembers the times of the last requests, so that no window holds too many.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Turns of which no window of time has more than a number.
///
/// The last turns are remembered, each a point in time, rather than a level that fills up: after a
/// pause, a bucket lets through its content and its rate at once, which is up to twice the limit.
#[derive(Debug)]
pub(super) struct Window {
    most: usize,
    length: Duration,
    /// The last `most`, in order; some may be to come.
    turns: VecDeque<Instant>,
}

impl Window {
    pub(super) fn new(most: usize, length: Duration) -> Self {
        Self { most, length, turns: VecDeque::new() }
    }

    /// The first turn from now on that is free; it comes after all that are taken.
    pub(super) fn next(&self, now: Instant) -> Instant {
        let last = self.turns.back().copied();
        let first = self.turns.front().filter(|_| self.turns.len() >= self.most);
        // A clock cannot come near the end of its time.
        let passed = first.and_then(|first| first.checked_add(self.length));
        [last, passed].into_iter().flatten().fold(now, Instant::max)
    }

    /// Takes a turn that [`next`](Self::next) gave, or a later one.
    pub(super) fn take(&mut self, turn: Instant) {
        if self.turns.len() >= self.most {
            self.turns.pop_front();
        }
        self.turns.push_back(turn);
    }
}
