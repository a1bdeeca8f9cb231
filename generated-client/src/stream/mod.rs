//! Stream channels: what they are, and how their messages are read.
//!
//! A message is read in two passes: first its [`Envelope`], which borrows from the text and
//! allocates nothing, then what it tells, if that is wanted. [`Scan`] reads even less: a message
//! that has been seen before is known by its sequence number. [`decode`] does both.
//!
//! Nothing is lost: a message of a type that is not listed is kept whole, as [`UnknownMessage`],
//! and so is one that cannot be read, as [`Undecodable`].
//!
//! What a stream does when, and what it guarantees, is decided in `core`.

mod channel;
#[cfg(any(test, feature = "stream"))]
pub mod core;
mod message;

pub(crate) use self::channel::Content;
pub use self::channel::{Channel, ChannelMessage, Layout, MessageKind, Place, Replay, Role, Sequence};
pub use self::message::{
    Envelope, Received, Reply, Scan, SubscribeMessage, Undecodable, UnknownMessage, decode, subscribe,
};
