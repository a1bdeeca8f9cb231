//! The same client for programs without an asynchronous runtime.
//!
//! With the feature `blocking`, requests have [`ResponseFuture::wait`], and lists have
//! [`Pages::wait`](crate::Pages::wait) and [`Items::wait`](crate::Items::wait), which return iterators.
//! Everything else is the same: clients, requests, settings, responses and errors.
//!
//! ```no_run
//! use clear_street::trading::Client;
//! use clear_street::trading::accounts::AccountId;
//!
//! fn main() -> clear_street::Result<()> {
//!     let client = Client::from_env()?;
//!     let clock = client.calendar().get_clock().send().wait()?;
//!     println!("{:?}", clock.data);
//!     for order in client.orders().get_orders(AccountId::new(42)).items().wait() {
//!         println!("{:?}", order?);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! The request runs on the calling thread, and the client's connections on a background thread. The client
//! starts that thread when it first waits, and ends it with its last clone. Any number of threads may wait
//! at the same time.
//!
//! Waiting never panics. It is allowed in asynchronous programs, but blocks all tasks of its thread, so
//! await instead.

mod list;

pub use self::list::{Items, Pages};
use crate::call::ResponseFuture;
use crate::error::Result;
use crate::keyed::{Submission, SubmissionFuture};
use crate::record::Value;
use crate::response::Response;

impl<T: Value> ResponseFuture<T> {
    /// Sends the request and blocks the calling thread until the response arrives.
    ///
    /// # Errors
    ///
    /// Those of awaiting it, and [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the
    /// background thread cannot be started; then nothing was sent.
    pub fn wait(self) -> Result<Response<T>> {
        let core = self.core().clone();
        core.runtime()?.wait(self)
    }
}

impl<T: Value + Send> SubmissionFuture<T> {
    /// Sends the rows and blocks the calling thread until their outcomes are known, or known to be unknown.
    ///
    /// # Errors
    ///
    /// Those of [`ResponseFuture::wait`]; nothing was submitted then.
    pub fn wait(self) -> Result<Submission<T>> {
        let core = self.core().clone();
        core.runtime()?.wait(self)
    }
}

impl<T: Value> Submission<T> {
    /// [`resolve`](Self::resolve), blocking the calling thread.
    ///
    /// # Errors
    ///
    /// Those of the list request; known outcomes stay known.
    pub fn resolve_and_wait(&mut self) -> Result<bool> {
        let core = self.core().clone();
        core.runtime()?.wait(self.resolve())
    }
}
