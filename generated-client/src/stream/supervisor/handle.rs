//! What can be asked of a stream beside its events.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::{Request, Status};
use crate::error::{Error, ErrorKind, Result};
use crate::stream::machine::{Command, ResumePoint, State, Statistics};
use crate::stream::failure::ended;

/// What can be asked of a stream beside its events, also from other tasks.
///
/// Cheap to clone; it does not keep the stream alive. Whatever waits can be given up at any time
/// without harm.
#[derive(Clone, Debug)]
pub struct Handle {
    requests: UnboundedSender<Request>,
    status: watch::Receiver<Status>,
}

impl Handle {
    pub(super) fn new(requests: UnboundedSender<Request>, status: watch::Receiver<Status>) -> Self {
        Self { requests, status }
    }

    /// Leaves the connection and makes another one without waiting for the backoff; the limit of
    /// dials holds. For a program that knows that the network has changed.
    pub fn reconnect_now(&self) {
        self.command(Command::ReconnectNow);
    }

    /// Makes another connection, with a replay, and lets it take over when it is live.
    pub fn rotate_now(&self) {
        self.command(Command::RotateNow);
    }

    /// Ends the stream, whatever it is doing, and waits until the server was told goodbye, at most
    /// for [`Settings::close_timeout`](crate::stream::Settings::close_timeout).
    ///
    /// The stream is told at once: whoever gives up waiting does not keep it open. What was received
    /// before can still be taken from it, then it ends without an error.
    pub fn close(&self) -> impl Future<Output = ()> + Send + use<> {
        self.command(Command::Close);
        let mut status = self.status.clone();
        async move {
            // Of a stream that was dropped there is nothing left to wait for.
            _ = status.wait_for(|status| status.finished).await;
        }
    }

    /// What the stream is doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.status.borrow().state
    }

    /// What the stream is doing now, and whenever that changes.
    #[must_use]
    pub fn states(&self) -> States {
        let mut status = self.status.clone();
        status.mark_changed();
        States { status, last: None }
    }

    /// Waits until the stream is live: until everything that happened before is in the buffer or was
    /// taken from it.
    ///
    /// Events have to be taken meanwhile, by another task: a stream whose buffer is full does not get
    /// on.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if it is not live when the time is over; it goes on trying then.
    /// [`ErrorKind::Stream`] if it has ended.
    pub async fn wait_until_live(&self, limit: Duration) -> Result<()> {
        let mut status = self.status.clone();
        let settled =
            status.wait_for(|status| matches!(status.state, State::Live | State::Closed | State::Failed));
        let status = match timeout(limit, settled).await {
            Ok(Ok(status)) => status.clone(),
            Ok(Err(_)) => return Err(Error::new(ErrorKind::Stream, "the stream was dropped")),
            Err(_) => {
                let message = format!("the stream is not live after {limit:?}: {}", self.state());
                return Err(Error::new(ErrorKind::Timeout, message));
            }
        };
        match (status.state, status.failure) {
            (State::Live, _) => Ok(()),
            (_, Some(failure)) => Err(ended(failure)),
            (..) => Err(Error::new(ErrorKind::Stream, "the stream was closed")),
        }
    }

    /// What the stream has done so far; none if it was dropped.
    pub async fn statistics(&self) -> Option<Statistics> {
        self.ask(Request::Statistics).await
    }

    /// Where to go on after the last event that was taken; none if the stream was dropped. It can
    /// also be asked for when the stream was closed or has failed.
    pub async fn resume_point(&self) -> Option<ResumePoint> {
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

/// What a stream is doing, as it changes.
#[derive(Debug)]
pub struct States {
    status: watch::Receiver<Status>,
    last: Option<State>,
}

impl States {
    /// Waits until it is something else than what this has told last; the first time tells at once.
    /// What lasts shorter than nobody asks is passed over. None after the stream has ended. Safe to
    /// cancel.
    pub async fn next(&mut self) -> Option<State> {
        if matches!(self.last, Some(State::Closed | State::Failed)) {
            return None;
        }
        loop {
            self.status.changed().await.ok()?;
            let state = self.status.borrow_and_update().state;
            if self.last.replace(state) != Some(state) {
                return Some(state);
            }
        }
    }
}
