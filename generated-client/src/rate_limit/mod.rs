//! Sending no more requests than the vendor's servers take.
//!
//! For some operations the vendor publishes how many requests a second its servers take; what is
//! more, they turn away. A client counts its own requests and stays below:
//!
//! - It sends no more than nine tenths of the published number, and at least one request, in any
//!   1.025 seconds: on their way requests come closer together. All attempts count, repetitions too.
//! - A fifth of the published number, and at least one, is kept for what is urgent: cancelling
//!   orders. Other requests cannot take that room, while cancelling may take all of it.
//! - A request that comes too early waits for its turn, up to a second and within its own time. If
//!   it would have to wait for longer, it fails at once with
//!   [`ErrorKind::RateLimit`](crate::ErrorKind::RateLimit), and was not sent.
//!
//! Clones of a client count together. Other clients, and other programs with the same credentials,
//! are not seen: what they send together the server may turn away, with status 429.
//!
//! [`RateLimits`] changes what happens to a request that comes too early, or switches it all off.

mod limiter;
mod settings;
mod window;

pub(crate) use self::limiter::Limiter;
pub use self::settings::RateLimits;
