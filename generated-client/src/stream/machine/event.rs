//! The events of a stream.

use std::time::Duration;

use super::cause::{Cause, Failure};

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
