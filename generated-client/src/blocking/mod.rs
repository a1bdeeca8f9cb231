//! The same client in programs without an asynchronous runtime.
//!
//! With the feature `blocking` everything that would be awaited can be waited for: requests with
//! [`Sending::wait`], lists with [`Pages::wait`](crate::Pages::wait) and
//! [`Items::wait`](crate::Items::wait), which then are iterators. Clients, requests, settings,
//! answers and errors are those of the rest of this crate, and so is what is sent.
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
//! What is waited for runs on the calling thread, and the client's connections on one thread of
//! the client's own. It is started when the client first waits, and ends with the last clone of
//! the client. Any number of threads may wait at once.
//!
//! Waiting never panics, and is allowed in asynchronous programs too; there it stops all tasks of
//! its thread, so await instead.

mod list;

pub use self::list::{Items, Pages};
use crate::call::Sending;
use crate::error::Result;
use crate::keyed::{Submission, Submitting};
use crate::record::Value;
use crate::response::Response;

impl<T: Value> Sending<T> {
    /// Sends the request and blocks the calling thread until it is answered.
    ///
    /// # Errors
    ///
    /// Those of awaiting it, and [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if
    /// the system gives no thread; then nothing was sent.
    pub fn wait(self) -> Result<Response<T>> {
        let core = self.core().clone();
        core.runtime()?.wait(self)
    }
}

impl<T: Value + Send> Submitting<T> {
    /// Sends the rows and blocks the calling thread until it is known what became of them, or that
    /// nobody knows.
    ///
    /// # Errors
    ///
    /// Those of [`Sending::wait`]; nothing was submitted then.
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
    /// Those of listing; what is known stays known.
    pub fn resolve_and_wait(&mut self) -> Result<bool> {
        let core = self.core().clone();
        core.runtime()?.wait(self.resolve())
    }
}
