//! What the caller sees of a stream.

use jiff::Timestamp;

use super::core::{self, Connection, Gap, Origin};
use super::failure::ended;
use super::supervisor::Came;
use super::{ChannelMessage, Undecodable};
use crate::error::Result;

/// One thing in the ordered stream that the caller takes events from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<M> {
    /// A message. Numbered ones come once and in order.
    Message(Message<M>),
    /// Something that came and cannot be read, as it came. If it has a number, it is one of those
    /// that come once and in order.
    Undecodable(Undecodable),
    /// Something about the connection.
    Connection(Connection),
    /// Everything that happened until now has been delivered; what follows is live.
    CaughtUp,
    /// Numbered messages are missing here, or may be, and will not come any more. Look at your
    /// orders and positions by asking for them.
    Gap(Gap),
    /// The server numbers its messages anew, as it may at the day's roll or when it is restarted.
    EpochChanged {
        /// Whether nothing of the old numbers was missed for certain. If not, a [`Gap`] follows.
        lossless: bool,
    },
    /// The numbers of this stream have holes although nothing is missing. From here on a hole in
    /// the numbers is not reported and not looked for. Comes at most once.
    NumbersHaveHoles,
    /// The caller is too slow. What is numbered will come later, the rest is counted in `Recovered`.
    Lagging,
    /// The caller has everything that is numbered again.
    Recovered {
        /// How many messages without a number, which no server sends twice, were let go.
        lost: u64,
    },
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
pub(super) fn taken<M: ChannelMessage>(event: core::Event<Came>) -> Option<Result<Event<M>>> {
    Some(Ok(match event {
        core::Event::Message { message, sequence, origin } => read(&message, sequence, origin),
        core::Event::Undecodable(message) => read(&message, None, Origin::Live),
        core::Event::Connection(connection) => Event::Connection(connection),
        core::Event::CaughtUp => Event::CaughtUp,
        core::Event::Gap(gap) => Event::Gap(gap),
        core::Event::EpochChanged { lossless } => Event::EpochChanged { lossless },
        core::Event::NumbersHaveHoles => Event::NumbersHaveHoles,
        core::Event::Lagging => Event::Lagging,
        core::Event::Recovered { lost } => Event::Recovered { lost },
        core::Event::Failed(failure) => return Some(Err(ended(failure))),
        core::Event::Closed => return None,
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
