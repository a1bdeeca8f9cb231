//! What the core is told.

use std::time::Duration;

use super::cause::{Closed, DialFailure};
use super::rotation::Token;

/// The number of a connection; each dial has a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Something that happened. What is said of a connection that is no more is ignored.
#[derive(Clone, Debug)]
pub enum Input<M> {
    /// Nothing happened; the time that [`next_deadline`](super::Core::next_deadline) named has come.
    Timer,
    /// The token that was asked for, or why there is none.
    Token(Result<Token, NoToken>),
    /// A dial ended.
    Dialled {
        /// Which.
        connection: ConnectionId,
        /// How.
        result: Result<(), DialFailure>,
    },
    /// Something came from the server.
    Received {
        /// On which connection.
        connection: ConnectionId,
        /// What.
        frame: Frame<M>,
    },
    /// A connection ended, by whomever. Of a close that the core asked for this is the confirmation.
    Closed {
        /// Which.
        connection: ConnectionId,
        /// How.
        how: Closed,
    },
    /// The caller took events out of the buffer.
    Taken {
        /// How many.
        events: usize,
        /// Their sizes as the core gave them, added up.
        bytes: usize,
    },
    /// The caller wants something.
    Command(Command),
}

/// What came in a frame.
#[derive(Clone, Debug)]
pub enum Frame<M> {
    /// A message whose envelope could be read.
    Message(Envelope, M),
    /// A message whose envelope could not be read: no JSON, or none that is known. With its size in
    /// bytes.
    Malformed(usize, M),
    /// A pong.
    Pong,
    /// A ping, or a part of a message.
    Other,
}

/// What the core sees of a message. The message itself it only holds and releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What kind of message it is.
    pub class: Class,
    /// The number of the message, if it has one.
    pub sequence: Option<u64>,
    /// A hash of what does not change when the message is sent again in a replay. Two messages of
    /// the same number and fingerprint are taken to be the same.
    pub fingerprint: u64,
    /// Size of the text in bytes.
    pub size: usize,
}

/// The kinds of messages that the core treats in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The session is alive.
    Heartbeat,
    /// The server says that something is wrong; it may close right after.
    Notice(Notice),
    /// The subscription is accepted.
    Accepted,
    /// The subscription is refused.
    Refused(Refusal),
    /// The replay is over; what follows is live.
    ReplayComplete,
    /// Everything else, known or not.
    Data,
}

/// What an error notice says. The server closes with the same code for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The token of the connection has ended.
    AuthExpired,
    /// Nothing was subscribed in time.
    Idle,
    /// Anything else.
    Other,
}

impl Notice {
    /// Reads the details of a notice.
    pub fn from_details(details: &str) -> Self {
        let details = details.to_ascii_lowercase();
        if details.contains("auth expired") {
            Self::AuthExpired
        } else if details.contains("idled too long") {
            Self::Idle
        } else {
            Self::Other
        }
    }
}

/// Why a subscription was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The token was not good, or it is not clear what was not.
    Token,
    /// The account cannot be subscribed to.
    Account,
}

impl Refusal {
    /// Reads the details of a refusal. What they say is not documented: where they do not clearly
    /// speak of the account, another token is worth a try.
    pub fn from_details(details: &str) -> Self {
        let details = details.to_ascii_lowercase();
        let token = ["token", "auth", "expired", "credential"].iter().any(|word| details.contains(word));
        if details.contains("account") && !token { Self::Account } else { Self::Token }
    }
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoToken {
    /// The credentials are not accepted. Asking again does not help.
    Refused,
    /// It could not be asked for, or the answer was no answer. `Retry-After`, if the server said it.
    Unavailable(Option<Duration>),
}

/// What the caller can ask for at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Leave the connection, if there is one, and connect without waiting for the backoff. The limit
    /// of dials holds.
    ReconnectNow,
    /// Make a new connection and let it take over.
    RotateNow,
    /// End the stream. This wins over anything under way.
    Close,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_recognised() {
        for (details, notice) in [
            ("Auth expired; please reconnect", Notice::AuthExpired),
            ("Idled too long; please reconnect", Notice::Idle),
            ("Malformed request", Notice::Other),
        ] {
            assert_eq!(Notice::from_details(details), notice);
        }
        for (details, refusal) in [
            ("Invalid token for account", Refusal::Token),
            ("Account not found", Refusal::Account),
            ("", Refusal::Token),
        ] {
            assert_eq!(Refusal::from_details(details), refusal);
        }
    }
}
