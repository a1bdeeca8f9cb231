//! Why connections and streams end.

use std::time::Duration;

/// The stages of a dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Looking up the name of the server.
    Resolve,
    /// The TCP connection.
    Tcp,
    /// TLS.
    Tls,
    /// The upgrade from HTTP.
    Upgrade,
}

/// Why a dial failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialFailure {
    /// A stage failed.
    Failed(Stage),
    /// A stage took too long; without a stage, all together did.
    TimedOut(Option<Stage>),
    /// The server's certificate cannot be trusted: expired, of another host, of an unknown authority.
    Certificate,
    /// The server answered the upgrade with another status, redirects included: they are not followed.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, if there was one.
        retry_after: Option<Duration>,
    },
    /// The server's answer to the upgrade was not one.
    Handshake,
}

/// How a connection ended, as its reader and writer saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// It was reset.
    Reset,
    /// It ended without a word.
    Eof,
    /// The server closed it, with this code if it gave one.
    Code(Option<u16>),
    /// The server broke the protocol.
    Protocol,
    /// The server sent more in one message than is read.
    TooLarge,
    /// A frame could not be written in time.
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
