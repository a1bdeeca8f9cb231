//! What the caller holds of a stream.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;
use tokio::task::{AbortHandle, consume_budget};

use super::Handle;
use super::buffer::{Buffer, Sized};
use crate::error::Result;
use crate::stream::event::taken;
use crate::stream::{ChannelMessage, Event, Messages};

/// The events of a stream, in order.
///
/// Take them with [`next`](Self::next), or as a `Stream` of futures. An error is the end, and comes
/// once. Dropping it ends the stream and all its tasks at once, without a goodbye; see
/// [`close`](Self::close). What it promises is in the documentation of the
/// [module](crate::stream#what-the-stream-guarantees).
#[must_use = "a stream that is dropped ends"]
pub struct EventStream<M> {
    buffer: Arc<Buffer>,
    /// What was taken out of the buffer together.
    events: VecDeque<Sized>,
    handle: Handle,
    task: AbortHandle,
    ended: bool,
    messages: PhantomData<fn() -> M>,
}

impl<M: ChannelMessage> EventStream<M> {
    pub(super) fn new(buffer: Arc<Buffer>, handle: Handle, task: AbortHandle) -> Self {
        Self { buffer, events: VecDeque::new(), handle, task, ended: false, messages: PhantomData }
    }

    /// Waits for the next event; none after the stream was closed or has failed. Safe to cancel: an
    /// event that was not given is given the next time.
    ///
    /// # Errors
    /// [`ErrorKind::Stream`](crate::ErrorKind::Stream) when the stream has ended for good, with a
    /// [`Failure`](crate::stream::Failure) as its source. Nothing follows.
    pub async fn next(&mut self) -> Option<Result<Event<M>>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// The messages alone, for a program that wants nothing else.
    pub fn messages(self) -> Messages<M> {
        Messages::new(self)
    }

    /// What can be asked of the stream beside its events, also from other tasks.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Ends the stream, and waits until the server was told goodbye; see [`Handle::close`]. What was
    /// not taken is let go; the [resume point](Handle::resume_point) stands before it.
    pub async fn close(self) {
        self.handle.close().await;
    }

    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event<M>>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.events.is_empty() {
            ready!(self.buffer.poll_take(&mut self.events, context));
        }
        // Whoever takes in a loop gives way to others, also if there is always something to take.
        ready!(pin!(consume_budget()).poll(context));
        let Some((event, size)) = self.events.pop_front() else {
            self.ended = true;
            return Poll::Ready(None);
        };
        self.buffer.took(size);
        let event = taken(event);
        self.ended = !matches!(event, Some(Ok(_)));
        Poll::Ready(event)
    }
}

impl<M: ChannelMessage> Stream for EventStream<M> {
    type Item = Result<Event<M>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

impl<M: ChannelMessage> FusedStream for EventStream<M> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

impl<M> Drop for EventStream<M> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<M> fmt::Debug for EventStream<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("state", &self.handle.state()).finish_non_exhaustive()
    }
}
