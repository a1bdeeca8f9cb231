//! Lists as iterators.

use std::fmt;

use crate::error::Result;
use crate::page;
use crate::record::Value;
use crate::response::Response;

/// The pages of a list, as an [`Iterator`] that blocks while a page is fetched.
///
/// ```no_run
/// # fn run(client: clear_street::trading::Client) -> clear_street::Result<()> {
/// for page in client.accounts().get_accounts().page_size(100).pages().wait() {
///     println!("{} accounts", page?.data.len());
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is fetched before a page is asked for"]
pub struct Pages<T>(page::Pages<T>);

/// The items of all pages of a list, as an [`Iterator`] that blocks while a page is fetched.
///
/// ```no_run
/// # fn run(client: clear_street::trading::Client) -> clear_street::Result<()> {
/// for account in client.accounts().get_accounts().items().wait() {
///     println!("{:?}", account?);
/// }
///
/// // A list that is known to be short:
/// let accounts: Vec<_> =
///     client.accounts().get_accounts().items().wait().collect::<clear_street::Result<_>>()?;
/// # Ok(()) }
/// ```
#[must_use = "nothing is fetched before an item is asked for"]
pub struct Items<T>(page::Items<T>);

impl<T> page::Pages<T> {
    /// The same walk for programs without an asynchronous runtime; see [`blocking`](crate::blocking).
    pub fn wait(self) -> Pages<T> {
        Pages(self)
    }
}

impl<T> page::Items<T> {
    /// The same walk for programs without an asynchronous runtime; see [`blocking`](crate::blocking).
    pub fn wait(self) -> Items<T> {
        Items(self)
    }
}

impl<T> Pages<T> {
    /// Token of the page that comes next; none at the start and at the end.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.0.token()
    }
}

impl<T: Value> Iterator for Pages<T> {
    type Item = Result<Response<Vec<T>>>;

    fn next(&mut self) -> Option<Self::Item> {
        let core = self.0.core().clone();
        match core.runtime() {
            Ok(runtime) => runtime.wait(self.0.next()),
            Err(error) => Some(Err(error)),
        }
    }
}

impl<T: Value> Iterator for Items<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let core = self.0.core().clone();
        match core.runtime() {
            Ok(runtime) => runtime.wait(self.0.next()),
            Err(error) => Some(Err(error)),
        }
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
