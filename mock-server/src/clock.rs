//! The time of a server, which tests can drive.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

/// Tells the time of a server. Clones tell the same time.
///
/// It starts at a given time, goes on with tokio's clock, so that paused time pauses it, unless it
/// stands still, and is advanced by hand.
#[derive(Clone)]
pub struct Clock {
    start: Timestamp,
    /// When it began to go; none if it stands still.
    origin: Option<Instant>,
    advanced: Arc<watch::Sender<Duration>>,
}

impl Clock {
    /// A clock that starts at the present time.
    pub fn new() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// A clock that starts at a given time.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { origin: Some(Instant::now()), ..Self::standing_at(start) }
    }

    /// A clock that stands at a time until it is moved: what happens by it does not depend on how long
    /// a program takes.
    pub fn standing_at(start: Timestamp) -> Self {
        Self { start, origin: None, advanced: Arc::new(watch::Sender::new(Duration::ZERO)) }
    }

    /// When it started.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The time; at the end of all times it stands still.
    pub fn now(&self) -> Timestamp {
        let gone = self.origin.map(|origin| origin.elapsed()).unwrap_or_default();
        let elapsed = gone.saturating_add(*self.advanced.borrow());
        self.start.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        self.advanced.send_modify(|advanced| *advanced = advanced.saturating_add(by));
    }

    /// Waits until it is moved forward by hand after this call.
    pub fn advanced(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut moved = self.advanced.subscribe();
        // The clock holds the sender, so this fails only once nobody can move it any more.
        let clock = self.clone();
        async move {
            if moved.changed().await.is_err() {
                drop(clock);
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until it shows a time.
    pub async fn sleep_until(&self, time: Timestamp) {
        loop {
            let advanced = self.advanced();
            let Ok(left) = Duration::try_from(time.duration_since(self.now())) else { return };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left), if self.origin.is_some() => {}
                () = advanced => {}
            }
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_goes_with_simulated_time_and_by_hand() {
        let start: Timestamp = "2025-10-31T14:30:00Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        assert_eq!(clock.now(), start);
        tokio::time::advance(Duration::from_secs(2)).await;
        clock.clone().advance(Duration::from_secs(3));
        assert_eq!(clock.now().duration_since(start).as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_stands_goes_on_only_by_hand() {
        let start: Timestamp = "2025-10-31T14:30:00Z".parse().unwrap();
        let clock = Clock::standing_at(start);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(clock.now(), start);
        let until = start + Duration::from_secs(60);
        tokio::join!(clock.sleep_until(until), async { clock.advance(Duration::from_secs(60)) });
        assert_eq!(clock.now(), until);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_sleeps_wakes_when_it_is_moved() {
        let clock = Clock::new();
        let begun = Instant::now();
        let until = clock.now() + Duration::from_secs(3600);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(until).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(3590));
        sleeper.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(10));
    }
}
