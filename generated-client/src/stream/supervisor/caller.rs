//! The caller's side of a stream: its events, the messages alone, and the handle.

use std::fmt;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::{JoinSet, consume_budget};
use tokio::time::timeout;

use super::{RawMessage, Request, Status};
use crate::error::{Error, ErrorKind, Result};
use crate::stream::machine::{
    self, Command, Connection, Failure, Gap, GapReason, Input, Origin, ResumePoint, State, Statistics,
    StreamMachine,
};
use crate::stream::{ChannelMessage, Undecodable};

/// One thing in the ordered stream that the caller takes events from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<M> {
    /// A message. Numbered ones come once, and in order unless they are marked [`Origin::Late`].
    Message(Message<M>),
    /// Something that came and cannot be read, as it came. If it has a number, it is one of those
    /// that come once and in order.
    Undecodable(Undecodable),
    /// Something about the connection.
    Connection(Connection),
    /// Everything that happened until now has been delivered; what follows is live.
    CaughtUp,
    /// Numbered messages are missing here, or may be. Ask for your orders and positions. If a later
    /// replay contains a missing message, it still comes, marked [`Origin::Late`].
    Gap(Gap),
    /// The server numbers its messages anew, as it may at the day's roll or when it is restarted.
    EpochChanged {
        /// Whether nothing of the old numbers was missed for certain. If not, a [`Gap`] follows.
        lossless: bool,
    },
    /// The server skips numbers by design. While more than half of the last 64 steps skip a number, a
    /// skip is not reported and not looked for. Comes at most once.
    NumbersHaveHoles,
    /// The caller is too slow, and the stream has closed its connection; see
    /// [`SlowCaller::Park`](crate::stream::SlowCaller::Park). Numbered messages come later; those without a number
    /// that the server sends meanwhile are lost.
    Lagging,
    /// The caller has drained the buffer, and everything that the server replays has been received.
    Recovered,
}

/// A message of a stream, and what is known of how it came.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message<M> {
    /// What it tells.
    pub message: M,
    /// Its number, if it has one.
    pub sequence: Option<u64>,
    /// How it came.
    pub origin: Origin,
    /// When the server sent it, by the server's clock, if it says so. In a replay that may be the
    /// time of the replay.
    pub server_time: Option<Timestamp>,
    /// When its last bytes were read from the connection, by this machine's clock.
    pub receive_time: Timestamp,
}

/// The caller's event; none if the stream was closed.
fn decode_event<M: ChannelMessage>(event: machine::Event<RawMessage>) -> Option<Result<Event<M>>> {
    let (raw, sequence, origin) = match event {
        machine::Event::Message { message, sequence, origin } => (message, sequence, origin),
        machine::Event::Connection(connection) => return Some(Ok(Event::Connection(connection))),
        machine::Event::CaughtUp => return Some(Ok(Event::CaughtUp)),
        machine::Event::Gap(gap) => return Some(Ok(Event::Gap(gap))),
        machine::Event::EpochChanged { lossless } => return Some(Ok(Event::EpochChanged { lossless })),
        machine::Event::NumbersHaveHoles => return Some(Ok(Event::NumbersHaveHoles)),
        machine::Event::Lagging => return Some(Ok(Event::Lagging)),
        machine::Event::Recovered => return Some(Ok(Event::Recovered)),
        machine::Event::Failed(failure) => return Some(Err(ended(failure))),
        machine::Event::Closed => return None,
    };
    Some(Ok(match raw.decode() {
        Ok(received) => Event::Message(Message {
            message: received.message,
            sequence,
            origin,
            server_time: received.timestamp,
            receive_time: raw.received,
        }),
        Err(undecodable) => Event::Undecodable(undecodable),
    }))
}

/// The end of a stream.
pub(in crate::stream) fn ended(failure: Failure) -> Error {
    Error::new(ErrorKind::Stream, format!("the stream has ended: {failure}"))
        .caused_by(Some(Box::new(failure)))
}

fn caused(kind: ErrorKind, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(kind, error.to_string()).caused_by(Some(Box::new(error)))
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = |word, number: Option<u64>| number.map_or(String::new(), |it| format!(" {word} {it}"));
        let reason = match self.reason {
            GapReason::NotInReplay => "the server's replay does not contain them",
            GapReason::TooOld => "the server's replay contains more old messages than were delivered",
            GapReason::NumbersBeganAnew => "the server numbers its messages anew",
        };
        write!(
            f,
            "messages are missing{}{}: {reason}",
            bound("after", self.after),
            bound("before", self.before)
        )
    }
}

impl std::error::Error for Gap {}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::Replaying => "replaying",
            Self::Live => "live",
            Self::Recovering => "recovering",
            Self::Waiting => "waiting for the next attempt to connect",
            Self::Closed => "closed",
            Self::Failed => "failed",
        })
    }
}

/// An event, and its size in the buffer.
pub(super) type Delivery = (machine::Event<RawMessage>, usize);

/// What the caller has taken since the machine was told.
#[derive(Debug, Default)]
pub(super) struct TakenCount {
    events: AtomicUsize,
    bytes: AtomicUsize,
    /// Tells that something was taken, also if that was counted already.
    pub(super) room: Notify,
}

impl TakenCount {
    fn add(&self, size: usize) {
        // Bytes first: whoever counts the event counts them, too.
        self.bytes.fetch_add(size, Ordering::SeqCst);
        self.events.fetch_add(1, Ordering::SeqCst);
        self.room.notify_one();
    }

    /// Events and bytes since the last time, unless there are none.
    pub(super) fn count(&self) -> Option<(usize, usize)> {
        match self.events.swap(0, Ordering::SeqCst) {
            0 => None,
            events => Some((events, self.bytes.swap(0, Ordering::SeqCst))),
        }
    }
}

/// The events of a stream, in order.
///
/// Take them with [`next`](Self::next), or as a `Stream` of futures. An error is the end, and comes
/// once. Dropping it ends the stream and all its tasks at once, without a goodbye; see
/// [`close`](Self::close). What it promises is in the documentation of the
/// [module](crate::stream#what-the-stream-guarantees).
#[must_use = "a stream that is dropped ends"]
pub struct EventStream<M> {
    pub(super) deliveries: mpsc::UnboundedReceiver<Vec<Delivery>>,
    /// The rest of the last delivery.
    pub(super) events: std::vec::IntoIter<Delivery>,
    pub(super) taken: Arc<TakenCount>,
    pub(super) handle: Handle,
    /// Is aborted with the stream.
    pub(super) _task: JoinSet<()>,
    pub(super) ended: bool,
    pub(super) messages: PhantomData<fn() -> M>,
}

impl<M: ChannelMessage> EventStream<M> {
    /// Waits for the next event; none after the stream was closed or has failed. Safe to cancel: an
    /// event that was not returned comes the next time.
    ///
    /// # Errors
    /// [`ErrorKind::Stream`](crate::ErrorKind::Stream) when the stream has ended for good, with a
    /// [`Failure`](crate::stream::Failure) as its source. Nothing follows.
    pub async fn next(&mut self) -> Option<Result<Event<M>>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The messages alone, for a program that wants nothing else.
    pub fn messages(self) -> Messages<M> {
        Messages { events: self, allow_gaps: false, ended: false }
    }

    /// The state, statistics and commands of the stream, also for other tasks.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Ends the stream, and waits for the close handshake; see [`Handle::close`]. Events that were not
    /// taken are dropped; the [resume point](Handle::resume_point) stands before them.
    pub async fn close(self) {
        self.handle.close().await;
    }
}

impl<M: ChannelMessage> Stream for EventStream<M> {
    type Item = Result<Event<M>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        if this.events.as_slice().is_empty() {
            this.events = ready!(this.deliveries.poll_recv(cx)).unwrap_or_default().into_iter();
        }
        // A caller who takes in a loop gives way to others, also if there is always something to take.
        ready!(pin!(consume_budget()).poll(cx));
        let event = this.events.next().and_then(|(event, size)| {
            this.taken.add(size);
            decode_event(event)
        });
        this.ended = !matches!(event, Some(Ok(_)));
        Poll::Ready(event)
    }
}

impl<M> fmt::Debug for EventStream<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("state", &self.handle.state()).finish_non_exhaustive()
    }
}

/// The messages of a stream, for a program that wants nothing else.
///
/// A gap is an error, unless gaps are allowed, and so is a message that cannot be read. An error is the
/// end. [`into_events`](Self::into_events) gives the stream back, which goes on after it.
#[derive(Debug)]
#[must_use = "a stream that is dropped ends"]
pub struct Messages<M> {
    events: EventStream<M>,
    allow_gaps: bool,
    ended: bool,
}

impl<M: ChannelMessage> Messages<M> {
    /// Passes over gaps without an error: for a program that looks at the newest message only.
    pub fn allow_gaps(mut self) -> Self {
        self.allow_gaps = true;
        self
    }

    /// Waits for the next message; none after the stream was closed, or after an error. Safe to
    /// cancel.
    ///
    /// # Errors
    /// - [`ErrorKind::Gap`] where numbered messages are missing, with a
    ///   [`Gap`](crate::stream::Gap) as its source.
    /// - [`ErrorKind::Response`] for a message that cannot be read, with an
    ///   [`Undecodable`](crate::stream::Undecodable) as its source.
    /// - [`ErrorKind::Stream`] when the stream has ended for good, with a
    ///   [`Failure`](crate::stream::Failure) as its source.
    pub async fn next(&mut self) -> Option<Result<Message<M>>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The state, statistics and commands of the stream, also for other tasks.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        self.events.handle()
    }

    /// The stream with all its events, from here on.
    pub fn into_events(self) -> EventStream<M> {
        self.events
    }
}

impl<M: ChannelMessage> Stream for Messages<M> {
    type Item = Result<Message<M>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        while !this.ended {
            let result = match ready!(Pin::new(&mut this.events).poll_next(cx)) {
                Some(Ok(Event::Message(message))) => Ok(message),
                Some(Ok(Event::Gap(gap))) if !this.allow_gaps => Err(caused(ErrorKind::Gap, gap)),
                Some(Ok(Event::Undecodable(lost))) => Err(caused(ErrorKind::Response, lost)),
                Some(Ok(_)) => continue,
                Some(Err(error)) => Err(error),
                None => break,
            };
            this.ended = result.is_err();
            return Poll::Ready(Some(result));
        }
        this.ended = true;
        Poll::Ready(None)
    }
}

/// The state, statistics and commands of a stream, also for other tasks.
///
/// Cheap to clone; it does not keep the stream alive. Waiting for anything can be given up at any time
/// without harm.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) requests: mpsc::UnboundedSender<Request>,
    pub(super) status: watch::Receiver<Status>,
}

impl Handle {
    /// Leaves the connection and makes another one without waiting for the backoff; the limit of
    /// dials holds. For a program that knows that the network has changed.
    pub fn reconnect_now(&self) {
        self.command(Command::ReconnectNow);
    }

    /// Makes another connection, with a replay, and lets it take over when it is live.
    pub fn rotate_now(&self) {
        self.command(Command::RotateNow);
    }

    /// Ends the stream, whatever it is doing, and waits for the close handshake, at most for
    /// [`Settings::close_timeout`](crate::stream::Settings::close_timeout).
    ///
    /// The stream is told at once, also if the returned future is dropped. What was received before
    /// can still be taken from it, then it ends without an error.
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
        States { status: self.status.clone(), last: None }
    }

    /// Waits until the stream is live: until everything that happened before is in the buffer or was
    /// taken from it.
    ///
    /// Take events meanwhile, in another task: a stream whose buffer is full does not get on.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if it is not live when the time is over; it goes on trying then.
    /// [`ErrorKind::Stream`] if it has ended.
    pub async fn wait_until_live(&self, limit: Duration) -> Result<()> {
        let mut status = self.status.clone();
        let settled =
            status.wait_for(|status| matches!(status.state, State::Live | State::Closed | State::Failed));
        let Ok(settled) = timeout(limit, settled).await else {
            let message = format!("the stream is not live after {limit:?}: {}", self.state());
            return Err(Error::new(ErrorKind::Timeout, message));
        };
        match settled.map(|status| (status.state, status.failure.clone())) {
            Ok((State::Live, _)) => Ok(()),
            Ok((_, Some(failure))) => Err(ended(failure)),
            _ => Err(Error::new(ErrorKind::Stream, "the stream was closed")),
        }
    }

    /// What the stream has done so far; none if it was dropped.
    pub async fn statistics(&self) -> Option<Statistics> {
        self.ask(StreamMachine::statistics).await
    }

    /// Where to go on after the last event that was taken; none if the stream was dropped. Also
    /// available when the stream was closed or has failed.
    pub async fn resume_point(&self) -> Option<ResumePoint> {
        self.ask(StreamMachine::resume_point).await
    }

    async fn ask<T: Send + 'static>(&self, read: fn(&StreamMachine<RawMessage>) -> T) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        _ = self.requests.send(Box::new(move |machine, _| _ = answer.send(read(machine))));
        answered.await.ok()
    }

    fn command(&self, command: Command) {
        let command = Input::<RawMessage>::Command(command);
        // A stream that was dropped can do nothing any more, and need not.
        _ = self.requests.send(Box::new(move |machine, now| machine.handle(now, command)));
    }
}

/// The states of a stream, as they change.
#[derive(Debug)]
pub struct States {
    status: watch::Receiver<Status>,
    last: Option<State>,
}

impl States {
    /// Waits for another state than the one that was returned last; the first time it returns at once.
    /// A state that is over before this is called is passed over. None after the stream has ended.
    /// Safe to cancel.
    pub async fn next(&mut self) -> Option<State> {
        if matches!(self.last, Some(State::Closed | State::Failed)) {
            return None;
        }
        let last = self.last;
        let state = self.status.wait_for(|status| Some(status.state) != last).await.ok()?.state;
        self.last = Some(state);
        Some(state)
    }
}
