//! Client-side rate limits.
//!
//! For some operations the vendor publishes how many requests per second its servers accept. A client
//! counts its own requests and stays below:
//!
//! - It sends at most nine tenths of the published number, and at least one request, in any 1.025 seconds:
//!   requests can move closer together on the network. All attempts count, retries too.
//! - A fifth of the published number, and at least one, is reserved for urgent operations: cancelling
//!   orders. Other requests cannot use it, while cancelling may use all of the limit.
//! - A request beyond the limit waits for its turn, up to a second and within its own time limit. If it
//!   would have to wait longer, it fails immediately with
//!   [`ErrorKind::RateLimit`](crate::ErrorKind::RateLimit), without being sent.
//!
//! Clones of a client share their limits. Other clients, and other programs with the same credentials, are
//! not counted: the server may refuse their requests with status 429.
//!
//! [`RateLimits`] changes what happens to a request beyond the limit, or switches the limits off.

mod limiter;
mod settings;
mod window;

pub(crate) use self::limiter::Limiter;
pub use self::settings::RateLimits;
