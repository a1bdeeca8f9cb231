//! The one task of a stream: it asks the machine what to do, and does it.
//!
//! It owns the machine, reads from at most three connections, and never waits for anything else: what
//! takes time (dials, tokens, writing, goodbyes) are tasks of their own, which end with it. So a
//! write that is stuck, or a token that does not come, stops neither reading nor timers.
//!
//! What is in a message is read where the caller takes it, so that duplicates cost no more than a
//! look at their envelope.

mod bearers;
mod buffer;
mod came;
pub(in crate::stream) mod frame;
mod handle;
mod links;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinSet, consume_budget, yield_now};
use tokio::time::{Instant, sleep_until, timeout};

pub(crate) use self::bearers::ClientBearers;
use self::buffer::{Buffer, Deliveries};
pub(crate) use self::came::Came;
use self::frame::{arrival as frame_of, redact};
pub use self::handle::{Handle, States};
use self::links::Links;
pub use self::stream::EventStream;
use super::connection::Connection;
use super::dial::Dial;
use super::dial_limit::DialLimit;
use super::machine::{
    Closed, Command, ConnectionId, DialFailure, Event, Failure, Input, Moment, NoToken, Output, ResumePoint,
    Settings, State, Statistics, StreamMachine, Token,
};
use super::{Channel, ChannelMessage, SubscribeMessage, subscribe};
use crate::error::Result;

/// Longest wait for a token. The machine has no limit of its own for it.
pub(crate) const TOKEN: Duration = Duration::from_secs(30);

/// Most messages that are read from one connection before anything else is looked at: about as many
/// as one read brings, and as one turn of the caller takes.
const BATCH: usize = 128;

/// Where the tokens of a stream come from.
pub(crate) trait Bearers: Send + Sync + 'static {
    /// A token; with a generation, one that is newer, as far as there is one.
    fn bearer(
        &self,
        newer_than: Option<u64>,
    ) -> impl Future<Output = std::result::Result<Bearer, NoToken>> + Send;
}

/// A token to subscribe with.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) text: SecretString,
    pub(crate) generation: u64,
    pub(crate) expires: Option<Instant>,
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

/// What the caller asks the task.
#[derive(Debug)]
enum Request {
    Command(Command),
    Statistics(oneshot::Sender<Statistics>),
    ResumePoint(oneshot::Sender<ResumePoint>),
}

/// What a task beside this one came to.
enum Report {
    /// The limit allows a dial.
    Permit,
    Dialled(ConnectionId, std::result::Result<Connection, DialFailure>),
    Token(Option<u64>, std::result::Result<Bearer, NoToken>),
    /// Goodbye was said to a connection.
    Parted(ConnectionId),
}

/// Begins a stream; it goes on as long as what this gives is kept.
///
/// # Errors
/// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the subscription breaks one of its rules.
pub(crate) fn start<M: ChannelMessage>(
    subscription: M::Subscription,
    dial: impl Dial,
    bearers: impl Bearers,
    settings: Settings,
    shared: &Shared,
    from: ResumePoint,
) -> Result<EventStream<M>> {
    subscribe::<M>(&subscription, "")?;
    let buffer = Arc::new(Buffer::default());
    let (requests, asked) = mpsc::unbounded_channel();
    let status = Status { state: State::Connecting, failure: None, finished: false };
    let (status, watched) = watch::channel(status);
    let now = Moment::at(shared.clock.elapsed());
    let seed = fastrand::u64(..);
    let supervisor = Supervisor {
        machine: StreamMachine::new(settings.clone(), seed, now, from),
        limit: shared.limit.clone(),
        clock: shared.clock,
        channel: M::CHANNEL,
        subscribe: Box::new(move |token| subscribe::<M>(&subscription, token)),
        dial: Arc::new(dial),
        bearers: Arc::new(bearers),
        settings,
        token: None,
        links: Links::default(),
        tasks: JoinSet::new(),
        pending: VecDeque::from([Input::Timer]),
        deliveries: Deliveries::new(Arc::clone(&buffer)),
        status,
        requests: asked,
    };
    let task = tokio::spawn(supervisor.run());
    Ok(EventStream::new(buffer, Handle::new(requests, watched), task.abort_handle()))
}

type Subscribe = Box<dyn Fn(&str) -> Result<SubscribeMessage> + Send>;
type RawEvent = Event<Came>;

struct Supervisor<D, B> {
    machine: StreamMachine<Came>,
    limit: DialLimit,
    clock: Instant,
    channel: &'static Channel,
    subscribe: Subscribe,
    dial: Arc<D>,
    bearers: Arc<B>,
    settings: Settings,
    /// The last token.
    token: Option<Bearer>,
    links: Links,
    tasks: JoinSet<Report>,
    /// The next inputs of the machine.
    pending: VecDeque<Input<Came>>,
    deliveries: Deliveries,
    status: watch::Sender<Status>,
    requests: UnboundedReceiver<Request>,
}

impl<D: Dial, B: Bearers> Supervisor<D, B> {
    async fn run(mut self) {
        loop {
            self.settle();
            while self.count_taken() {
                self.settle();
            }
            // Nothing below gives way while there is always something to do.
            match self.deliveries.hand_over() {
                0..BATCH => consume_budget().await,
                // The caller is to have its turn now.
                _ => yield_now().await,
            }
            let finished = self.status.borrow().finished;
            let deadline = match finished {
                true => None,
                false => self.machine.next_deadline(),
            };
            tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => self.answer(request),
                    None => return,
                },
                () = self.deliveries.buffer().room() => {}
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    // One that was given up has nothing to say.
                    if let Ok(report) = ended {
                        self.report(report);
                    }
                }
                connection = self.links.ready() => self.read(connection),
                () = wait(self.clock, deadline), if deadline.is_some() => self.pending.push_back(Input::Timer),
            }
        }
    }

    fn now(&self) -> Moment {
        Moment::at(self.clock.elapsed())
    }

    /// Gives the machine its inputs, and carries out what follows, until none is left.
    fn settle(&mut self) {
        while let Some(input) = self.pending.pop_front() {
            let now = self.now();
            self.machine.handle(now, input);
            self.carry_out_all();
        }
    }

    fn carry_out_all(&mut self) {
        while let Some(output) = self.machine.poll() {
            self.carry_out(output);
        }
    }

    /// Gives the machine what has arrived on a connection, without waiting for more.
    fn read(&mut self, connection: ConnectionId) {
        let now = self.now();
        for _ in 0..BATCH {
            match self.links.take(connection) {
                Some(Ok((arrival, at))) => {
                    let passes = |number| self.machine.passes_over(now, connection, number);
                    if let Some(mut frame) = frame_of(self.channel, &arrival, at, passes) {
                        if let Some(token) = &self.token {
                            redact(&mut frame, token.text.expose_secret());
                        }
                        self.machine.handle(now, Input::Received { connection, frame });
                    }
                }
                Some(Err(how)) => return self.ended(connection, how),
                None => return,
            }
            self.carry_out_all();
            self.settle();
        }
    }

    fn carry_out(&mut self, output: Output<Came>) {
        match output {
            Output::Deliver { event, size } => {
                if let Event::Failed(failure) = &event {
                    self.status.send_modify(|status| status.failure = Some(failure.clone()));
                }
                self.deliveries.put(event, size);
            }
            Output::AwaitPermit => {
                let limit = self.limit.clone();
                self.tasks.spawn(async move {
                    limit.permit().await;
                    Report::Permit
                });
            }
            Output::FetchToken { newer_than } => {
                let bearers = Arc::clone(&self.bearers);
                self.tasks.spawn(async move {
                    let token = timeout(TOKEN, bearers.bearer(newer_than)).await;
                    Report::Token(newer_than, token.unwrap_or(Err(NoToken::Unavailable(None))))
                });
            }
            Output::Dial { connection } => {
                let (dial, settings) = (Arc::clone(&self.dial), self.settings.clone());
                let dialling = self
                    .tasks
                    .spawn(async move { Report::Dialled(connection, dial.dial(&settings).await) });
                self.links.dialling(connection, dialling);
            }
            Output::Subscribe { connection, generation } => {
                if !self.subscribe(connection, generation) {
                    self.ended(connection, Closed::WriteTimeout);
                }
            }
            Output::Ping { connection } => {
                if let Some(connection) = self.links.get(connection) {
                    connection.ping();
                }
            }
            Output::Read { connection, on } => self.links.read(connection, on),
            Output::Close { connection } => self.close(connection),
            Output::State(state) => self.status.send_modify(|status| status.state = state),
            Output::Finished => {
                self.status.send_modify(|status| status.finished = true);
                self.links = Links::default();
                self.tasks.abort_all();
            }
        }
    }

    fn subscribe(&mut self, connection: ConnectionId, generation: u64) -> bool {
        let Some(token) = self.token.as_ref().filter(|token| token.generation == generation) else {
            return false;
        };
        let Ok(message) = (self.subscribe)(token.text.expose_secret()) else { return false };
        if let Some(connection) = self.links.get(connection) {
            connection.subscribe(&message);
        }
        true
    }

    fn close(&mut self, connection: ConnectionId) {
        match self.links.remove(connection) {
            Some(mut open) => {
                open.close();
                let limit = self.settings.close_timeout;
                self.tasks.spawn(async move {
                    // What still comes is of no interest, but the server's goodbye is.
                    let goodbye = async { while poll_fn(|context| open.poll_next(context)).await.is_ok() {} };
                    _ = timeout(limit, goodbye).await;
                    Report::Parted(connection)
                });
            }
            None => self.pending.push_back(Input::Closed { connection, how: Closed::Eof }),
        }
    }

    fn ended(&mut self, connection: ConnectionId, how: Closed) {
        self.links.remove(connection);
        self.pending.push_back(Input::Closed { connection, how });
    }

    fn report(&mut self, report: Report) {
        match report {
            Report::Permit => self.pending.push_back(Input::Permit),
            Report::Dialled(id, Ok(connection)) => {
                if self.links.opened(id, connection) {
                    self.pending.push_back(Input::Dialled { connection: id, result: Ok(()) });
                }
            }
            Report::Dialled(connection, Err(failure)) => {
                self.links.remove(connection);
                self.pending.push_back(Input::Dialled { connection, result: Err(failure) });
            }
            Report::Token(newer_than, token) => self.token_came(newer_than, token),
            Report::Parted(connection) => {
                self.pending.push_back(Input::Closed { connection, how: Closed::Eof });
            }
        }
    }

    fn token_came(&mut self, newer_than: Option<u64>, token: std::result::Result<Bearer, NoToken>) {
        let old = |bearer: &Bearer| newer_than.is_some_and(|generation| bearer.generation <= generation);
        let token = match token {
            Ok(bearer) if old(&bearer) => Err(NoToken::Unavailable(None)),
            Ok(bearer) => {
                let expires = bearer.expires.map(|at| Moment::at(at.duration_since(self.clock)));
                let token = Token { generation: bearer.generation, expires };
                self.token = Some(bearer);
                Ok(token)
            }
            Err(none) => Err(none),
        };
        self.pending.push_back(Input::Token(token));
    }

    fn answer(&mut self, request: Request) {
        // An answer that nobody waits for any more is of no use to anybody.
        match request {
            Request::Command(command) => self.pending.push_back(Input::Command(command)),
            Request::Statistics(answer) => _ = answer.send(self.machine.statistics()),
            Request::ResumePoint(answer) => {
                self.count_taken();
                self.settle();
                _ = answer.send(self.machine.resume_point());
            }
        }
    }

    /// Whether the caller has taken anything that the machine does not know of.
    fn count_taken(&mut self) -> bool {
        // In this order: what is taken from here on is counted here, or wakes the task if it waits.
        self.deliveries.buffer().fills(self.machine.waits_for_caller());
        let (events, bytes) = self.deliveries.buffer().count();
        if events > 0 {
            self.pending.push_back(Input::Taken { events, bytes });
        }
        events > 0
    }
}

impl<D, B> Drop for Supervisor<D, B> {
    fn drop(&mut self) {
        // Also where it is aborted: nobody must take the stream for live any more.
        self.status.send_modify(|status| {
            status.finished = true;
            if !matches!(status.state, State::Closed | State::Failed) {
                status.state = State::Closed;
            }
        });
    }
}

async fn wait(clock: Instant, deadline: Option<Moment>) {
    if let Some(at) = deadline.and_then(|deadline| clock.checked_add(deadline.since_start())) {
        sleep_until(at).await;
    } else {
        std::future::pending::<()>().await;
    }
}
