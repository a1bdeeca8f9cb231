//! What stands around what a message tells.

use std::borrow::Cow;

use jiff::Timestamp;

use super::cursor::{Cursor, unescape};
use super::hash;
use super::scan::Scan;
use super::undecodable::Undecodable;
use crate::record::{self, DecodeError, Slot, Value};
use crate::stream::{Layout, Place};

/// What stands around what a message tells; all of it borrowed from the text.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    pub(super) layout: &'static Layout,
    pub(super) text: &'a str,
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) sequence: Option<u64>,
    pub(super) channel: Option<Cow<'a, str>>,
    pub(super) timestamp: Option<&'a str>,
    pub(super) payload: Option<&'a str>,
    pub(super) data: Option<&'a str>,
    /// The hash of the data, if that was asked for and the data is well-formed.
    pub(super) data_hash: Option<u64>,
    /// It has a number that cannot be read.
    pub(super) has_bad_sequence: bool,
}

/// What the server says to a subscription, or in a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// Whether it agrees, if it says so.
    pub success: Option<bool>,
    /// In its own words.
    pub details: Option<String>,
}

impl<'a> Envelope<'a> {
    pub(super) fn new(layout: &'static Layout, text: &'a str) -> Self {
        Self {
            layout,
            text,
            kind: None,
            sequence: None,
            channel: None,
            timestamp: None,
            payload: None,
            data: None,
            data_hash: None,
            has_bad_sequence: false,
        }
    }

    /// Reads what stands around what a message tells, and no more.
    ///
    /// # Errors
    /// If the message is no JSON object, or a part of the envelope is not what it should be.
    pub fn read(layout: &'static Layout, text: &'a str) -> Result<Self, Undecodable> {
        Scan::new(layout, text).finish()
    }

    /// The type of the message.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// Its number in the order of sequenced messages.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// Name of the channel, if the message says it.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// When the server sent it.
    ///
    /// # Errors
    /// If that is no time.
    pub fn timestamp(&self) -> Result<Option<Timestamp>, Undecodable> {
        let Some(text) = self.timestamp else { return Ok(None) };
        if let Some(timestamp) = milliseconds(text) {
            return Ok(Some(timestamp));
        }
        let mut timestamp = Timestamp::UNIX_EPOCH;
        record::decode_text(text, timestamp.slot())
            .map_err(|error| self.at(self.layout.timestamp, &error))?;
        Ok(Some(timestamp))
    }

    /// The JSON of what is particular to the type of message.
    #[must_use]
    pub fn payload(&self) -> Option<&'a str> {
        self.payload
    }

    /// A hash of type and data as JSON values; without data, of type and payload. The same whenever
    /// the message is sent again, and in every version of this crate that reads resume points of this
    /// one.
    #[cfg_attr(not(feature = "stream"), allow(dead_code, reason = "streams compare messages by it"))]
    pub(crate) fn hash(&self) -> u64 {
        let of_text = |text: &str| hash::value(&mut Cursor::new(text)).unwrap_or_else(|| hash::raw(text));
        let content = self.data_hash.or_else(|| self.data.or(self.payload).map(of_text));
        hash::join(hash::text(self.kind().unwrap_or_default()), content.unwrap_or_default())
    }

    /// Whether it has a number that cannot be read.
    #[cfg_attr(not(feature = "stream"), allow(dead_code, reason = "streams report it"))]
    pub(crate) fn has_bad_sequence(&self) -> bool {
        self.has_bad_sequence
    }

    /// The whole message.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// What an acknowledgement or a notice says.
    ///
    /// # Errors
    /// If that is not what it should be.
    pub fn reply(&self) -> Result<Reply, Undecodable> {
        let mut success: Option<bool> = None;
        let mut details: Option<String> = None;
        self.part(self.layout.success, success.slot())?;
        self.part(self.layout.details, details.slot())?;
        Ok(Reply { success, details })
    }

    /// Reads any part of the message, if it is there.
    fn part(&self, place: Place, slot: Slot<'_>) -> Result<(), Undecodable> {
        let (name, object) = match place {
            Place::Message(name) => (name, Some(self.text)),
            Place::Payload(name) => (name, self.payload),
        };
        match object.and_then(|object| property(object, name)) {
            Some(value) => record::decode_text(value, slot).map_err(|error| self.at(place, &error)),
            None => Ok(()),
        }
    }

    /// An error in the part at `place`.
    #[cold]
    pub(super) fn at(&self, place: Place, error: &DecodeError) -> Undecodable {
        let inside = error.path.strip_prefix('$').unwrap_or_default();
        let path = match place {
            Place::Message(name) => format!("$.{name}{inside}"),
            Place::Payload(name) => format!("$.{}.{name}{inside}", self.layout.payload),
        };
        self.undecodable(path, error.message.as_str())
    }

    /// An error that keeps the whole message.
    #[cold]
    pub(super) fn undecodable(&self, path: impl Into<String>, message: impl Into<String>) -> Undecodable {
        Undecodable::new(self.text, path, message).of(self.kind(), self.sequence)
    }
}

/// A time in its usual form.
pub(super) fn milliseconds(text: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(text.parse().ok()?).ok()
}

/// The JSON of a property of an object whose end has been found before.
fn property<'a>(object: &'a str, wanted: &str) -> Option<&'a str> {
    let mut cursor = Cursor::new(object);
    let mut is_first = true;
    if !cursor.enter_object() {
        return None;
    }
    while let Ok(Some(name)) = cursor.property(is_first) {
        let value = cursor.value().ok()?;
        if unescape(name).is_ok_and(|name| name == wanted) {
            return Some(value);
        }
        is_first = false;
    }
    None
}
