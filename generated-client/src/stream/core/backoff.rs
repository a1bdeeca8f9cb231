//! How long to wait before the next attempt to connect.

use std::time::Duration;

use super::settings::Settings;

/// Drawn evenly from between the least and the most for this attempt, so that streams that were cut
/// together do not come back together. `failures` counts the failed attempts in a row, from 1.
pub(super) fn wait(settings: &Settings, failures: u32, rng: &mut fastrand::Rng) -> Duration {
    let doubled = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let most = settings.backoff_first.saturating_mul(doubled).min(settings.backoff_most);
    between(settings.backoff_least, most, rng)
}

/// A time between the two; `least` if that is the larger one.
pub(super) fn between(least: Duration, most: Duration, rng: &mut fastrand::Rng) -> Duration {
    let range = u64::try_from(most.saturating_sub(least).as_nanos()).unwrap_or(u64::MAX);
    least.saturating_add(Duration::from_nanos(rng.u64(0..=range)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_is_within_the_table(failures in 1u32..100, seed: u64) {
            let settings = Settings::default();
            let most = (0.25 * 2f64.powi(failures.saturating_sub(1) as i32)).min(30.0);
            let wait = wait(&settings, failures, &mut fastrand::Rng::with_seed(seed)).as_secs_f64();
            prop_assert!((0.1..=most).contains(&wait), "{} is not within 0.1 to {}", wait, most);
        }
    }
}
