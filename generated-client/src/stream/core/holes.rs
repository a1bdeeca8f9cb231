//! Whether a hole in the numbers means that something is missing.

use std::collections::VecDeque;
use std::time::Duration;

use super::time::Moment;

/// The holes that no replay filled, and what follows from them.
#[derive(Debug)]
pub(super) struct Holes {
    unfilled: VecDeque<Moment>,
    by_design: bool,
}

impl Holes {
    pub(super) fn new(by_design: bool) -> Self {
        Self { unfilled: VecDeque::new(), by_design }
    }

    /// Whether the numbers have holes although nothing is missing.
    pub(super) fn by_design(&self) -> bool {
        self.by_design
    }

    /// A hole was not filled by a replay that has both of its ends. True if this shows that the
    /// numbers have holes by design; once.
    pub(super) fn unfilled(&mut self, now: Moment, enough: usize, window: Duration) -> bool {
        if self.by_design {
            return false;
        }
        while self.unfilled.front().is_some_and(|oldest| now.since(*oldest) > window) {
            self.unfilled.pop_front();
        }
        self.unfilled.push_back(now);
        self.by_design = self.unfilled.len() >= enough.max(1);
        if self.by_design {
            self.unfilled.clear();
        }
        self.by_design
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_within_an_hour_tell() {
        let minute = |minute: u64| Moment::at(Duration::from_secs(minute * 60));
        let mut holes = Holes::new(false);
        let told: Vec<_> = [0, 30, 61, 92, 93, 94]
            .map(|at| holes.unfilled(minute(at), 3, Duration::from_secs(3_600)))
            .into();
        assert_eq!(told, [false, false, false, false, true, false]);
    }
}
