//! Clock, sleep and randomness of the attempt loop, replaceable in tests.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Where the attempt loop gets time and chance from, so that tests can script both.
pub(crate) trait TimeSource: Send + Sync {
    fn now(&self) -> Instant;

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Every value is as likely as any other.
    fn random(&self) -> u32;
}

/// Tokio's clock, and a random generator with a seed of its own.
pub(crate) struct SystemTime {
    generator: Mutex<fastrand::Rng>,
}

impl SystemTime {
    pub(crate) fn new(generator: fastrand::Rng) -> Self {
        Self { generator: Mutex::new(generator) }
    }
}

impl TimeSource for SystemTime {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u32 {
        self.generator.lock().unwrap_or_else(PoisonError::into_inner).u32(..)
    }
}

#[cfg(test)]
mod tests {
    use super::super::backoff::jitter;
    use super::*;

    #[test]
    fn clients_with_different_seeds_do_not_repeat_in_step() {
        let waits = |seed| {
            let time = SystemTime::new(fastrand::Rng::with_seed(seed));
            let wait =
                |attempt| jitter(Duration::from_millis(100), Duration::from_secs(5), attempt, time.random());
            (1..20).map(wait).collect::<Vec<_>>()
        };
        assert_eq!(waits(1), waits(1));
        assert!(waits(1).iter().zip(waits(2)).all(|(one, other)| one.abs_diff(other).as_micros() > 1));
    }

    #[test]
    fn every_client_has_a_seed_of_its_own() {
        let draw = || {
            let time = SystemTime::new(fastrand::Rng::new());
            [time.random(), time.random(), time.random(), time.random()]
        };
        assert_ne!(draw(), draw());
    }
}
