//! Several subscriptions on one connection, without promises about order or completeness.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::connection::{Arrival, Connection as Open};
use super::dial::Dial;
use super::machine::retry::{FailureHistory, TOKEN_PACE, asked_for};
use super::machine::{Cause, Connection, DialFailure, Kind, Moment, NoToken, Settings};
use super::message::{Envelope, fault, subscribe_unlisted};
use super::streams::{Streams, check};
use super::supervisor::{Bearer, Shared, TokenProvider, fetch};
use super::supervisor::{caller::ended, frame};
use super::{
    Channel, ChannelMessage, ClientTokens, Layout, Received, SubscribeMessage, Subscription, Undecodable,
    decode, subscribe,
};
use crate::Json;
use crate::error::Result;

/// How long before its token expires a connection is replaced, but never more than half of the life
/// that is left.
const LEAD: Duration = Duration::from_secs(60);

/// A socket that is about to be started.
#[derive(Debug)]
#[must_use = "nothing happens until it is started"]
pub struct SocketBuilder {
    streams: Arc<Streams>,
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
    /// The event for the owner, and the meaning of the message for the connection.
    fn read(self, arrival: &Arrival, at: Timestamp) -> Option<(SocketEvent, Kind)> {
        let text = match arrival {
            Some(Message::Text(text)) => Cow::from(text.as_str()),
            // No server should send it; if one does, it means the same.
            Some(Message::Binary(bytes)) => String::from_utf8_lossy(bytes),
            _ => return None,
        };
        let read = match &text {
            Cow::Borrowed(text) => Envelope::read(self.layout, text),
            Cow::Owned(text) => Err(Undecodable::new(text, None, None, fault("is not UTF-8"))),
        };
        let envelope = match read {
            Ok(envelope) => envelope,
            Err(undecodable) => return Some((SocketEvent::Undecodable(undecodable), Kind::Malformed)),
        };
        // A type means the same in every channel that lists it.
        let listed = self.channels.iter().find_map(|channel| channel.message(envelope.kind()?));
        let kind = match frame::kind(listed, &envelope) {
            Some(Kind::Heartbeat) => return None,
            kind => kind.unwrap_or(Kind::Data),
        };
        let message = SocketMessage {
            text: envelope.text.into(),
            channel: envelope.members.channel.as_deref().map(Into::into),
            kind: envelope.kind().map(Into::into),
            receive_time: at,
        };
        Some((SocketEvent::Message(message), kind))
    }
}

impl SocketBuilder {
    pub(crate) fn new(streams: Arc<Streams>, protocol: Protocol) -> Self {
        Self { streams, protocol, settings: Settings::default() }
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
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) outside of a Tokio runtime, if there
    /// are no certificates to trust, or if a setting is invalid.
    pub fn start(self) -> Result<Socket> {
        let Self { streams, protocol, settings } = self;
        check("socket", &settings)?;
        let tokens = ClientTokens(streams.client.clone());
        Ok(Socket::new(streams.server()?, tokens, &streams.shared, protocol, settings))
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
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut socket = client.socket().start()?;
/// socket.subscribe(ActivitySubscription::new(AccountId::new("100000")))?;
/// socket.subscribe(EventContractsSubscription::new(AccountId::new("100001")))?;
/// socket.subscribe_unlisted("subscribe-of-tomorrow", r#"{"account_id":"100000"}"#.parse()?)?;
/// while let Some(event) = socket.next().await {
///     match event? {
///         SocketEvent::Message(message) => match message.decode::<ActivityMessage>() {
///             Some(activity) => println!("{:?}", activity?.message),
///             None => println!("{:?}: {}", message.channel, message.text),
///         },
///         other => println!("{other:?}"),
///     }
/// }
/// # Ok(()) }
/// ```
#[must_use = "a socket does nothing unless it is polled"]
pub struct Socket {
    layout: &'static Layout,
    close_timeout: Duration,
    subscriptions: UnboundedSender<Subscribe>,
    events: Receiver<Result<SocketEvent>>,
    /// What goes on behind it, until it has failed. It has the other ends of both.
    driver: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
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

/// Writes the message that subscribes with a token.
type Subscribe = Box<dyn Fn(&str) -> Result<SubscribeMessage> + Send>;

impl Socket {
    fn new(
        dial: impl Dial,
        tokens: impl TokenProvider,
        shared: &Shared,
        protocol: Protocol,
        settings: Settings,
    ) -> Self {
        let (subscriptions, requests) = mpsc::unbounded_channel();
        // It reads on when the last event was taken.
        let (sender, events) = mpsc::channel(1);
        let (layout, close_timeout) = (protocol.layout, settings.close_timeout);
        let driver = Driver {
            dial,
            tokens,
            shared: shared.clone(),
            protocol,
            settings,
            requests,
            subscriptions: Vec::new(),
            events: sender,
            history: FailureHistory::default(),
            bearer: None,
            renew: false,
            renewed: None,
        };
        Self { layout, close_timeout, subscriptions, events, driver: Some(Box::pin(driver.run())) }
    }

    /// Subscribes now, and again on every new connection. The server answers with a message, for which
    /// this does not wait.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the subscription breaks one of its rules.
    pub fn subscribe<S: Subscription>(&mut self, subscription: S) -> Result<()> {
        self.add(Box::new(move |token| subscribe::<S::Message>(&subscription, token)))
    }

    /// Subscribes to a channel that this crate does not describe. `kind` is the type of the message that
    /// subscribes, `payload` an object with the other members of its payload.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if `payload` is not an object.
    pub fn subscribe_unlisted(&mut self, kind: impl Into<String>, payload: Json) -> Result<()> {
        let (layout, kind) = (self.layout, kind.into());
        self.add(Box::new(move |token| subscribe_unlisted(layout, &kind, token, &payload)))
    }

    fn add(&mut self, subscribe: Subscribe) -> Result<()> {
        // Without a token, to see whether it can be written.
        subscribe("")?;
        // One that has failed subscribes to nothing any more.
        _ = self.subscriptions.send(subscribe);
        Ok(())
    }

    /// Waits for the next event; none after the socket has failed. Safe to cancel.
    ///
    /// # Errors
    /// [`ErrorKind::Stream`](crate::ErrorKind::Stream) when the socket has failed for good, with a
    /// [`Failure`](super::Failure) as its source. It comes once, and nothing follows.
    pub async fn next(&mut self) -> Option<Result<SocketEvent>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Closes the connection and waits for the close handshake, at most for
    /// [`Settings::close_timeout`](super::Settings::close_timeout).
    pub async fn close(self) {
        drop(self.events);
        if let Some(driver) = self.driver {
            _ = timeout(self.close_timeout, driver).await;
        }
    }
}

impl Stream for Socket {
    type Item = Result<SocketEvent>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Poll::Ready(event) = this.events.poll_recv(cx) {
            return Poll::Ready(event);
        }
        if this.driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
            this.driver = None;
        }
        this.events.poll_recv(cx)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("has_failed", &self.driver.is_none()).finish_non_exhaustive()
    }
}

/// A message as it arrived on a [`Socket`], of whatever channel.
///
/// Its text may hold personal data, so `Debug` does not show it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SocketMessage {
    /// The whole message.
    pub text: String,
    /// The name of its channel, if the message says it. The channel `activity` does not.
    pub channel: Option<String>,
    /// Its type on the wire.
    pub kind: Option<String>,
    /// When its last bytes were read, by this machine's clock.
    pub receive_time: Timestamp,
}

impl SocketMessage {
    /// Decodes the message if it belongs to the channel of `M`: if it names the channel, or names none
    /// and is of a type that the channel lists. Otherwise returns `None`.
    ///
    /// # Errors
    /// If the message is not what its type says.
    pub fn decode<M: ChannelMessage>(&self) -> Option<Result<Received<M>, Undecodable>> {
        let channel = M::CHANNEL;
        let belongs = match &self.channel {
            Some(name) => name == channel.name,
            None => self.kind.as_ref().is_some_and(|kind| channel.message(kind).is_some()),
        };
        belongs.then(|| decode(&self.text))
    }
}

impl fmt::Debug for SocketMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketMessage")
            .field("channel", &self.channel)
            .field("kind", &self.kind)
            .field("receive_time", &self.receive_time)
            .finish_non_exhaustive()
    }
}

/// What goes on behind a socket.
struct Driver<D, B> {
    dial: D,
    tokens: B,
    shared: Shared,
    protocol: Protocol,
    settings: Settings,
    /// Subscriptions that are added.
    requests: UnboundedReceiver<Subscribe>,
    subscriptions: Vec<Subscribe>,
    events: Sender<Result<SocketEvent>>,
    history: FailureHistory,
    /// The token of the last subscription.
    bearer: Option<Bearer>,
    /// The next token has to be newer than the last one.
    renew: bool,
    renewed: Option<Instant>,
}

impl<D: Dial, T: TokenProvider> Driver<D, T> {
    /// Goes on until the socket has failed or is closed.
    async fn run(mut self) {
        let (events, mut rng, mut delay) = (self.events.clone(), fastrand::Rng::new(), Duration::ZERO);
        loop {
            let connected = tokio::select! {
                () = events.closed() => return,
                connected = self.connect(delay) => connected,
            };
            let (cause, wait) = match connected {
                Err(failed) => failed,
                Ok(connection) => {
                    let opened = Instant::now();
                    let Some(cause) = self.live(connection, opened).await else { return };
                    let since = Moment(opened.duration_since(self.shared.clock));
                    self.history.live_ended(since, self.now(), &cause);
                    self.tell(Connection::Disconnected(cause.clone())).await;
                    // Tokens that hardly live are no reason to dial all the time.
                    let pace = if cause == Cause::AuthExpired { TOKEN_PACE } else { Duration::ZERO };
                    (cause, pace.saturating_sub(opened.elapsed()))
                }
            };
            self.renew = match cause {
                Cause::AuthExpired | Cause::Refused(_) => true,
                Cause::Dial(DialFailure::Status { status, .. }) => matches!(status, 401 | 403),
                _ => false,
            };
            if let Some(failure) = self.history.failed(&cause, false, self.now(), self.settings.max_attempts)
            {
                _ = events.send(Err(ended(failure))).await;
                return;
            }
            delay = self.history.delay(&cause, &self.settings, &mut rng).max(asked_for(Some(wait)));
            self.tell(Connection::Retrying { delay, cause }).await;
        }
    }

    fn now(&self) -> Moment {
        Moment(self.shared.clock.elapsed())
    }

    /// Tells the owner, as soon as it has taken what it was told before. One that is gone needs no telling.
    async fn tell(&mut self, event: Connection) {
        _ = self.events.send(Ok(SocketEvent::Connection(event))).await;
    }

    /// Waits for a permit, fetches a token, and dials. An error is the cause, and the wait that the token
    /// endpoint asks for.
    async fn connect(&mut self, delay: Duration) -> std::result::Result<Open, (Cause, Duration)> {
        sleep(delay).await;
        self.tell(Connection::Connecting).await;
        self.shared.limit.permit().await;
        self.renew &= self.renewed.is_none_or(|renewed| renewed.elapsed() >= TOKEN_PACE);
        if self.renew {
            self.renewed = Some(Instant::now());
        }
        let old = self.bearer.as_ref().filter(|_| self.renew).map(|bearer| bearer.generation);
        match fetch(&self.tokens, old).await {
            Ok(bearer) => self.bearer = Some(bearer),
            Err(NoToken::Refused(words)) => return Err((Cause::CredentialsRefused(words), Duration::ZERO)),
            Err(NoToken::Unavailable(wait)) => return Err((Cause::NoToken, wait.unwrap_or_default())),
        }
        let dialled = timeout(self.settings.dial_timeout, self.dial.dial(&self.settings)).await;
        let dialled = dialled.unwrap_or(Err(DialFailure::TimedOut(None)));
        dialled.map_err(|failure| (Cause::Dial(failure), Duration::ZERO))
    }

    /// Subscribes, and tells what comes until the connection ends. None if the socket was closed.
    async fn live(&mut self, mut connection: Open, opened: Instant) -> Option<Cause> {
        let bearer = self.bearer.clone()?;
        let token = bearer.text.expose_secret();
        let life = bearer.expires.map_or(Duration::MAX, |expires| {
            let left = expires.saturating_duration_since(opened);
            left.saturating_sub(LEAD.min(left / 2))
        });
        // One that cannot be written was refused when it was added.
        for message in self.subscriptions.iter().flat_map(|subscribe| subscribe(token)) {
            connection.subscribe(&message);
        }
        self.tell(Connection::Connected).await;
        let (mut heard, mut pinged) = (opened, None::<Instant>);
        let (mut notice, mut was_accepted) = (None, false);
        let cause = loop {
            let quiet = match pinged {
                Some(pinged) => self.settings.pong_timeout.saturating_sub(pinged.elapsed()),
                None => self.settings.ping_after.saturating_sub(heard.elapsed()),
            };
            let left = life.saturating_sub(opened.elapsed());
            let arrival = tokio::select! {
                biased;
                () = self.events.closed() => {
                    connection.close();
                    while poll_fn(|cx| connection.poll_next(cx)).await.is_ok() {}
                    return None;
                }
                Some(subscribe) = self.requests.recv() => {
                    subscribe(token).iter().for_each(|message| connection.subscribe(message));
                    self.subscriptions.push(subscribe);
                    continue;
                }
                arrival = poll_fn(|cx| connection.poll_next(cx)) => arrival,
                () = sleep(quiet.min(left)) => match pinged.replace(Instant::now()) {
                    _ if left <= quiet => break Cause::AuthExpired,
                    Some(_) => break Cause::NoPong,
                    None => {
                        connection.ping();
                        continue;
                    }
                },
            };
            (heard, pinged) = (Instant::now(), None);
            let arrival = match arrival {
                Ok(arrival) => arrival,
                Err(closed) => break notice.unwrap_or(Cause::Closed(closed)),
            };
            let read = self.protocol.read(&arrival, connection.read_at());
            let Some((event, mut kind)) = read else { continue };
            frame::redact(&mut kind, token);
            if kind == Kind::Accepted {
                was_accepted = true;
                self.history.accepted(false);
            }
            notice = match kind {
                Kind::Notice(cause) => Some(cause),
                // Where another subscription was accepted, it is not the token.
                Kind::Refused(words) if !was_accepted => Some(Cause::Refused(words)),
                // A notice is about what follows at once.
                _ => None,
            };
            _ = self.events.send(Ok(event)).await;
        };
        connection.close();
        Some(cause)
    }
}
