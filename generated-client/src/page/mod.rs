//! Walking paged lists.

mod walk;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use self::walk::Walk;
use crate::call::{Call, ResponseFuture};
#[cfg(feature = "blocking")]
use crate::client::ClientInner;
use crate::error::Result;
use crate::record::Value;
use crate::response::Response;

/// Walks the pages of a list: a [`Stream`] of responses, with [`next`](Self::next) as a shorthand.
///
/// A page is fetched when it is needed, or earlier with [`prefetch`](Self::prefetch). The walk ends after
/// an error; resume it with the page token that [`token`](Self::token) returns.
///
/// ```no_run
/// # async fn run(client: clear_street::trading::Client) -> clear_street::Result<()> {
/// let mut pages = client.accounts().get_accounts().page_size(100).pages();
/// while let Some(page) = pages.next().await {
///     let page = page?;
///     println!("page {:?} with {} accounts", page.metadata().page_number, page.data.len());
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is fetched before a page is asked for"]
pub struct Pages<T> {
    walk: Walk,
    fetching: Option<ResponseFuture<Vec<T>>>,
    prefetch: bool,
}

/// Nothing of it is pinned in place.
impl<T> Unpin for Pages<T> {}

impl<T> Pages<T> {
    /// The client that fetches.
    #[cfg(feature = "blocking")]
    pub(crate) fn core(&self) -> &ClientInner {
        self.walk.core()
    }

    pub(crate) fn new(call: Call) -> Self {
        Self { walk: Walk::new(call), fetching: None, prefetch: false }
    }

    /// Walks backwards from the same page. An error if the API has no tokens of previous pages.
    pub fn backwards(mut self) -> Self {
        self.walk.turn_back();
        self
    }

    /// Fetches the next page while the caller works on the current one. It costs memory for one more page,
    /// and one unused request if the walk is abandoned.
    ///
    /// A task of the Tokio runtime fetches the page; it ends when the walk is dropped.
    pub fn prefetch(mut self) -> Self {
        self.prefetch = true;
        self
    }

    /// Token of the next page; none at the start and at the end.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.walk.token()
    }
}

impl<T: Value> Pages<T> {
    /// Fetches the next page; none after the last.
    ///
    /// # Errors
    ///
    /// Those of the request, and [`ErrorKind::Paging`](crate::ErrorKind::Paging) if the server's page
    /// tokens do not lead further.
    pub async fn next(&mut self) -> Option<Result<Response<Vec<T>>>> {
        poll_fn(|context| self.poll_page(context)).await
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Response<Vec<T>>>>> {
        if self.fetching.is_none() {
            match self.walk.next() {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(call)) => self.fetching = Some(call.send()),
            }
        }
        let Some(fetching) = &mut self.fetching else {
            return Poll::Ready(None);
        };
        let page = ready!(Pin::new(fetching).poll(context));
        self.fetching = None;
        match &page {
            Ok(page) => self.walk.arrived(page.metadata(), page.data.len()),
            Err(_) => self.walk.failed(),
        }
        if self.prefetch {
            self.fetching = self.walk.ahead().map(|call| call.send().ahead());
        }
        Poll::Ready(Some(page))
    }
}

impl<T: Value> Stream for Pages<T> {
    type Item = Result<Response<Vec<T>>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_page(context)
    }
}

/// Walks the items of all pages: a [`Stream`] of items, with [`next`](Self::next) as a shorthand.
///
/// Pages are fetched as their items are needed, or earlier with [`prefetch`](Self::prefetch). The walk ends
/// after an error; see [`Pages`] for a walk that can be resumed.
///
/// ```no_run
/// # async fn run(client: clear_street::trading::Client) -> clear_street::Result<()> {
/// let mut accounts = client.accounts().get_accounts().items();
/// while let Some(account) = accounts.next().await {
///     println!("{:?}", account?);
/// }
///
/// // A list that is known to be short:
/// let accounts = client.accounts().get_accounts().items().into_vec().await?;
/// # Ok(()) }
/// ```
#[must_use = "nothing is fetched before an item is asked for"]
pub struct Items<T> {
    pages: Pages<T>,
    page: vec::IntoIter<T>,
}

/// Nothing of it is pinned in place.
impl<T> Unpin for Items<T> {}

impl<T> Items<T> {
    /// The client that fetches.
    #[cfg(feature = "blocking")]
    pub(crate) fn core(&self) -> &ClientInner {
        self.pages.core()
    }

    pub(crate) fn new(call: Call) -> Self {
        Self { pages: Pages::new(call), page: Vec::new().into_iter() }
    }

    /// Walks backwards from the last item of the same page. An error if the API has no tokens of previous
    /// pages.
    pub fn backwards(mut self) -> Self {
        self.pages = self.pages.backwards();
        self
    }

    /// Fetches the next page while the caller works on the items of the current one; see
    /// [`Pages::prefetch`].
    pub fn prefetch(mut self) -> Self {
        self.pages = self.pages.prefetch();
        self
    }
}

impl<T: Value> Items<T> {
    /// The next item; none after the last.
    ///
    /// # Errors
    ///
    /// Those of [`Pages::next`].
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|context| self.poll_item(context)).await
    }

    /// Fetches all remaining pages and collects their items in memory. For long lists, walk instead.
    ///
    /// # Errors
    ///
    /// Those of [`Pages::next`]; the items fetched so far are lost.
    pub async fn into_vec(mut self) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item?);
        }
        Ok(items)
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let backwards = self.pages.walk.is_backwards();
        loop {
            if let Some(item) = if backwards { self.page.next_back() } else { self.page.next() } {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_page(context)) {
                Some(Ok(page)) => self.page = page.into_data().into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T: Value> Stream for Items<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(context)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pages").field(&self.walk).finish()
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Items").field(&self.pages.walk).finish()
    }
}
