//! What the core wants done.

use super::event::{Event, State};
use super::input::ConnectionId;

/// Something to be done, in the order given.
#[derive(Clone, Debug)]
pub enum Output<M> {
    /// Put an event into the caller's buffer.
    Deliver {
        /// The event.
        event: Event<M>,
        /// What it counts in the buffer, in bytes; to be given back by [`Input::Taken`](super::Input::Taken).
        size: usize,
    },
    /// Get a token, and answer with [`Input::Token`](super::Input::Token). With a generation: a token
    /// newer than that one, even if it seems to be good.
    FetchToken {
        /// The generation that will not do.
        newer_than: Option<u64>,
    },
    /// Dial, and answer with [`Input::Dialled`](super::Input::Dialled).
    Dial {
        /// The name of the new connection.
        connection: ConnectionId,
    },
    /// Send the subscription, with the token of this generation.
    Subscribe {
        /// On which connection.
        connection: ConnectionId,
        /// With which token.
        generation: u64,
    },
    /// Send a ping.
    Ping {
        /// On which connection.
        connection: ConnectionId,
    },
    /// Stop or go on reading from a connection.
    Read {
        /// Which connection.
        connection: ConnectionId,
        /// Whether to read.
        on: bool,
    },
    /// Close a connection, or give up its dial. What comes from it is of no interest any more.
    Close {
        /// Which.
        connection: ConnectionId,
    },
    /// The state has changed.
    State(State),
    /// Nothing follows, and no input is needed any more.
    Finished,
}
