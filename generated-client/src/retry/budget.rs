//! The retry budget of a client.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens that repetitions cost. When a server is down for good, they run out, and the client stops
/// adding to its load; every success gives some back.
#[derive(Debug)]
pub(crate) struct Budget {
    capacity: u32,
    left: AtomicU32,
}

impl Budget {
    /// A full budget.
    pub(crate) fn new(capacity: u32) -> Self {
        Self { capacity, left: AtomicU32::new(capacity) }
    }

    pub(crate) fn left(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes the cost of a repetition, all of it or nothing.
    pub(crate) fn take(&self, cost: u32) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// A call succeeded that spent this much on repetitions.
    pub(crate) fn succeeded(&self, spent: u32) {
        let earned = spent.saturating_add(1);
        let fill = |left: u32| Some(left.saturating_add(earned).min(self.capacity));
        // It fails only where the function answers none.
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fill);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_budget_is_never_overdrawn_and_recovers(
            capacity in 0u32..1000, steps in prop::collection::vec((any::<bool>(), 0u32..50), 0..200)
        ) {
            let budget = Budget::new(capacity);
            let mut expected = capacity;
            for (success, amount) in steps {
                if success {
                    budget.succeeded(amount);
                    expected = expected.saturating_add(amount).saturating_add(1).min(capacity);
                } else {
                    let enough = expected >= amount;
                    prop_assert_eq!(budget.take(amount), enough);
                    expected = if enough { expected.saturating_sub(amount) } else { expected };
                }
                prop_assert_eq!(budget.left(), expected);
            }
            for _ in 0..capacity {
                budget.succeeded(0);
            }
            prop_assert_eq!(budget.left(), capacity);
        }
    }

    #[test]
    fn it_is_shared_without_being_overdrawn() {
        let budget = Budget::new(500);
        let taken = std::thread::scope(|scope| {
            let takers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..1000).filter(|_| budget.take(14)).count())).collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum::<usize>()
        });
        assert_eq!((taken, budget.left()), (35, 10));
    }
}
