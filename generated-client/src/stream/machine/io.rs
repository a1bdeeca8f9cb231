//! What goes in and out of the machine, and what the caller of a stream sees: inputs, outputs, events,
//! causes and counters.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// A moment on a clock that only goes forward, as the time since that clock was started.
///
/// The machine never reads a clock: its caller passes the moment in. The time of day plays no part,
/// so a wall clock that is set forward or back changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub Duration);

impl Moment {
    /// This much later; never beyond the end of the clock.
    #[must_use]
    pub const fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// The time that has passed since `earlier`; zero if that is later.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// A token of a connection, without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Which token it is; a newer one has a greater number.
    pub generation: u64,
    /// When it expires, if known.
    pub expires: Option<Moment>,
}

/// The number of a connection; each dial has a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// An input. Inputs about connections that no longer exist are ignored.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are described with their variants")]
pub enum Input<M> {
    /// The deadline of [`next_deadline`](super::StreamMachine::next_deadline) has passed.
    Timer,
    /// The dial limit allows a dial.
    Permit,
    /// The answer to [`Output::FetchToken`].
    Token(Result<Token, NoToken>),
    /// A dial ended.
    Dialled { connection: ConnectionId, result: Result<(), DialFailure> },
    /// Something arrived from the server.
    Received { connection: ConnectionId, frame: Frame<M> },
    /// A connection ended. Also confirms an [`Output::Close`].
    Closed { connection: ConnectionId, how: Closed },
    /// The caller took so many events out of the buffer; `bytes` is the sum of their sizes, as the
    /// machine gave them.
    Taken { events: usize, bytes: usize },
    /// A request of the caller.
    Command(Command),
}

/// What arrived on a connection.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are described with their variants")]
pub enum Frame<M> {
    /// A message.
    Message(Envelope, M),
    /// Bytes of a message that is not complete yet.
    Part,
    /// A ping or a pong.
    Control,
}

/// What the machine sees of a message. It holds and releases the message itself without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the message is for.
    pub kind: Kind,
    /// The number of the message, if it has one.
    pub number: Option<u64>,
    /// A hash of what does not change when the server sends the message again. Two messages with
    /// the same number and hash are the same.
    pub hash: u64,
    /// Size of the text in bytes.
    pub size: usize,
}

/// The kinds of messages that the machine tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The session is alive.
    Heartbeat,
    /// The server reports an error; it may close right after, with the same code whatever it is.
    Notice(Cause),
    /// The subscription is accepted.
    Accepted,
    /// The subscription is refused, in the server's words.
    Refused(Arc<str>),
    /// The replay is complete; what follows is live.
    ReplayComplete,
    /// Anything else, known or not.
    Data,
    /// Its envelope or number cannot be read. The hash is of its text.
    Malformed,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoToken {
    /// The credentials are refused: 400, 401 or 403, in the endpoint's words.
    Refused(Arc<str>),
    /// The endpoint could not be reached, or failed. With the wait of `Retry-After`.
    Unavailable(Option<Duration>),
}

/// Requests that the caller can make at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Close the connection, and connect without waiting for the backoff. The dial limit holds.
    ReconnectNow,
    /// Make a new connection and let it take over.
    RotateNow,
    /// End the stream. This wins over everything under way.
    Close,
}

/// An output, to be carried out in order.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are described with their variants")]
pub enum Output<M> {
    /// Put an event into the caller's buffer. [`Input::Taken`] gives back its size there, in bytes.
    Deliver { event: Event<M>, size: usize },
    /// Wait for the dial limit, and answer with [`Input::Permit`].
    AwaitPermit,
    /// Fetch a token, and answer with [`Input::Token`]. If a generation is given, a token of that one is
    /// not good enough, even if it has not expired.
    FetchToken { newer_than: Option<u64> },
    /// Dial, and answer with [`Input::Dialled`].
    Dial { connection: ConnectionId },
    /// Send the subscription with the token of this generation.
    Subscribe { connection: ConnectionId, generation: u64 },
    /// Send a ping.
    Ping { connection: ConnectionId },
    /// Stop or resume reading from a connection.
    Read { connection: ConnectionId, on: bool },
    /// Close a connection, or give up its dial. Ignore what still arrives on it.
    Close { connection: ConnectionId },
    /// The state has changed.
    State(State),
    /// Nothing follows, and no more input is needed.
    Finished,
}

/// One element of the ordered stream, as the caller's [`Event`](crate::stream::Event), where each
/// is described; or its end, after which nothing follows. The machine passes the message on without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "documented at the caller's type")]
pub enum Event<M> {
    Message { message: M, sequence: Option<u64>, origin: Origin },
    Connection(Connection),
    CaughtUp,
    Gap(Gap),
    EpochChanged { lossless: bool },
    NumbersHaveHoles,
    Lagging,
    Recovered,
    Failed(Failure),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DialFailure {
    /// A stage failed.
    #[error("{0} failed")]
    Failed(Stage),
    /// A stage took too long; without a stage, the whole dial did.
    #[error("{} timed out", .0.map_or("connecting".into(), |stage| stage.to_string()))]
    TimedOut(Option<Stage>),
    /// The server's certificate is not trusted: expired, for another host, or of an unknown authority.
    #[error("the server's certificate is not trusted")]
    Certificate,
    /// The proxy refused to connect to the server, with this status.
    #[error("the proxy refused to connect, with status {status}")]
    Proxy {
        /// The status of its response to CONNECT.
        status: u16,
    },
    /// The server answered the upgrade with another status. Redirects are not followed.
    #[error("the server answered the upgrade with status {status}")]
    Status {
        /// The status.
        status: u16,
        /// The wait that `Retry-After` asks for.
        retry_after: Option<Duration>,
    },
    /// The server's response to the upgrade breaks the protocol, in this way. The text names the header.
    #[error("invalid answer to the upgrade: {0}")]
    Handshake(&'static str),
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

impl Cause {
    /// Reads the details of a notice. The protocol documents two; no other words are interpreted.
    pub fn from_notice(details: &str) -> Self {
        let lowercase = details.to_ascii_lowercase();
        if lowercase.contains("auth expired") {
            Self::AuthExpired
        } else if lowercase.contains("idled too long") {
            Self::Idle
        } else {
            Self::Notice(details.into())
        }
    }
}

/// Why a stream ended for good.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The server or its token endpoint refuses the credentials or the account, in its words.
    #[error("the credentials or the account were refused: {0}")]
    Unauthorized(Arc<str>),
    /// The server's certificate is not trusted.
    #[error("the server's certificate is not trusted")]
    Certificate,
    /// The server keeps sending messages above the size limit.
    #[error("the server keeps sending messages above the size limit")]
    TooLarge,
    /// The stream was not live within [`max_attempts`](super::Settings::max_attempts) or
    /// [`max_elapsed`](super::Settings::max_elapsed).
    #[error("it was not live within the attempts or the time that were set")]
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
    /// Messages delivered, also those that cannot be read.
    pub delivered: u64,
    /// Messages that were delivered before, and dropped.
    pub duplicates: u64,
    /// Messages delivered late.
    pub late: u64,
    /// Gaps reported.
    pub gaps: u64,
    /// Times that the server numbered anew.
    pub epochs: u64,
    /// Messages without a readable envelope.
    pub malformed: u64,
    /// Events that wait for the caller.
    pub buffered_events: usize,
    /// Bytes of these.
    pub buffered_bytes: usize,
    /// Messages that wait for others before them.
    pub held_messages: usize,
    /// Bytes of these.
    pub held_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_documented_notices_are_recognised() {
        for (details, notice) in [
            ("Auth expired; please reconnect", Cause::AuthExpired),
            ("Idled too long; please reconnect", Cause::Idle),
            ("Token of the account is invalid", Cause::Notice("Token of the account is invalid".into())),
        ] {
            assert_eq!(Cause::from_notice(details), notice);
        }
    }
}
