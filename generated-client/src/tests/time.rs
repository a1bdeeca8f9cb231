//! Time that passes only when somebody sleeps, and chance that is known.

use std::pin::Pin;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::retry::TimeSource;

/// Sleeps take no time, but the clock shows that they did.
pub(crate) struct ScriptedTime {
    start: Instant,
    sleeps: Mutex<Vec<Duration>>,
    random: u32,
}

/// What is drawn lies in the middle of its range.
impl Default for ScriptedTime {
    fn default() -> Self {
        Self { start: Instant::now(), sleeps: Mutex::default(), random: 1 << 31 }
    }
}

impl ScriptedTime {
    /// Everything that was slept so far.
    pub(crate) fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().unwrap().clone()
    }
}

impl TimeSource for ScriptedTime {
    fn now(&self) -> Instant {
        self.start.checked_add(self.sleeps().iter().sum()).unwrap()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.sleeps.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }

    fn random(&self) -> u32 {
        self.random
    }
}
