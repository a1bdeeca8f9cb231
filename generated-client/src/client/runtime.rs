//! Waits on one thread while another drives the client's connections.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::task::unconstrained;

use crate::error::{Error, ErrorKind, Result};

/// A thread that drives connections and timers whether or not somebody waits: between two
/// requests it must see that the server closed a connection, or the next order would go there.
#[derive(Debug)]
pub(crate) struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    pub(crate) fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("clear-street")
            .enable_all()
            .build()
            .map_err(|source| {
                Error::new(ErrorKind::Configuration, "the system gives no thread to wait with")
                    .caused_by(Some(Box::new(source)))
            })?;
        Ok(Self(Some(runtime)))
    }

    /// Blocks this thread until the future is ready.
    ///
    /// Tokio's own `block_on` panics where this is called from an asynchronous program.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let _context = self.0.as_ref().map(tokio::runtime::Runtime::enter);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        // Nobody renews the budget of a task while its thread waits here.
        let mut future = pin!(unconstrained(future));
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::park(),
            }
        }
    }
}

/// Without waiting for the thread: the last clone of a client may be dropped anywhere.
impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
