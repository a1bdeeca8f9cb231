//! From text to typed messages.

use jiff::Timestamp;

use super::envelope::Envelope;
use super::scan::Scan;
use super::undecodable::Undecodable;
use super::unknown::UnknownMessage;
use crate::Json;
use crate::record::{self, Slot};
use crate::stream::{ChannelMessage, Content, MessageKind, Place};

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
    let envelope = Scan::new(M::CHANNEL.layout, text).finish_reading(&mut |envelope, data| {
        let (_, mut listed) = envelope.listed::<M>().filter(|(kind, _)| kind.content == Content::Data)?;
        // What is wrong with it comes out when it is read again.
        let length = record::decode_start(data, listed.slot()?).ok()?;
        message = Some(listed);
        Some(length)
    })?;
    Ok(Received {
        timestamp: envelope.timestamp()?,
        sequence: envelope.sequence(),
        message: match message {
            Some(message) => message,
            None => envelope.decode()?,
        },
    })
}

impl Envelope<'_> {
    /// Reads what the message tells.
    ///
    /// # Errors
    /// If it is not what its type says, or has no type.
    pub fn decode<M: ChannelMessage>(&self) -> Result<M, Undecodable> {
        match self.listed::<M>() {
            Some((kind, mut message)) => {
                if let Some(slot) = message.slot() {
                    self.content(kind.content, slot)?;
                }
                Ok(message)
            }
            None => self.unlisted().map(M::unknown),
        }
    }

    /// What is known of its type, and a blank message of that.
    fn listed<M: ChannelMessage>(&self) -> Option<(&'static MessageKind, M)> {
        let index = M::CHANNEL.index(self.kind()?)?;
        Some((M::CHANNEL.messages.get(index)?, M::blank(index)?))
    }

    fn content(&self, content: Content, slot: Slot<'_>) -> Result<(), Undecodable> {
        let (place, json) = match content {
            Content::Nothing => return Ok(()),
            Content::Payload => (Place::Message(self.layout.payload), self.payload),
            Content::Data => (self.layout.data, self.data),
        };
        match json {
            Some(json) => record::decode_text(json, slot).map_err(|error| self.at(place, &error)),
            None => Err(self.missing(place)),
        }
    }

    #[cold]
    fn unlisted(&self) -> Result<UnknownMessage, Undecodable> {
        let kind = self.kind().ok_or_else(|| self.missing(self.layout.kind))?;
        match self.text.parse::<Json>() {
            Ok(json) => Ok(UnknownMessage::new(kind, json)),
            Err(error) => Err(self.undecodable("$", error.to_string())),
        }
    }

    #[cold]
    fn missing(&self, place: Place) -> Undecodable {
        let error = record::DecodeError { path: "$".to_owned(), message: "is missing".to_owned() };
        self.at(place, &error)
    }
}
