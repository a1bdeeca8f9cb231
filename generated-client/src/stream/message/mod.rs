//! Messages: reading them in two passes, and the one that subscribes.

mod envelope;
pub(crate) mod json;
mod subscribe;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;

pub(crate) use self::envelope::{Envelope, Parts, Reply, fault};
pub(crate) use self::subscribe::subscribe_unlisted;
pub use self::subscribe::{SubscribeMessage, subscribe};
use super::ChannelMessage;
use crate::Json;
use crate::record::DecodeError;

/// A message and what stood around it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Received<M> {
    /// What it tells.
    pub message: M,
    /// Its number in the order of sequenced messages, if it has one.
    pub sequence: Option<u64>,
    /// When the server sent it, if it says so.
    pub timestamp: Option<Timestamp>,
}

/// Reads a message of a channel from its text.
///
/// Nothing is lost: a message of a type that is not listed is kept whole, as [`UnknownMessage`], and
/// so is one that cannot be read, as [`Undecodable`].
///
/// ```
/// use clear_street::stream::{Undecodable, decode};
/// use clear_street::studio::activity::ActivityMessage;
///
/// fn describe(text: &str) -> Result<String, Undecodable> {
///     let received = decode::<ActivityMessage>(text)?;
///     Ok(match received.message {
///         ActivityMessage::OrderUpdate(order) => format!("{} of {}", order.filled_quantity, order.quantity),
///         ActivityMessage::ReplayComplete => "up to date".to_owned(),
///         ActivityMessage::Unknown(unknown) => format!("something new: {}", unknown.json()),
///         other => format!("{other:?}"),
///     })
/// }
///
/// let text = r#"{"timestamp":1711073665833,"payload":{"type":"replay-complete"}}"#;
/// assert_eq!(describe(text)?, "up to date");
/// # Ok::<(), Undecodable>(())
/// ```
///
/// # Errors
/// If it is not what it should be. The error keeps the whole text. A type that is not listed is no
/// error: it becomes the variant `Unknown`.
pub fn decode<M: ChannelMessage>(text: &str) -> Result<Received<M>, Undecodable> {
    let mut message: Option<M> = None;
    let envelope = Envelope::watched(M::CHANNEL.layout, text, false, &mut |envelope, data| {
        let Some(cursor) = data else { return false };
        message = envelope.decode_data(cursor);
        message.is_some()
    })?;
    Ok(Received {
        timestamp: envelope.timestamp()?,
        sequence: envelope.members.sequence,
        message: message.map_or_else(|| envelope.decode(), Ok)?,
    })
}

/// A message that cannot be read, kept as it came, and why.
///
/// Its text may hold personal data, so neither `Display` nor `Debug` show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Undecodable(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: Option<Box<str>>,
    sequence: Option<u64>,
    path: String,
    message: String,
    text: Box<str>,
}

impl Undecodable {
    #[cold]
    pub(crate) fn new(text: &str, kind: Option<&str>, sequence: Option<u64>, error: DecodeError) -> Self {
        let DecodeError { path, message } = error;
        Self(Box::new(Inner { kind: kind.map(Into::into), sequence, path, message, text: text.into() }))
    }

    /// Its type on the wire, if that could be read.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// Its sequence number, if it has one that could be read.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.0.sequence
    }

    /// Where the fault is: `$.payload.data.price`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What was expected and what was found.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The whole message, as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its type may be as long as the server likes.
        write!(f, "{:.64}", self.kind().unwrap_or("message"))?;
        if let Some(sequence) = self.sequence() {
            write!(f, " {sequence}")?;
        }
        write!(f, " cannot be read: {} at {}", self.message(), self.path())
    }
}

impl fmt::Debug for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Undecodable({self})")
    }
}

impl std::error::Error for Undecodable {}

/// A message of a type that this version of the crate does not know, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMessage {
    kind: Box<str>,
    json: Json,
}

impl UnknownMessage {
    /// Its type on the wire.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The whole message.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.json
    }
}
