//! Stream channels: what they are, and how their messages are read.
//!
//! A message is read in two passes: first its [`Envelope`], which borrows from the text and
//! allocates nothing, then what it tells, if that is wanted. [`Scan`] reads even less: a message
//! that has been seen before is known by its sequence number. [`decode`] does both.
//!
//! Nothing is lost: a message of a type that is not listed is kept whole, as [`UnknownMessage`],
//! and so is one that cannot be read, as [`Undecodable`].
//!
//! ```
//! use clear_street::stream::{Undecodable, decode};
//! use clear_street::studio::activity::ActivityMessage;
//!
//! fn describe(text: &str) -> Result<String, Undecodable> {
//!     let received = decode::<ActivityMessage>(text)?;
//!     Ok(match received.message {
//!         ActivityMessage::OrderUpdate(order) => format!("{} of {}", order.filled_quantity, order.quantity),
//!         ActivityMessage::ReplayComplete => "up to date".to_owned(),
//!         ActivityMessage::Unknown(unknown) => format!("something new: {}", unknown.json()),
//!         other => format!("{other:?}"),
//!     })
//! }
//!
//! let text = r#"{"timestamp":1711073665833,"payload":{"type":"replay-complete"}}"#;
//! assert_eq!(describe(text)?, "up to date");
//! # Ok::<(), Undecodable>(())
//! ```

#[cfg(feature = "stream")]
mod builder;
mod channel;
#[cfg(feature = "stream")]
pub(crate) mod connection;
// What decides is no part of the interface, but of what is fuzzed.
#[cfg(all(feature = "stream", not(fuzzing)))]
#[allow(unreachable_pub, reason = "public where it is fuzzed")]
pub(crate) mod core;
#[cfg(all(feature = "stream", fuzzing))]
pub mod core;
#[cfg(feature = "stream")]
pub(crate) mod dial;
#[cfg(feature = "stream")]
mod event;
#[cfg(feature = "stream")]
mod failure;
mod message;
#[cfg(feature = "stream")]
mod messages;
#[cfg(feature = "stream")]
mod streams;
#[cfg(feature = "stream")]
pub(crate) mod supervisor;

#[cfg(feature = "stream")]
pub use self::builder::StreamBuilder;
pub(crate) use self::channel::Content;
pub use self::channel::{
    Attributed, Attribution, Channel, ChannelMessage, Layout, MessageKind, Place, Replay, Role, Sequence,
    Subscription,
};
#[cfg(feature = "stream")]
pub use self::core::{
    Cause, Closed, Connection, DialFailure, Failure, Gap, GapReason, Origin, ResumePoint, Settings,
    SlowCaller, Stage, State, Statistics,
};
#[cfg(feature = "stream")]
pub use self::event::{Event, Message};
pub use self::message::{
    Envelope, Received, Reply, Scan, SubscribeMessage, Undecodable, UnknownMessage, decode, subscribe,
};
#[cfg(feature = "stream")]
pub use self::messages::Messages;
#[cfg(feature = "stream")]
pub(crate) use self::streams::{Streams, derived};
#[cfg(feature = "stream")]
pub use self::supervisor::{EventStream, Handle, States};
