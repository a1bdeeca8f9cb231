//! Why connections and streams end.

use std::fmt;
use std::time::Duration;

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

/// Why a dial failed. Its text names the stage, and for a proxy or the upgrade what was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialFailure {
    /// A stage failed.
    Failed(Stage),
    /// A stage took too long; without a stage, all together did.
    TimedOut(Option<Stage>),
    /// The server's certificate cannot be trusted: expired, of another host, of an unknown authority.
    Certificate,
    /// The server answered the upgrade with another status than 101. Redirects are not followed.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, if there was one.
        retry_after: Option<Duration>,
    },
    /// The proxy refused to connect to the server, with this status: 407 asks for credentials.
    Proxy {
        /// The status.
        status: u16,
    },
    /// The server's answer to the upgrade broke the protocol.
    Handshake(HandshakeFault),
}

/// What was wrong with the server's answer to the upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeFault {
    /// It was not HTTP, or its head was too long.
    Http,
    /// `Upgrade` or `Connection` did not name the upgrade to WebSocket.
    Upgrade,
    /// `Sec-WebSocket-Accept` did not match the key of the request.
    Accept,
    /// `Sec-WebSocket-Extensions` named an extension; none was asked for.
    Extension,
    /// `Sec-WebSocket-Protocol` named a subprotocol; none was asked for.
    Subprotocol,
}

/// How a connection ended, as its reader and writer saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// It was reset.
    Reset,
    /// It ended without a close frame.
    Eof,
    /// The server closed it, with this code if it sent one.
    Code(Option<u16>),
    /// The server broke the protocol.
    Protocol,
    /// The server sent more in one message than is read.
    TooLarge,
    /// Nothing could be written for too long.
    WriteTimeout,
}

/// Why a connection ended, or did not come to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The dial failed.
    Dial(DialFailure),
    /// It was closed from outside.
    Closed(Closed),
    /// There was no token to subscribe with.
    NoToken,
    /// The server did not answer a ping.
    NoPong,
    /// The server answered pings, but said nothing.
    Mute,
    /// The subscription was not answered.
    AckTimeout,
    /// The server did not accept the token.
    TokenRejected,
    /// The server refused the account.
    AccountRefused,
    /// The replay stood still.
    ReplayStalled,
    /// Too many messages in a row could not be read.
    Malformed,
    /// The token had ended, as the server said.
    AuthExpired,
    /// The server had waited too long for a subscription, as it said.
    Idle,
    /// The server closed it after another error notice.
    Notice,
    /// It is being replaced: the server allows one at a time.
    Replaced,
    /// The replay has to be read again from its beginning: the numbers of the messages began anew, or
    /// began while it was read.
    NumbersBeganAnew,
    /// The caller asked for another one.
    Asked,
}

/// Why a stream ended for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The credentials are not accepted, or not for this stream: with a fresh token, too.
    Unauthorized,
    /// The account cannot be subscribed to.
    AccountRefused,
    /// The server's certificate cannot be trusted.
    Certificate,
    /// The server keeps sending messages that are too large.
    TooLarge,
    /// The stream could not be made live within the attempts or the time that were set.
    GaveUp,
    /// The caller was too slow, and it was set that this ends the stream.
    SlowCaller,
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
