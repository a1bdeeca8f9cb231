//! Messages as they came, on their way to the caller.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::stream::message::Parts;
use crate::stream::{ChannelMessage, Received, Undecodable, decode};

/// A message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Came {
    text: Box<str>,
    /// What is known of it, if its type is.
    parts: Option<Parts>,
    /// When its last bytes were read.
    pub(crate) at: Timestamp,
}

impl Came {
    pub(crate) fn decode<M: ChannelMessage>(&self) -> Result<Received<M>, Undecodable> {
        let read = self.parts.as_ref().and_then(|parts| parts.decode(&self.text));
        // What is wrong with it comes out when it is read as a whole.
        read.map_or_else(|| decode(&self.text), Ok)
    }
}

/// The same before it is clear that anybody wants it.
#[derive(Debug)]
pub(in crate::stream) struct Seen<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) parts: Option<Parts>,
    pub(super) at: Timestamp,
}

impl From<Seen<'_>> for Came {
    fn from(seen: Seen<'_>) -> Self {
        Self { text: seen.text.into(), parts: seen.parts, at: seen.at }
    }
}
