//! What stands around what a message tells.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;

use super::cursor::Cursor;
use super::hash;
use super::undecodable::Undecodable;
use crate::record::{self, DecodeError, Slot, Value};
use crate::stream::{Layout, Place};

/// What stands around what a message tells; all of it borrowed from the text.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    pub(super) layout: &'static Layout,
    text: &'a str,
    pub(super) members: Members<'a>,
    /// The hash of the data, if that was asked for and the data is well-formed.
    data_hash: Option<u64>,
    /// It has a number that cannot be read.
    pub(crate) has_bad_sequence: bool,
}

/// The members of the message and of its payload that the layout names.
#[derive(Clone, Debug, Default)]
pub(super) struct Members<'a> {
    kind: Option<Cow<'a, str>>,
    sequence: Option<u64>,
    channel: Option<Cow<'a, str>>,
    timestamp: Option<&'a str>,
    success: Option<&'a str>,
    details: Option<&'a str>,
    pub(super) payload: Option<Range<usize>>,
    pub(super) data: Option<Range<usize>>,
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
        self.members.kind.as_deref()
    }

    /// Its number in the order of sequenced messages.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.members.sequence
    }

    /// Name of the channel, if the message says it.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        self.members.channel.as_deref()
    }

    /// When the server sent it.
    ///
    /// # Errors
    /// If that is no time.
    pub fn timestamp(&self) -> Result<Option<Timestamp>, Undecodable> {
        let milliseconds = |text: &str| Timestamp::from_millisecond(text.parse().ok()?).ok();
        let mut timestamp = self.members.timestamp.and_then(milliseconds);
        if timestamp.is_none() {
            self.fill(timestamp.slot(), self.layout.timestamp, self.members.timestamp)?;
        }
        Ok(timestamp)
    }

    /// The JSON of what is particular to the type of message.
    #[must_use]
    pub fn payload(&self) -> Option<&'a str> {
        self.part(&self.members.payload)
    }

    /// A hash of type and data as JSON values; without data, of type and payload. The same whenever
    /// the message is sent again, and in every version of this crate that reads resume points of this
    /// one.
    pub(crate) fn hash(&self) -> u64 {
        let of_text = |text| {
            hash::value(&mut Cursor::new(text), 0).unwrap_or_else(|| hash::of(hash::RAW, text.as_bytes()))
        };
        let content = || self.part(&self.members.data).or(self.payload()).map_or(0, of_text);
        let kind = self.kind().unwrap_or_default();
        hash::join(hash::of(hash::TEXT, kind.as_bytes()), self.data_hash.unwrap_or_else(content))
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
        let mut reply = Reply::default();
        self.fill(reply.success.slot(), self.layout.success, self.members.success)?;
        self.fill(reply.details.slot(), self.layout.details, self.members.details)?;
        Ok(reply)
    }

    /// The JSON that stands at `place`.
    pub(super) fn part(&self, place: &Option<Range<usize>>) -> Option<&'a str> {
        self.text.get(place.clone()?)
    }

    /// Reads a part, if it is there.
    pub(super) fn fill(&self, slot: Slot<'_>, place: Place, json: Option<&str>) -> Result<(), Undecodable> {
        let read = json.map_or(Ok(()), |json| record::decode_text(json, slot));
        read.map_err(|error| self.undecodable(self.at(steps(place), error)))
    }

    /// An error in a member of the message, or of its payload.
    #[cold]
    fn at(&self, (in_payload, name): Steps<'_>, error: DecodeError) -> DecodeError {
        let name = String::from_utf8_lossy(name);
        let inside = error.path.strip_prefix('$').unwrap_or_default();
        let path = match in_payload {
            true => format!("$.{}.{name}{inside}", self.layout.payload),
            false => format!("$.{name}{inside}"),
        };
        DecodeError { path, ..error }
    }

    /// An error that keeps the whole message.
    #[cold]
    pub(super) fn undecodable(&self, error: DecodeError) -> Undecodable {
        Undecodable::new(self.text, self.kind(), self.sequence(), error)
    }

    #[cold]
    pub(super) fn missing(&self, place: Place) -> Undecodable {
        self.undecodable(self.at(steps(place), fault("is missing")))
    }
}

/// Where a member stands: whether in the payload, and its name.
type Steps<'a> = (bool, &'a [u8]);

fn steps(place: Place) -> Steps<'static> {
    match place {
        Place::Message(name) => (false, name.as_bytes()),
        Place::Payload(name) => (true, name.as_bytes()),
    }
}

/// What is wrong with a value as a whole.
#[cold]
pub(crate) fn fault(message: impl Into<String>) -> DecodeError {
    DecodeError { path: "$".to_owned(), message: message.into() }
}

/// An envelope that is read no further than needed.
#[derive(Debug)]
pub struct Scan<'a> {
    layout: &'static Layout,
    text: &'a str,
}

type Read<'a> = Result<Envelope<'a>, Undecodable>;

impl<'a> Scan<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(layout: &'static Layout, text: &'a str) -> Self {
        Self { layout, text }
    }

    /// The sequence number. Nothing behind it is read.
    ///
    /// # Errors
    /// If the message is no JSON object, as far as it is read, or the number is none.
    pub fn sequence(&mut self) -> Result<Option<u64>, Undecodable> {
        let read = self.watched(false, &mut |envelope, data| data.is_none() && envelope.sequence().is_some());
        read.map(|envelope| envelope.sequence())
    }

    /// All that stands around what the message tells.
    ///
    /// # Errors
    /// If the message is no JSON object, or a part of the envelope is not what it should be.
    pub fn finish(self) -> Result<Envelope<'a>, Undecodable> {
        self.watched(false, &mut |_, _| false)
    }

    /// The same until it is enough, for a stream: the data is hashed on the way, and the rest of a
    /// message counts also where a part of its envelope is not what it should be.
    pub(crate) fn for_stream(&self, is_enough: &mut dyn FnMut(&Envelope<'a>) -> bool) -> Read<'a> {
        self.watched(true, &mut |envelope, data| {
            let Some(cursor) = data else { return is_enough(envelope) };
            envelope.data_hash = hash::value(cursor, 0);
            envelope.data_hash.is_some()
        })
    }

    pub(super) fn watched(&self, is_lenient: bool, watch: Watch<'_, 'a>) -> Read<'a> {
        let Self { layout, text } = *self;
        let envelope =
            Envelope { layout, text, members: Members::default(), data_hash: None, has_bad_sequence: false };
        let mut reader = Reader { cursor: Cursor::new(text), envelope, is_lenient, watch };
        match reader.message() {
            Ok(()) => Ok(reader.envelope),
            Err(error) => Err(reader.envelope.undecodable(error)),
        }
    }
}

/// What watches an envelope being read. It is shown the data, to move over it or to leave it and say
/// so, and asked behind each member whether that is enough.
type Watch<'r, 'a> = &'r mut dyn FnMut(&mut Envelope<'a>, Option<&mut Cursor<'a>>) -> bool;

/// Reads an envelope.
struct Reader<'r, 'a> {
    cursor: Cursor<'a>,
    envelope: Envelope<'a>,
    is_lenient: bool,
    watch: Watch<'r, 'a>,
}

impl<'a> Reader<'_, 'a> {
    fn message(&mut self) -> Result<(), DecodeError> {
        if !self.cursor.eat(b'{') {
            return Err(self.expected("an object"));
        }
        if self.object(false)? && self.cursor.peek().is_some() {
            return Err(self.expected("nothing more"));
        }
        Ok(())
    }

    #[cold]
    fn expected(&self, what: &str) -> DecodeError {
        fault(format!("expected {what} at byte {}", self.cursor.at()))
    }

    /// Reads the message, or its payload; false if that was enough before its end.
    fn object(&mut self, in_payload: bool) -> Result<bool, DecodeError> {
        let layout = self.envelope.layout;
        let mut is_first = true;
        while let Some(name) = self.cursor.member(&mut is_first).map_err(|what| self.expected(what))? {
            let name = name.read();
            let member = (in_payload, &*name);
            self.cursor.peek();
            let (start, rest) = (self.cursor.at(), self.cursor.rest);
            if member == steps(Place::Message(layout.payload)) && self.cursor.eat(b'{') {
                if !self.object(true)? {
                    return Ok(false);
                }
            } else if member != steps(layout.data)
                || !(self.watch)(&mut self.envelope, Some(&mut self.cursor))
            {
                self.cursor.rest = rest;
                self.cursor.value().map_err(|what| self.expected(what))?;
            }
            match self.take(member, start..self.cursor.at()) {
                Err(error) if !self.is_lenient => return Err(self.envelope.at(member, error)),
                Err(_) if member == steps(layout.sequence) => self.envelope.has_bad_sequence = true,
                _ => {}
            }
            if (self.watch)(&mut self.envelope, None) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps a member if the layout names it.
    fn take(&mut self, member: Steps<'_>, place: Range<usize>) -> Result<(), DecodeError> {
        let Envelope { layout, text, members, .. } = &mut self.envelope;
        let json = text.get(place.clone()).unwrap_or_default();
        let is = |place: Place| steps(place) == member;
        let is_new = if is(Place::Message(layout.payload)) {
            members.payload.replace(place).is_none()
        } else if is(layout.data) {
            members.data.replace(place).is_none()
        } else if json == "null" {
            true
        } else if is(layout.kind) {
            members.kind.replace(read_text(json)?).is_none()
        } else if is(layout.sequence) {
            members.sequence.replace(read_number(json)?).is_none()
        } else if is(layout.channel) {
            members.channel.replace(read_text(json)?).is_none()
        } else if is(layout.timestamp) {
            members.timestamp.replace(json).is_none()
        } else if is(layout.success) {
            members.success.replace(json).is_none()
        } else {
            !is(layout.details) || members.details.replace(json).is_none()
        };
        is_new.then_some(()).ok_or_else(|| fault("occurs twice"))
    }
}

/// The text of a JSON value; it is copied only if it has escapes.
fn read_text(json: &str) -> Result<Cow<'_, str>, DecodeError> {
    let written = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(text) = written.filter(|text| !text.contains('\\')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut text = String::new();
    record::decode_text(json, text.slot()).map(|()| Cow::Owned(text))
}

fn read_number(json: &str) -> Result<u64, DecodeError> {
    json.parse().or_else(|_| {
        let mut number = 0;
        record::decode_text(json, Slot::U64(&mut number)).map(|()| number)
    })
}
