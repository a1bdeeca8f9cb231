//! What the caller sees of a stream.

use jiff::Timestamp;

use super::machine::{self, Connection, Gap, Origin};
use super::failure::ended;
use super::supervisor::Came;
use super::{ChannelMessage, Undecodable};
use crate::error::Result;

/// One thing in the ordered stream that the caller takes events from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<M> {
    /// A message. Numbered ones come once, and in order unless they are marked [`Origin::Late`].
    Message(Message<M>),
    /// Something that came and cannot be read, as it came. If it has a number, it is one of those
    /// that come once and in order.
    Undecodable(Undecodable),
    /// Something about the connection.
    Connection(Connection),
    /// Everything that happened until now has been delivered; what follows is live.
    CaughtUp,
    /// Numbered messages are missing here, or may be. Ask for your orders and positions. If a later
    /// replay contains a missing message, it still comes, marked [`Origin::Late`].
    Gap(Gap),
    /// The server numbers its messages anew, as it may at the day's roll or when it is restarted.
    EpochChanged {
        /// Whether nothing of the old numbers was missed for certain. If not, a [`Gap`] follows.
        lossless: bool,
    },
    /// The server skips numbers by design. While more than half of the last 64 steps skip a number, a
    /// skip is not reported and not looked for. Comes at most once.
    NumbersHaveHoles,
    /// The caller is too slow, and the stream has closed its connection; see
    /// [`SlowCaller::Park`](super::SlowCaller::Park). Numbered messages come later; those without a number
    /// that the server sends meanwhile are lost.
    Lagging,
    /// The caller has drained the buffer, and everything that the server replays has been received.
    Recovered,
}

/// A message of a stream, and what is known of how it came.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message<M> {
    /// What it tells.
    pub message: M,
    /// Its number, if it has one.
    pub sequence: Option<u64>,
    /// How it came.
    pub origin: Origin,
    /// When the server sent it, by the server's clock, if it says so. In a replay that may be the
    /// time of the replay.
    pub server_time: Option<Timestamp>,
    /// When its last bytes were read from the connection, by this machine's clock.
    pub receive_time: Timestamp,
}

/// What the caller sees of an event that he takes; none if the stream was closed.
pub(super) fn taken<M: ChannelMessage>(event: machine::Event<Came>) -> Option<Result<Event<M>>> {
    Some(Ok(match event {
        machine::Event::Message { message, sequence, origin } => read(&message, sequence, origin),
        machine::Event::Undecodable(message) => read(&message, None, Origin::Live),
        machine::Event::Connection(connection) => Event::Connection(connection),
        machine::Event::CaughtUp => Event::CaughtUp,
        machine::Event::Gap(gap) => Event::Gap(gap),
        machine::Event::EpochChanged { lossless } => Event::EpochChanged { lossless },
        machine::Event::NumbersHaveHoles => Event::NumbersHaveHoles,
        machine::Event::Lagging => Event::Lagging,
        machine::Event::Recovered => Event::Recovered,
        machine::Event::Failed(failure) => return Some(Err(ended(failure))),
        machine::Event::Closed => return None,
    }))
}

fn read<M: ChannelMessage>(came: &Came, sequence: Option<u64>, origin: Origin) -> Event<M> {
    match came.decode() {
        Ok(received) => Event::Message(Message {
            message: received.message,
            sequence,
            origin,
            server_time: received.timestamp,
            receive_time: came.at,
        }),
        Err(undecodable) => Event::Undecodable(undecodable),
    }
}
