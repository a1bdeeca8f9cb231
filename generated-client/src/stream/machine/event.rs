//! What the caller of a stream sees: events, states, causes and counters.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One element of the ordered stream, as the caller's [`Event`](crate::stream::Event), where each
/// is described. The machine passes the message on without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "documented at the caller's type")]
pub enum Event<M> {
    Message {
        message: M,
        sequence: Option<u64>,
        origin: Origin,
    },
    Undecodable(M),
    Connection(Connection),
    CaughtUp,
    Gap(Gap),
    EpochChanged {
        lossless: bool,
    },
    NumbersHaveHoles,
    Lagging,
    Recovered,
    /// The stream ended with an error. Nothing follows.
    Failed(Failure),
    /// The caller closed the stream. Nothing follows.
    Closed,
}

/// How a message arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Sent as it happened.
    Live,
    /// Sent again by the server, in the replay after a subscription.
    Replay,
    /// Delivered after higher numbers: a message that was missing, or new content for a number that
    /// was delivered before (then the late one is right).
    Late,
}

/// Changes of the connection. They are not reported while the buffer is full.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connection {
    /// A connection is being dialled.
    Connecting,
    /// The connection is open.
    Connected,
    /// The server accepted the subscription.
    Subscribed,
    /// The connection ended.
    Disconnected(Cause),
    /// The next attempt follows after a wait.
    Retrying {
        /// The wait, before the dial limit.
        delay: Duration,
        /// The last failure.
        cause: Cause,
    },
    /// A second connection is made, to take over before the token expires.
    Rotating,
    /// The second connection has taken over.
    Rotated,
}

/// Missing messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The number of the last message before the gap. None: not known.
    pub after: Option<u64>,
    /// The number of the next message after the gap. None: not known.
    pub before: Option<u64>,
    /// How it arose.
    pub reason: GapReason,
}

impl Gap {
    /// How many numbers are missing, if both ends are known.
    pub fn missing(&self) -> Option<u64> {
        match (self.after, self.before) {
            (Some(after), Some(before)) => Some(before.saturating_sub(after).saturating_sub(1)),
            _ => None,
        }
    }
}

/// How a gap arose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// The server's replay does not contain them.
    NotInReplay,
    /// The server's replay contains more old messages than were delivered, and they are too old to
    /// tell which.
    TooOld,
    /// The server numbers its messages anew; the last ones under the old numbers may be missing.
    NumbersBeganAnew,
}

/// What a stream is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A connection is being made.
    Connecting,
    /// The server sends its replay.
    Replaying,
    /// Caught up; messages are delivered as they happen.
    Live,
    /// Messages are missing and being fetched, or the caller lags.
    Recovering,
    /// Waiting before the next attempt to connect.
    Waiting,
    /// Closed by the caller, or closing.
    Closed,
    /// Ended with an error.
    Failed,
}

/// The stages of a dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Looking up the name of the server.
    Resolve,
    /// The TCP connection, to the proxy if there is one.
    Tcp,
    /// The connection through the proxy.
    Proxy,
    /// TLS.
    Tls,
    /// The upgrade from HTTP.
    Upgrade,
}

/// Why a dial failed. Its text names the stage, and the status of a proxy or an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialFailure {
    /// A stage failed.
    Failed(Stage),
    /// A stage took too long; without a stage, the whole dial did.
    TimedOut(Option<Stage>),
    /// The server's certificate is not trusted: expired, for another host, or of an unknown authority.
    Certificate,
    /// The proxy refused to connect to the server, with this status.
    Proxy {
        /// The status of its response to CONNECT.
        status: u16,
    },
    /// The server answered the upgrade with another status. Redirects are not followed.
    Status {
        /// The status.
        status: u16,
        /// The wait that `Retry-After` asks for.
        retry_after: Option<Duration>,
    },
    /// The server's response to the upgrade breaks the protocol.
    Handshake(HandshakeFault),
}

/// How the server's response to the upgrade breaks the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeFault {
    /// It is not HTTP, or its head is too long.
    Http,
    /// `Upgrade` or `Connection` does not name the upgrade to WebSocket.
    Upgrade,
    /// `Sec-WebSocket-Accept` does not match the key of the request.
    Accept,
    /// `Sec-WebSocket-Extensions` names an extension that was not asked for.
    Extension,
    /// `Sec-WebSocket-Protocol` names a subprotocol that was not asked for.
    Subprotocol,
}

/// How a connection ended, as reading and writing saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// It was reset.
    Reset,
    /// It ended without a close frame.
    Eof,
    /// The server closed it, with this code if it gave one.
    Code(Option<u16>),
    /// The server broke the protocol.
    Protocol,
    /// The server sent a message above the size limit.
    TooLarge,
    /// A frame could not be written in time.
    WriteTimeout,
}

/// Why a connection ended, or could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The dial failed.
    Dial(DialFailure),
    /// The connection was closed from outside.
    Closed(Closed),
    /// No access token could be fetched.
    NoToken,
    /// The token endpoint refused the credentials, in its words.
    CredentialsRefused(Arc<str>),
    /// The server refused the subscription, in its words.
    Refused(Arc<str>),
    /// The server did not answer a ping.
    NoPong,
    /// The server answered pings, but its heartbeats stopped.
    Mute,
    /// The subscription was not acknowledged.
    AckTimeout,
    /// The replay made no progress.
    ReplayStalled,
    /// The replay did not contain the last delivered message, so it is asked for again.
    ReplayBehind,
    /// The access token expired.
    AuthExpired,
    /// The server waited too long for a subscription.
    Idle,
    /// The server closed the connection after an error notice, in its words.
    Notice(Arc<str>),
    /// It is replaced: the server allows one connection at a time.
    Replaced,
    /// The server numbers its messages anew, so the replay is read from its start.
    NumbersBeganAnew,
    /// The caller was too slow.
    Lagging,
    /// The caller asked for a reconnect.
    Asked,
}

/// Why a stream ended for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The server or its token endpoint refuses the credentials or the account, in its words.
    Unauthorized(Arc<str>),
    /// The server's certificate is not trusted.
    Certificate,
    /// The server keeps sending messages above the size limit.
    TooLarge,
    /// The stream was not live within [`max_attempts`](super::Settings::max_attempts) or
    /// [`max_elapsed`](super::Settings::max_elapsed).
    GaveUp,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "name lookup",
            Self::Tcp => "TCP connect",
            Self::Proxy => "proxy CONNECT",
            Self::Tls => "TLS handshake",
            Self::Upgrade => "WebSocket upgrade",
        })
    }
}

impl fmt::Display for DialFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(stage) => write!(f, "{stage} failed"),
            Self::TimedOut(Some(stage)) => write!(f, "{stage} timed out"),
            Self::TimedOut(None) => f.write_str("connecting timed out"),
            Self::Certificate => f.write_str("the server's certificate is not trusted"),
            Self::Status { status, .. } => write!(f, "the server answered the upgrade with status {status}"),
            Self::Proxy { status } => write!(f, "the proxy refused to connect, with status {status}"),
            Self::Handshake(fault) => write!(f, "invalid answer to the upgrade: {fault}"),
        }
    }
}

impl fmt::Display for HandshakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "not HTTP, or the head is too long",
            Self::Upgrade => "`Upgrade` and `Connection` do not agree to WebSocket",
            Self::Accept => "`Sec-WebSocket-Accept` does not match the key",
            Self::Extension => "`Sec-WebSocket-Extensions` names an extension that was not asked for",
            Self::Subprotocol => "`Sec-WebSocket-Protocol` names a subprotocol that was not asked for",
        })
    }
}

/// What a stream has done so far, and what waits in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Dials.
    pub dials: u64,
    /// Connections that ended unasked.
    pub disconnects: u64,
    /// Times that a second connection took over because a token was about to expire.
    pub rotations: u64,
    /// Times that a second connection took over to fetch missing messages.
    pub recoveries: u64,
    /// Times that a second connection took over to look for missing messages.
    pub audits: u64,
    /// Messages received, heartbeats included.
    pub received: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Messages that were delivered before, and dropped.
    pub duplicates: u64,
    /// Messages delivered late.
    pub late: u64,
    /// Messages that were held because numbers before them were missing.
    pub early: u64,
    /// Gaps reported.
    pub gaps: u64,
    /// Times that the server numbered anew.
    pub epochs: u64,
    /// Messages without a readable envelope.
    pub malformed: u64,
    /// Pings sent.
    pub pings: u64,
    /// Events that wait for the caller.
    pub buffered_events: usize,
    /// Bytes of these.
    pub buffered_bytes: usize,
    /// Messages that wait for others before them.
    pub held_messages: usize,
    /// Bytes of these.
    pub held_bytes: usize,
}
