//! How long to wait before the next attempt.

use std::time::Duration;

/// Full jitter: anything from nothing up to `first`, doubled with every attempt up to `most`.
///
/// The whole range is drawn from, because clients that failed together must not come back together.
/// `attempt` is the number of the attempt that failed, from 1; `random` decides.
pub(crate) fn jitter(first: Duration, most: Duration, attempt: u32, random: u32) -> Duration {
    let doubled = 1u32.checked_shl(attempt - 1).unwrap_or(u32::MAX);
    let range = first.saturating_mul(doubled).min(most);
    let nanos = u64::try_from(range.as_nanos()).unwrap_or(u64::MAX);
    // Both factors are below 2^64 and 2^32, so that nothing is lost, and the result is below `nanos`.
    let drawn = (u128::from(nanos) * u128::from(random)) >> u32::BITS;
    Duration::from_nanos(u64::try_from(drawn).unwrap_or(nanos))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_range_doubles_up_to_its_end() {
        let (first, most) = (Duration::from_millis(100), Duration::from_secs(5));
        for (attempt, range) in [(1, 100), (2, 200), (3, 400), (6, 3200), (7, 5000), (99, 5000)] {
            assert_eq!(jitter(first, most, attempt, 0), Duration::ZERO);
            assert_eq!(jitter(first, most, attempt, 1 << 31), Duration::from_millis(range) / 2);
        }
    }

    proptest! {
        #[test]
        fn a_wait_is_within_its_bounds(
            first: Duration, most: Duration, attempt in 1u32.., random: u32
        ) {
            let wait = jitter(first, most, attempt, random);
            prop_assert!(wait <= most);
            if attempt == 1 {
                prop_assert!(wait <= first);
            }
        }
    }
}
