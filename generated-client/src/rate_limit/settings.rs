//! Settings of the rate limits.

use std::time::Duration;

/// What happens to a request beyond the vendor's limits; see the [module](crate::rate_limit).
///
/// ```
/// use std::time::Duration;
/// use clear_street::rate_limit::RateLimits;
///
/// let patient = RateLimits::wait(Duration::from_millis(300));
/// let impatient = RateLimits::fail_fast();
/// let careless = RateLimits::off();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "settings have no effect until they are given to a client"]
pub struct RateLimits {
    pub(super) longest: Option<Duration>,
}

impl RateLimits {
    /// It waits, up to this long. Default: a second.
    pub fn wait(longest: Duration) -> Self {
        Self { longest: Some(longest) }
    }

    /// It fails immediately.
    pub fn fail_fast() -> Self {
        Self::wait(Duration::ZERO)
    }

    /// It is sent: the client does not count requests.
    pub fn off() -> Self {
        Self { longest: None }
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::wait(Duration::from_secs(1))
    }
}
