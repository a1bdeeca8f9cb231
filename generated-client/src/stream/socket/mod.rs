//! Several subscriptions on one connection, without promises about order or completeness.

mod message;
mod session;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use secrecy::ExposeSecret;
use tokio::time::{Instant, Sleep, sleep, timeout};

pub use self::message::SocketMessage;
use self::session::{Session, Step as SessionStep};
use super::connection::{Connection as Open, Limits};
use super::machine::retry::{FailureHistory, asked_for};
use super::machine::rotation::TOKEN_PACE;
use super::machine::{Cause, Connection, DialFailure, Failure, Moment, NoToken, Settings};
use super::dial::{Dial, DialLimits};
use super::message::subscribe_unlisted;
use super::supervisor::caller::ended;
use super::supervisor::{Bearer, Shared, TOKEN, TokenProvider};
use super::{Channel, ClientTokens, Layout, Role, SubscribeMessage, Subscription, Undecodable, subscribe};
use crate::Json;
use crate::client;
use crate::error::{Error, ErrorKind, Result};

/// A socket that is about to be started.
#[must_use = "nothing happens until it is started"]
pub struct SocketBuilder {
    client: client::Core,
    protocol: Protocol,
    settings: Settings,
}

/// How the messages of an API are laid out, and the channels that it describes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Protocol {
    pub(crate) layout: &'static Layout,
    pub(crate) channels: &'static [&'static Channel],
}

impl Protocol {
    /// What a type of message is for. A type means the same in every channel that lists it.
    fn role(self, kind: &str) -> Option<Role> {
        self.channels.iter().find_map(|channel| channel.message(kind)).map(|message| message.role)
    }
}

impl SocketBuilder {
    pub(crate) fn new(client: client::Core, protocol: Protocol) -> Self {
        Self { client, protocol, settings: Settings::default() }
    }

    /// Changes the settings. A socket uses those of the dial, the backoff, the ping, writing and
    /// closing, and the largest message.
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Starts the socket. It connects when it is first polled.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] outside of a Tokio runtime, if there are no certificates to trust,
    /// or if a setting is invalid.
    pub fn start(self) -> Result<Socket> {
        let Self { client, protocol, settings } = self;
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::new(ErrorKind::Configuration, "a socket needs a Tokio runtime"));
        }
        settings.check().map_err(|message| {
            Error::new(ErrorKind::Configuration, format!("the settings of the socket: {message}"))
        })?;
        let bearers = ClientTokens(client.clone());
        let streams = client.streams()?;
        Ok(Socket::new(streams.server()?, bearers, streams.shared(), protocol, settings))
    }
}

impl fmt::Debug for SocketBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Several subscriptions on one connection, also to channels that this crate does not describe.
///
/// A socket delivers messages as they arrive. It connects again after a failure, with the same limits
/// and waits as a [stream](super), and subscribes to everything again; the server then replays what it
/// replays after any subscription. A socket does not drop duplicates, put messages in order, or notice
/// that one is missing. Where that matters, use a stream for each account:
/// [`Client::stream`](crate::studio::Client::stream).
///
/// A socket has no task. It reads, answers pings and connects only while it is polled, with
/// [`next`](Self::next) or as a `Stream`, so poll it all the time. Whatever has not been polled stays
/// in the network's buffers, and the server may close a connection that is not read.
///
/// A minute before the access token expires the socket connects again with a new one. Messages that
/// the server does not replay are lost in between.
///
/// ```no_run
/// use clear_street::stream::SocketEvent;
/// use clear_street::studio::{Client, accounts::AccountId};
/// use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
/// use clear_street::studio::event_contracts::EventContractsSubscription;
///
/// # async fn run(client: Client) -> clear_street::Result<()> {
/// let mut socket = client.socket().start()?;
/// socket.subscribe(ActivitySubscription::new(AccountId::new("100000")))?;
/// socket.subscribe(EventContractsSubscription::new(AccountId::new("100001")))?;
/// socket.subscribe_unlisted("subscribe-of-tomorrow", r#"{"account_id":"100000"}"#.parse()?)?;
/// while let Some(event) = socket.next().await {
///     match event? {
///         SocketEvent::Message(message) => match message.decode::<ActivityMessage>() {
///             Some(activity) => println!("{:?}", activity?.message),
///             None => println!("{:?}: {}", message.channel(), message.text()),
///         },
///         other => println!("{other:?}"),
///     }
/// }
/// # Ok(()) }
/// ```
#[must_use = "a socket does nothing unless it is polled"]
pub struct Socket {
    connect: Connect,
    protocol: Protocol,
    settings: Settings,
    clock: Instant,
    subscriptions: Vec<Subscribe>,
    history: FailureHistory,
    rng: fastrand::Rng,
    /// The token of the last subscription.
    bearer: Option<Bearer>,
    /// The next token has to be newer than the last one.
    renew: bool,
    renewed: Option<Instant>,
    events: VecDeque<Result<SocketEvent>>,
    step: Step,
}

/// An event of a [`Socket`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SocketEvent {
    /// The connection changed: `Connecting`, `Connected`, `Disconnected` or `Retrying`.
    Connection(Connection),
    /// A message. Heartbeats are not reported; the answers to subscriptions are.
    Message(SocketMessage),
    /// A message whose envelope cannot be read, with its text.
    Undecodable(Undecodable),
}

type Subscribe = Box<dyn Fn(&str) -> Result<SubscribeMessage> + Send>;

/// Waits for a permit, fetches a token newer than the given one, and dials.
type Connect = Box<dyn Fn(Option<u64>) -> Connecting + Send>;

type Connecting = Pin<Box<dyn Future<Output = Attempt> + Send>>;

/// The token, and the connection or why there is none; the wait that the token endpoint asks for.
type Attempt = (Option<Bearer>, std::result::Result<Open, (Cause, Duration)>);

enum Step {
    Idle,
    Connecting(Connecting),
    Open(Box<Session>),
    Waiting(Pin<Box<Sleep>>),
    Ended,
}

impl Socket {
    fn new(
        dial: impl Dial,
        bearers: impl TokenProvider,
        shared: &Shared,
        protocol: Protocol,
        settings: Settings,
    ) -> Self {
        let (times, limits) = (DialLimits::from(&settings), Limits::from(&settings));
        let (parts, Shared { limit, clock }) = (Arc::new((dial, bearers)), shared.clone());
        let connect = move |newer_than| -> Connecting {
            let (parts, limit) = (Arc::clone(&parts), limit.clone());
            Box::pin(async move {
                limit.permit().await;
                let (dial, bearers) = &*parts;
                let fetched = timeout(TOKEN, bearers.token(newer_than)).await;
                let bearer = match fetched.unwrap_or(Err(NoToken::Unavailable(None))) {
                    Ok(bearer) => bearer,
                    Err(NoToken::Refused(words)) => {
                        return (None, Err((Cause::CredentialsRefused(words), Duration::ZERO)));
                    }
                    Err(NoToken::Unavailable(wait)) => {
                        return (None, Err((Cause::NoToken, wait.unwrap_or_default())));
                    }
                };
                match dial.dial(times).await {
                    Ok(wire) => (Some(bearer), Ok(wire.open(limits).await)),
                    Err(failure) => (Some(bearer), Err((Cause::Dial(failure), Duration::ZERO))),
                }
            })
        };
        Self {
            connect: Box::new(connect),
            protocol,
            settings,
            clock,
            subscriptions: Vec::new(),
            history: FailureHistory::default(),
            rng: fastrand::Rng::new(),
            bearer: None,
            renew: false,
            renewed: None,
            events: VecDeque::new(),
            step: Step::Idle,
        }
    }

    /// Subscribes now, and again on every new connection. The server answers with a message, for which
    /// this does not wait.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the subscription breaks one of its rules.
    pub fn subscribe<S: Subscription>(&mut self, subscription: S) -> Result<()> {
        self.add(Box::new(move |token| subscribe::<S::Message>(&subscription, token)))
    }

    /// Subscribes to a channel that this crate does not describe. `kind` is the type of the message that
    /// subscribes, `payload` an object with the other members of its payload.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if `payload` is not an object.
    pub fn subscribe_unlisted(&mut self, kind: impl Into<String>, payload: Json) -> Result<()> {
        let (layout, kind) = (self.protocol.layout, kind.into());
        self.add(Box::new(move |token| subscribe_unlisted(layout, &kind, token, &payload)))
    }

    fn add(&mut self, subscribe: Subscribe) -> Result<()> {
        // Without a token, to see whether it can be written.
        subscribe("")?;
        if let (Step::Open(session), Some(bearer)) = (&mut self.step, &self.bearer) {
            session.subscribe(&subscribe(bearer.text.expose_secret())?);
        }
        self.subscriptions.push(subscribe);
        Ok(())
    }

    /// Waits for the next event; none after the socket has failed. Safe to cancel.
    ///
    /// # Errors
    /// [`ErrorKind::Stream`] when the socket has failed for good, with a
    /// [`Failure`](super::Failure) as its source. It comes once, and nothing follows.
    pub async fn next(&mut self) -> Option<Result<SocketEvent>> {
        poll_fn(|context| self.poll(context)).await
    }

    /// Closes the connection and waits for the close handshake, at most for
    /// [`Settings::close_timeout`](super::Settings::close_timeout).
    pub async fn close(self) {
        if let Step::Open(session) = self.step {
            _ = timeout(self.settings.close_timeout, session.close()).await;
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<SocketEvent>>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(Some(event));
            }
            match &mut self.step {
                Step::Idle => self.begin(),
                Step::Waiting(over) => {
                    ready!(over.as_mut().poll(context));
                    self.begin();
                }
                Step::Connecting(connecting) => {
                    let (bearer, result) = ready!(connecting.as_mut().poll(context));
                    self.bearer = bearer.or_else(|| self.bearer.take());
                    match result {
                        Ok(open) => self.opened(open),
                        Err((cause, wait)) => self.failed(cause, wait),
                    }
                }
                Step::Open(session) => match ready!(session.poll(context, &self.settings, self.protocol)) {
                    SessionStep::Event(event) => self.events.push_back(Ok(event)),
                    SessionStep::Accepted(event) => {
                        self.history.accepted(false);
                        self.events.push_back(Ok(event));
                    }
                    SessionStep::Ended(cause) => {
                        session.leave();
                        let opened = session.opened();
                        self.ended(opened, cause);
                    }
                },
                Step::Ended => return Poll::Ready(None),
            }
        }
    }

    fn now(&self) -> Moment {
        Moment::at(self.clock.elapsed())
    }

    fn say(&mut self, event: Connection) {
        self.events.push_back(Ok(SocketEvent::Connection(event)));
    }

    fn begin(&mut self) {
        let paced = self.renewed.is_some_and(|renewed| renewed.elapsed() < TOKEN_PACE);
        let renew = std::mem::take(&mut self.renew) && !paced;
        if renew {
            self.renewed = Some(Instant::now());
        }
        let old = self.bearer.as_ref().filter(|_| renew).map(|bearer| bearer.generation);
        self.step = Step::Connecting((self.connect)(old));
        self.say(Connection::Connecting);
    }

    fn opened(&mut self, open: Open) {
        let expires = self.bearer.as_ref().and_then(|bearer| bearer.expires);
        let mut session = Session::new(open, expires);
        if let Some(bearer) = &self.bearer {
            let messages = self.subscriptions.iter().map(|subscribe| subscribe(bearer.text.expose_secret()));
            // One that could not be written was refused when it was added.
            messages.flatten().for_each(|message| session.subscribe(&message));
        }
        self.step = Step::Open(Box::new(session));
        self.say(Connection::Connected);
    }

    fn ended(&mut self, opened: Instant, cause: Cause) {
        self.history.live_ended(Moment::at(opened.duration_since(self.clock)), self.now(), &cause);
        self.say(Connection::Disconnected(cause.clone()));
        // Tokens that hardly live are no reason to dial all the time.
        let pace = TOKEN_PACE.saturating_sub(opened.elapsed());
        let wait = if cause == Cause::AuthExpired { pace } else { Duration::ZERO };
        self.failed(cause, wait);
    }

    /// An attempt failed, or a connection ended.
    fn failed(&mut self, cause: Cause, wait: Duration) {
        self.renew = matches!(
            cause,
            Cause::AuthExpired
                | Cause::Refused(_)
                | Cause::Dial(DialFailure::Status { status: 401 | 403, .. })
        );
        let now = self.now();
        match self.history.failed(&cause, false, now, &self.settings) {
            Some(failure) => self.end(failure),
            None => {
                let delay = self.history.delay(&cause, &self.settings, &mut self.rng).max(asked_for(Some(wait)));
                self.step = Step::Waiting(Box::pin(sleep(delay)));
                self.say(Connection::Retrying { delay, cause });
            }
        }
    }

    fn end(&mut self, failure: Failure) {
        self.step = Step::Ended;
        self.events.push_back(Err(ended(failure)));
    }
}

impl Stream for Socket {
    type Item = Result<SocketEvent>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_open = matches!(self.step, Step::Open(_));
        f.debug_struct("Socket")
            .field("is_open", &is_open)
            .field("subscriptions", &self.subscriptions.len())
            .finish_non_exhaustive()
    }
}
