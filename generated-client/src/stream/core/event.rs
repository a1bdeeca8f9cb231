//! What the caller sees.

use std::time::Duration;

use super::cause::{Cause, Failure};

/// One thing in the ordered stream that the caller takes events from, as the caller's
/// [`Event`](crate::stream::Event), where each is described. The message is only passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "they are the caller's")]
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
    Recovered {
        lost: u64,
    },
    /// The stream has ended with an error. Nothing follows.
    Failed(Failure),
    /// The stream was closed by the caller. Nothing follows.
    Closed,
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// As it happened.
    Live,
    /// After a connection was made, when the server sent again what had happened before.
    Replay,
    /// In a replay, under the number of another message that was delivered before: the server says
    /// something else now, and this holds. The only message that comes out of order.
    Correction,
}

/// Changes of the connection. While the buffer is full of what the caller has not taken they are not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connection {
    /// A connection is being dialled.
    Connecting,
    /// It stands.
    Connected,
    /// The server has accepted the subscription.
    Subscribed,
    /// It ended.
    Disconnected(Cause),
    /// The next attempt comes after this wait. The cause is that of the last failure.
    Retrying {
        /// How long the wait is, before the limit of dials.
        delay: Duration,
        /// What failed.
        cause: Cause,
    },
    /// A second connection is being made to take over.
    Rotating,
    /// The second connection has taken over.
    Rotated,
}

/// Where messages are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The number of the last message before the gap. None: it begins before everything known.
    pub after: Option<u64>,
    /// The number of the next message after the gap. None: it is not known.
    pub before: Option<u64>,
    /// How it came about.
    pub reason: GapReason,
}

impl Gap {
    /// How many numbers are missing, if that can be said.
    pub fn missing(&self) -> Option<u64> {
        match (self.after, self.before, self.reason) {
            (_, _, GapReason::NumbersBeganAnew) => None,
            (Some(after), Some(before), _) => Some(before.saturating_sub(after).saturating_sub(1)),
            _ => None,
        }
    }
}

/// How a gap came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// The server's replay does not have them.
    NotInReplay,
    /// The server's replay has them, but only after later ones had been delivered.
    OutOfOrder,
    /// The server numbered its messages anew while the stream was away: `after` is an old number,
    /// `before` a new one.
    NumbersBeganAnew,
}

/// What a stream is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A connection is being made.
    Connecting,
    /// The server sends what happened before.
    Replaying,
    /// All is known, and what happens is delivered as it happens.
    Live,
    /// Connected, but something is missing and is being fetched, or the caller lags behind.
    Recovering,
    /// Waiting for the next attempt to connect.
    Waiting,
    /// Closed by the caller, or about to be.
    Closed,
    /// Ended with an error.
    Failed,
}
