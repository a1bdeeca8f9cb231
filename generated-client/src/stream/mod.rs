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
//!
//! What a stream does when, and what it guarantees, is decided in `core`.

mod channel;
#[cfg(feature = "stream")]
#[allow(dead_code, unused_imports, reason = "what joins connections and core uses it")]
pub(crate) mod connection;
#[cfg(any(test, feature = "stream"))]
pub mod core;
#[cfg(feature = "stream")]
#[allow(dead_code, unused_imports, reason = "what joins connections and core uses it")]
pub(crate) mod dial;
mod message;
#[cfg(feature = "stream")]
#[allow(dead_code, unused_imports, reason = "the public interface uses it")]
pub(crate) mod supervisor;

pub(crate) use self::channel::Content;
pub use self::channel::{
    Attributed, Attribution, Channel, ChannelMessage, Layout, MessageKind, Place, Replay, Role, Sequence,
};
pub use self::message::{
    Envelope, Received, Reply, Scan, SubscribeMessage, Undecodable, UnknownMessage, decode, subscribe,
};
