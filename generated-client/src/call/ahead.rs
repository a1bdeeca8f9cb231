//! Sends a request before its future is polled, for prefetching.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument;

use super::send::{Exchange, ReplyFuture, ResponseFuture};

impl<T> ResponseFuture<T> {
    /// Begins to send, and goes on while nobody polls; dropping it ends it as ever.
    ///
    /// Outside of a Tokio runtime it stays what it was: a future that waits to be polled.
    pub(crate) fn ahead(mut self) -> Self {
        self.exchange.go_ahead();
        self
    }
}

impl Exchange {
    fn go_ahead(&mut self) {
        let Ok(runtime) = Handle::try_current() else { return };
        let nothing = Box::pin(std::future::pending());
        let replying: ReplyFuture = std::mem::replace(&mut self.replying, nothing);
        self.replying = Box::pin(Task(runtime.spawn(replying.instrument(self.span.clone()))));
    }
}

/// A task that ends with the one who waits for it.
struct Task<T>(JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match ready!(Pin::new(&mut self.0).poll(context)) {
            Ok(output) => Poll::Ready(output),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down: whoever waits is about to be dropped.
                Err(_) => Poll::Pending,
            },
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
