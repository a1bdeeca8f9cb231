//! From text to typed messages.

use std::ops::Range;

use jiff::Timestamp;

use super::cursor::Cursor;
use super::envelope::{Envelope, Scan, fault};
use super::undecodable::{Undecodable, UnknownMessage};
use crate::Json;
use crate::record;
use crate::stream::{Channel, ChannelMessage, Content, Place};

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
    let envelope = Scan::new(M::CHANNEL.layout, text).watched(false, &mut |envelope, data| {
        let Some(cursor) = data else { return false };
        message = envelope.decode_data(cursor);
        message.is_some()
    })?;
    Ok(Received {
        timestamp: envelope.timestamp()?,
        sequence: envelope.sequence(),
        message: message.map_or_else(|| envelope.decode(), Ok)?,
    })
}

impl Envelope<'_> {
    /// Reads what the message tells.
    ///
    /// # Errors
    /// If it is not what its type says, or has no type.
    pub fn decode<M: ChannelMessage>(&self) -> Result<M, Undecodable> {
        let kind = self.kind().ok_or_else(|| self.missing(self.layout.kind))?;
        let Some((mut message, place, content)) = self.listed::<M>() else {
            let json =
                self.text().parse::<Json>().map_err(|error| self.undecodable(fault(error.to_string())))?;
            return Ok(M::unknown(UnknownMessage { kind: kind.into(), json }));
        };
        if let Some(slot) = message.slot() {
            let json = self.part(content).ok_or_else(|| self.missing(place))?;
            self.fill(slot, place, Some(json))?;
        }
        Ok(message)
    }

    /// Reads the data where it stands. What is wrong with it comes out when it is read again.
    fn decode_data<M: ChannelMessage>(&self, cursor: &mut Cursor<'_>) -> Option<M> {
        let (mut message, ..) = self.listed::<M>().filter(|(_, place, _)| *place == self.layout.data)?;
        let text = self.text().get(cursor.at()..)?;
        let length = record::decode_start(text, message.slot()?).ok()?;
        cursor.rest = cursor.rest.get(length..)?;
        Some(message)
    }

    /// A blank message of its type, and where its content stands.
    fn listed<M: ChannelMessage>(&self) -> Option<(M, Place, &Option<Range<usize>>)> {
        let index = M::CHANNEL.index(self.kind()?)?;
        let (place, content) = self.content(M::CHANNEL, index);
        Some((M::blank(index)?, place, content))
    }

    /// Where the content of a message stands whose type is at this index of the channel's messages.
    fn content(&self, channel: &Channel, kind: usize) -> (Place, &Option<Range<usize>>) {
        match channel.messages.get(kind).map(|kind| kind.content) {
            Some(Content::Data) => (self.layout.data, &self.members.data),
            _ => (Place::Message(self.layout.payload), &self.members.payload),
        }
    }

    /// What is known of a message whose type is at this index of the channel's messages; none if its
    /// time is none.
    pub(crate) fn parts(&self, channel: &Channel, kind: usize) -> Option<Parts> {
        let content = self.content(channel, kind).1.clone();
        Some(Parts { kind, sequence: self.sequence(), timestamp: self.timestamp().ok()?, content })
    }
}

/// What is known of a message, so that its envelope is not read twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Which of the messages of the channel it is.
    kind: usize,
    sequence: Option<u64>,
    timestamp: Option<Timestamp>,
    content: Option<Range<usize>>,
}

impl Parts {
    /// Reads the message, whose text this is; none if anything is wrong with it.
    pub(crate) fn decode<M: ChannelMessage>(&self, text: &str) -> Option<Received<M>> {
        let mut message = M::blank(self.kind)?;
        if let Some(slot) = message.slot() {
            record::decode_text(text.get(self.content.clone()?)?, slot).ok()?;
        }
        Some(Received { message, sequence: self.sequence, timestamp: self.timestamp })
    }
}
