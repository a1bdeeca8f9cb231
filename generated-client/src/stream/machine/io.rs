//! Inputs and outputs of the machine.

use std::sync::Arc;
use std::time::Duration;

use super::{Closed, DialFailure, Event, State};

/// A moment on a clock that only goes forward, as the time since that clock was started.
///
/// The machine never reads a clock: its caller passes the moment in. The time of day plays no part,
/// so a wall clock that is set forward or back changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The moment this long after the clock was started.
    pub const fn at(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// The time since the start of the clock.
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// This much later; never beyond the end of the clock.
    #[must_use]
    pub const fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// This much earlier; never before the start of the clock.
    #[must_use]
    pub const fn before(self, lead: Duration) -> Self {
        Self(self.0.saturating_sub(lead))
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// An input. Inputs about connections that no longer exist are ignored.
#[derive(Clone, Debug)]
pub enum Input<M> {
    /// The deadline of [`next_deadline`](super::StreamMachine::next_deadline) has passed.
    Timer,
    /// The dial limit allows a dial.
    Permit,
    /// The answer to [`Output::FetchToken`].
    Token(Result<Token, NoToken>),
    /// A dial ended.
    Dialled {
        /// The connection.
        connection: ConnectionId,
        /// How it ended.
        result: Result<(), DialFailure>,
    },
    /// Something arrived from the server.
    Received {
        /// The connection.
        connection: ConnectionId,
        /// What arrived.
        frame: Frame<M>,
    },
    /// A connection ended. Also confirms an [`Output::Close`].
    Closed {
        /// The connection.
        connection: ConnectionId,
        /// How it ended.
        how: Closed,
    },
    /// The caller took events out of the buffer.
    Taken {
        /// How many.
        events: usize,
        /// The sum of their sizes, as the machine gave them.
        bytes: usize,
    },
    /// A request of the caller.
    Command(Command),
}

/// What arrived on a connection.
#[derive(Clone, Debug)]
pub enum Frame<M> {
    /// A message whose envelope is readable.
    Message(Envelope, M),
    /// A message whose envelope or number is not readable.
    Malformed {
        /// Size of the text in bytes.
        size: usize,
        /// A hash of the text.
        hash: u64,
        /// The message.
        message: M,
    },
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
    /// The server reports an error; it may close right after.
    Notice(Notice),
    /// The subscription is accepted.
    Accepted,
    /// The subscription is refused, in the server's words.
    Refused(Arc<str>),
    /// The replay is complete; what follows is live.
    ReplayComplete,
    /// Anything else, known or not.
    Data,
}

/// An error notice. The server closes with the same code after all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The token of the connection has expired.
    AuthExpired,
    /// Nothing was subscribed in time.
    Idle,
    /// Any other, in the server's words.
    Other(Arc<str>),
}

impl Notice {
    /// Reads the details of a notice. The protocol documents two; no other words are interpreted.
    pub fn from_details(details: &str) -> Self {
        let lowercase = details.to_ascii_lowercase();
        if lowercase.contains("auth expired") {
            Self::AuthExpired
        } else if lowercase.contains("idled too long") {
            Self::Idle
        } else {
            Self::Other(details.into())
        }
    }
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
pub enum Output<M> {
    /// Put an event into the caller's buffer.
    Deliver {
        /// The event.
        event: Event<M>,
        /// Its size in the buffer, in bytes; [`Input::Taken`] gives it back.
        size: usize,
    },
    /// Wait for the dial limit, and answer with [`Input::Permit`].
    AwaitPermit,
    /// Fetch a token, and answer with [`Input::Token`].
    FetchToken {
        /// If given, a token of this generation is not good enough, even if it has not expired.
        newer_than: Option<u64>,
    },
    /// Dial, and answer with [`Input::Dialled`].
    Dial {
        /// The new connection.
        connection: ConnectionId,
    },
    /// Send the subscription with the token of this generation.
    Subscribe {
        /// The connection.
        connection: ConnectionId,
        /// The token.
        generation: u64,
    },
    /// Send a ping.
    Ping {
        /// The connection.
        connection: ConnectionId,
    },
    /// Stop or resume reading from a connection.
    Read {
        /// The connection.
        connection: ConnectionId,
        /// Whether to read.
        on: bool,
    },
    /// Close a connection, or give up its dial. Ignore what still arrives on it.
    Close {
        /// The connection.
        connection: ConnectionId,
    },
    /// The state has changed.
    State(State),
    /// Nothing follows, and no more input is needed.
    Finished,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_documented_notices_are_recognised() {
        for (details, notice) in [
            ("Auth expired; please reconnect", Notice::AuthExpired),
            ("Idled too long; please reconnect", Notice::Idle),
            ("Token of the account is invalid", Notice::Other("Token of the account is invalid".into())),
        ] {
            assert_eq!(Notice::from_details(details), notice);
        }
    }
}
