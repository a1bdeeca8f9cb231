//! The task of a stream: it asks the machine what to do, and does it.
//!
//! It owns the machine and the connections, and waits for all of them at once: a write that is stuck, a
//! dial or a token that does not come stops neither reading nor timers. Everything ends with the task.
//!
//! The content of a message is decoded where the caller takes it, so a duplicate costs no more than a
//! look at its envelope.

pub(super) mod caller;
pub(in crate::stream) mod frame;
#[cfg(test)]
pub(super) mod tests;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::{BoxFuture, OptionFuture};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, consume_budget, yield_now};
use tokio::time::{Instant, sleep_until, timeout};

use self::caller::{Delivery, TakenCount};
pub use self::caller::{Event, EventStream, Handle, Message, Messages, States};
pub(crate) use self::frame::RawMessage;
use super::connection::{Arrival, Connection};
use super::dial::Dial;
use super::dial::DialLimit;
use super::machine::{
    self, Closed, ConnectionId, DialFailure, Failure, Frame, Input, Moment, NoToken, Output, ResumePoint,
    Settings, State, StreamMachine, Token,
};
use super::{ChannelMessage, subscribe};

/// Most messages that are read from one connection before anything else is looked at: about as many
/// as one read brings, and as one turn of the caller takes.
const BATCH: usize = 128;

/// Longest wait for a token. The machine has no limit of its own for it.
const TOKEN: Duration = Duration::from_secs(30);

/// Most connections of a stream: the live one, the next one, and one that was replaced a moment ago.
const CONNECTIONS: usize = 3;

/// A source of tokens.
pub(crate) trait TokenProvider: Send + Sync + 'static {
    /// A token; with a generation, one that is newer, as far as there is one.
    fn token(&self, newer_than: Option<u64>) -> impl Future<Output = Result<Bearer, NoToken>> + Send;
}

/// A token to subscribe with.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) text: SecretString,
    pub(crate) generation: u64,
    pub(crate) expires: Option<Instant>,
}

/// Fetches a token in time.
pub(super) async fn fetch(tokens: &impl TokenProvider, newer_than: Option<u64>) -> Result<Bearer, NoToken> {
    timeout(TOKEN, tokens.token(newer_than)).await.unwrap_or(Err(NoToken::Unavailable(None)))
}

/// What all streams of a client have in common.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) limit: DialLimit,
    /// When their clock was started.
    pub(crate) clock: Instant,
}

/// What the stream is doing.
#[derive(Clone, Debug)]
struct Status {
    state: State,
    /// Why it has failed.
    failure: Option<Failure>,
    /// Nothing is left to be done.
    finished: bool,
}

/// The result of a task beside this one: for the machine, and the token to subscribe with.
type Report = (Input<RawMessage>, Option<Bearer>);

/// A request of the caller, carried out between two inputs.
type Request = Box<dyn FnOnce(&mut StreamMachine<RawMessage>, Moment) + Send>;

/// Starts a stream, which goes on as long as the result is kept.
///
/// # Errors
/// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the subscription breaks one of its rules.
pub(crate) fn start<M: ChannelMessage>(
    subscription: M::Subscription,
    dial: impl Dial,
    tokens: impl TokenProvider,
    settings: Settings,
    shared: &Shared,
    from: ResumePoint,
) -> crate::Result<EventStream<M>> {
    // Without a token, to see whether it can be written.
    subscribe::<M>(&subscription, "")?;
    let status = Status { state: State::Connecting, failure: None, finished: false };
    let (status, watched) = watch::channel(status);
    let (requests, requested) = mpsc::unbounded_channel();
    let (events, delivered) = mpsc::unbounded_channel();
    let taken = Arc::new(TakenCount::default());
    let supervisor = Supervisor::<M, _, _> {
        machine: StreamMachine::new(
            settings.clone(),
            fastrand::u64(..),
            Moment(shared.clock.elapsed()),
            from,
        ),
        shared: shared.clone(),
        subscription,
        dial: Arc::new(dial),
        tokens: Arc::new(tokens),
        settings,
        recent: VecDeque::new(),
        links: Vec::new(),
        tasks: JoinSet::new(),
        batch: Vec::new(),
        events,
        taken: Arc::clone(&taken),
        status,
        requests: requested,
    };
    let mut task = JoinSet::new();
    task.spawn(supervisor.run());
    Ok(EventStream {
        deliveries: delivered,
        events: Vec::new().into_iter(),
        taken,
        handle: Handle { requests, status: watched },
        _task: task,
        ended: false,
        messages: PhantomData,
    })
}

struct Supervisor<M: ChannelMessage, D, T> {
    machine: StreamMachine<RawMessage>,
    shared: Shared,
    subscription: M::Subscription,
    dial: Arc<D>,
    tokens: Arc<T>,
    settings: Settings,
    /// The last tokens, the newest first. A connection that is being replaced has an earlier one, which
    /// its server may repeat.
    recent: VecDeque<Bearer>,
    /// At most three.
    links: Vec<(ConnectionId, Link)>,
    /// Waiting for permits, tokens and closes.
    tasks: JoinSet<Report>,
    /// Events for the caller, who is woken once for all that came together.
    batch: Vec<Delivery>,
    /// Has no limit of its own: the machine keeps the limit.
    events: mpsc::UnboundedSender<Vec<Delivery>>,
    taken: Arc<TakenCount>,
    status: watch::Sender<Status>,
    requests: mpsc::UnboundedReceiver<Request>,
}

impl<M: ChannelMessage, D: Dial, T: TokenProvider> Supervisor<M, D, T> {
    async fn run(mut self) {
        self.handle(Input::Timer);
        loop {
            self.count_taken();
            let events = self.batch.len();
            if events > 0 {
                _ = self.events.send(self.batch.drain(..).collect());
            }
            // Nothing below gives way while there is always something to do.
            match events {
                0..BATCH => consume_budget().await,
                // The caller is to have its turn now.
                _ => yield_now().await,
            }
            let deadline = self.machine.next_deadline();
            let deadline = deadline.and_then(|at| self.shared.clock.checked_add(at.0));
            tokio::select! {
                Some(request) = self.requests.recv() => {
                    self.count_taken();
                    let now = self.now();
                    request(&mut self.machine, now);
                    self.carry_out();
                }
                () = self.taken.room.notified(), if self.machine.waits_for_caller() => {}
                Some(Ok((input, token))) = self.tasks.join_next() => {
                    if let Some(token) = token {
                        self.recent.push_front(token);
                        self.recent.truncate(CONNECTIONS);
                    }
                    self.handle(input);
                }
                (connection, progress) = progress(&mut self.links) => match progress {
                    Progress::Dialled(result) => self.dialled(connection, result),
                    Progress::Arrived(first) => self.read(connection, first),
                },
                Some(()) = OptionFuture::from(deadline.map(sleep_until)) => self.handle(Input::Timer),
            }
        }
    }

    fn now(&self) -> Moment {
        Moment(self.shared.clock.elapsed())
    }

    /// Gives the machine an input, and carries out what follows.
    fn handle(&mut self, input: Input<RawMessage>) {
        self.machine.handle(self.now(), input);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Deliver { event, size } => {
                    if let machine::Event::Failed(failure) = &event {
                        self.status.send_modify(|status| status.failure = Some(failure.clone()));
                    }
                    self.batch.push((event, size));
                }
                Output::AwaitPermit => {
                    let limit = self.shared.limit.clone();
                    self.tasks.spawn(async move {
                        limit.permit().await;
                        (Input::Permit, None)
                    });
                }
                Output::FetchToken { newer_than } => {
                    let (tokens, clock) = (Arc::clone(&self.tokens), self.shared.clock);
                    self.tasks.spawn(async move {
                        let fetched = fetch(&*tokens, newer_than).await;
                        let token = fetched.as_ref().map_err(Clone::clone).map(|bearer| Token {
                            generation: bearer.generation,
                            expires: bearer.expires.map(|at| Moment(at.duration_since(clock))),
                        });
                        (Input::Token(token), fetched.ok())
                    });
                }
                Output::Dial { connection } => {
                    let (dial, settings) = (Arc::clone(&self.dial), self.settings.clone());
                    let dialling = async move { dial.dial(&settings).await };
                    self.links.push((connection, Link::Dialling(Box::pin(dialling))));
                }
                Output::Subscribe { connection, generation } => self.subscribe(connection, generation),
                Output::Ping { connection } => self.open(connection).into_iter().for_each(Connection::ping),
                Output::Read { connection, on } => {
                    if let Some(Link::Open { is_read, .. }) = self.link(connection) {
                        *is_read = on;
                    }
                }
                Output::Close { connection } => self.close(connection),
                Output::State(state) => self.status.send_modify(|status| status.state = state),
                Output::Finished => {
                    self.status.send_modify(|status| status.finished = true);
                    self.tasks.abort_all();
                }
            }
        }
    }

    fn subscribe(&mut self, connection: ConnectionId, generation: u64) {
        let token = self.recent.iter().find(|token| token.generation == generation);
        let message = token.map(|token| subscribe::<M>(&self.subscription, token.text.expose_secret()));
        let Some(Ok(message)) = message else { return self.closed(connection, Closed::WriteTimeout) };
        if let Some(connection) = self.open(connection) {
            connection.subscribe(&message);
        }
    }

    fn close(&mut self, connection: ConnectionId) {
        let Some(Link::Open { connection: mut open, .. }) = self.remove(connection) else {
            return self.closed(connection, Closed::Eof);
        };
        open.close();
        let limit = self.settings.close_timeout;
        self.tasks.spawn(async move {
            // What still arrives does not matter, but the server's close does.
            let goodbye = async { while poll_fn(|cx| open.poll_next(cx)).await.is_ok() {} };
            _ = timeout(limit, goodbye).await;
            (Input::Closed { connection, how: Closed::Eof }, None)
        });
    }

    fn dialled(&mut self, connection: ConnectionId, result: Result<Connection, DialFailure>) {
        self.remove(connection);
        let open = |open| self.links.push((connection, Link::Open { connection: open, is_read: true }));
        let result = result.map(open);
        self.handle(Input::Dialled { connection, result });
    }

    /// Takes what has arrived on a connection, without waiting for more.
    fn read(&mut self, connection: ConnectionId, first: Result<Arrival, Closed>) {
        let (now, mut first) = (self.now(), Some(first));
        for _ in 0..BATCH {
            let Some(Link::Open { connection: open, is_read: true }) = self.link(connection) else { return };
            let (arrival, at) = match first.take().or_else(|| open.take()) {
                Some(Ok(arrival)) => (arrival, open.read_at()),
                Some(Err(how)) => return self.closed(connection, how),
                None => return,
            };
            let passes = |number| self.machine.passes_over(now, connection, number);
            let Some(mut frame) = frame::arrival(M::CHANNEL, &arrival, at, passes) else { continue };
            if let Frame::Message(envelope, _) = &mut frame {
                let tokens = self.recent.iter().map(|token| token.text.expose_secret());
                tokens.for_each(|token| frame::redact(&mut envelope.kind, token));
            }
            self.machine.handle(now, Input::Received { connection, frame });
            self.carry_out();
        }
    }

    fn closed(&mut self, connection: ConnectionId, how: Closed) {
        self.remove(connection);
        self.handle(Input::Closed { connection, how });
    }

    /// Tells the machine what the caller has taken since the last time.
    fn count_taken(&mut self) {
        if let Some((events, bytes)) = self.taken.count() {
            self.handle(Input::Taken { events, bytes });
        }
    }

    /// Takes out a connection; gives up its dial.
    fn remove(&mut self, id: ConnectionId) -> Option<Link> {
        let at = self.links.iter().position(|(link, _)| *link == id)?;
        Some(self.links.swap_remove(at).1)
    }

    fn link(&mut self, id: ConnectionId) -> Option<&mut Link> {
        self.links.iter_mut().find(|(link, _)| *link == id).map(|(_, link)| link)
    }

    fn open(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        match self.link(id)? {
            Link::Open { connection, .. } => Some(connection),
            _ => None,
        }
    }
}

impl<M: ChannelMessage, D, T> Drop for Supervisor<M, D, T> {
    /// Also when the task is aborted: from now on the stream must not be taken for a live one.
    fn drop(&mut self) {
        if self.status.borrow().state != State::Failed {
            self.status.send_modify(|status| status.state = State::Closed);
        }
    }
}

/// A connection of the stream.
enum Link {
    Dialling(BoxFuture<'static, Result<Connection, DialFailure>>),
    Open { connection: Connection, is_read: bool },
}

/// Something that happened on a connection.
enum Progress {
    Dialled(Result<Connection, DialFailure>),
    Arrived(Result<Arrival, Closed>),
}

impl Link {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        Poll::Ready(match self {
            Self::Dialling(dial) => Progress::Dialled(ready!(dial.as_mut().poll(cx))),
            Self::Open { is_read: false, .. } => return Poll::Pending,
            Self::Open { connection, .. } => Progress::Arrived(ready!(connection.poll_next(cx))),
        })
    }
}

/// Waits until something happens on one of the connections. Safe to cancel.
async fn progress(links: &mut [(ConnectionId, Link)]) -> (ConnectionId, Progress) {
    // Each is asked first in turn.
    if !links.is_empty() {
        links.rotate_left(1);
    }
    poll_fn(|cx| {
        for (id, link) in &mut *links {
            if let Poll::Ready(progress) = link.poll(cx) {
                return Poll::Ready((*id, progress));
            }
        }
        Poll::Pending
    })
    .await
}
