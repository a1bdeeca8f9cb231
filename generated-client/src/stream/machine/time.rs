//! Time as the machine sees it.

use std::time::Duration;

/// A moment on a clock that only goes forward, as the time since that clock was started.
///
/// The machine never reads a clock: its caller passes the moment in. The time of day plays no part,
/// so a wall clock that is set forward or back changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The moment this long after the clock was started.
    pub const fn at(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// The time since the start of the clock.
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// This much later; never beyond the end of the clock.
    #[must_use]
    pub const fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// This much earlier; never before the start of the clock.
    #[must_use]
    pub const fn before(self, lead: Duration) -> Self {
        Self(self.0.saturating_sub(lead))
    }

    /// The time that has passed since `earlier`; zero if that is later.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}
