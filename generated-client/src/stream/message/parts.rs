//! What is known of where things stand in a message, so that nobody looks for them twice.

use super::decode::Received;
use super::envelope::{self, Envelope};
use crate::record;
use crate::stream::{Channel, ChannelMessage, Content};

/// Where the parts of a message stand in its text. Its type is a listed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Which of the messages of the channel it is.
    kind: u32,
    sequence: Option<u64>,
    timestamp: Option<Part>,
    content: Option<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    start: u32,
    end: u32,
}

impl Part {
    /// Where this part of the text stands in it.
    fn of(text: &str, part: &str) -> Option<Self> {
        let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        let end = start.checked_add(part.len())?;
        Some(Self { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? })
    }

    fn text(self, text: &str) -> Option<&str> {
        text.get(usize::try_from(self.start).ok()?..usize::try_from(self.end).ok()?)
    }
}

impl Parts {
    /// Of a message whose type is at this index of the channel's messages.
    pub(crate) fn of(envelope: &Envelope<'_>, channel: &'static Channel, kind: usize) -> Option<Self> {
        let content = match channel.messages.get(kind)?.content {
            Content::Nothing => None,
            Content::Payload => Some(envelope.payload?),
            Content::Data => Some(envelope.data?),
        };
        let part = |part: &str| Part::of(envelope.text(), part);
        Some(Self {
            kind: u32::try_from(kind).ok()?,
            sequence: envelope.sequence(),
            timestamp: envelope.timestamp.and_then(part),
            content: content.and_then(part),
        })
    }

    /// Reads the message, whose text this is; none if anything is wrong with it.
    pub(crate) fn decode<M: ChannelMessage>(&self, text: &str) -> Option<Received<M>> {
        let mut message = M::blank(usize::try_from(self.kind).ok()?)?;
        let content = self.content.and_then(|part| part.text(text));
        match (message.slot(), content) {
            (Some(slot), Some(content)) => record::decode_text(content, slot).ok()?,
            (None, None) => {}
            _ => return None,
        }
        let timestamp = match self.timestamp {
            Some(part) => Some(envelope::milliseconds(part.text(text)?)?),
            None => None,
        };
        Some(Received { message, sequence: self.sequence, timestamp })
    }
}
