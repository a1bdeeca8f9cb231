//! What the caller holds of a stream.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::buffer::Buffer;
use super::{Event as RawEvent, Request};
use crate::stream::core::{Command, Event, Failure, ResumePoint, State, Statistics};
use crate::stream::{ChannelMessage, Received, Undecodable, decode};

/// A message, or why it cannot be read.
pub(crate) type Decoded<M> = Result<Received<M>, Undecodable>;

/// The ordered events of a stream. Dropping it ends the stream and all its tasks.
pub(crate) struct EventStream<M> {
    events: UnboundedReceiver<(RawEvent, usize)>,
    buffer: Arc<Buffer>,
    handle: Handle,
    task: AbortHandle,
    ended: bool,
    messages: PhantomData<fn() -> M>,
}

impl<M: ChannelMessage> EventStream<M> {
    pub(super) fn new(
        events: UnboundedReceiver<(RawEvent, usize)>,
        buffer: Arc<Buffer>,
        handle: Handle,
        task: AbortHandle,
    ) -> Self {
        Self { events, buffer, handle, task, ended: false, messages: PhantomData }
    }

    /// The next event; none after the stream was closed or has failed. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Option<Result<Event<Decoded<M>>, Failure>> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// What can be used beside the stream, also in other tasks.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Event<Decoded<M>>, Failure>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let Some((event, size)) = ready!(self.events.poll_recv(context)) else {
            self.ended = true;
            return Poll::Ready(None);
        };
        self.buffer.took(size);
        self.ended = matches!(event, Event::Failed(_) | Event::Closed);
        Poll::Ready(match event {
            Event::Closed => None,
            Event::Failed(failure) => Some(Err(failure)),
            event => Some(Ok(event.map(|text| decode(&text)))),
        })
    }
}

impl<M: ChannelMessage> Stream for EventStream<M> {
    type Item = Result<Event<Decoded<M>>, Failure>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
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

/// What can be asked of a stream beside its events. Cheap to clone; does not keep the stream alive.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    requests: UnboundedSender<Request>,
    state: watch::Receiver<State>,
}

impl Handle {
    pub(super) fn new(requests: UnboundedSender<Request>, state: watch::Receiver<State>) -> Self {
        Self { requests, state }
    }

    /// Leaves the connection and makes another one without waiting.
    pub(crate) fn reconnect_now(&self) {
        self.command(Command::ReconnectNow);
    }

    /// Makes another connection and lets it take over.
    pub(crate) fn rotate_now(&self) {
        self.command(Command::RotateNow);
    }

    /// Ends the stream; what is in the buffer can still be taken.
    pub(crate) fn close(&self) {
        self.command(Command::Close);
    }

    /// What the stream is doing.
    pub(crate) fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Waits until the stream is live: whether it is, before the time is over and the stream ends.
    pub(crate) async fn wait_until_live(&self, limit: Duration) -> bool {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| matches!(state, State::Live | State::Closed | State::Failed));
        matches!(timeout(limit, settled).await, Ok(Ok(state)) if *state == State::Live)
    }

    /// What the stream has done so far; none if it was dropped.
    pub(crate) async fn statistics(&self) -> Option<Statistics> {
        self.ask(Request::Statistics).await
    }

    /// Where to go on after the last event that was taken; none if the stream was dropped.
    pub(crate) async fn resume_point(&self) -> Option<ResumePoint> {
        self.ask(Request::ResumePoint).await
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).ok()?;
        answered.await.ok()
    }

    fn command(&self, command: Command) {
        // A stream that was dropped can do nothing any more, and need not.
        _ = self.requests.send(Request::Command(command));
    }
}
