//! Reading envelopes no further than needed.

use std::borrow::Cow;

use super::cursor::{Cursor, Malformed, unescape};
use super::envelope::Envelope;
use super::hash;
use super::undecodable::Undecodable;
use crate::record::{self, Slot, Value};
use crate::stream::{Layout, Place};

/// An envelope that is read as far as somebody asks for.
///
/// It allocates nothing, unless type or channel are written with escapes.
#[derive(Debug)]
pub struct Scan<'a> {
    layout: &'static Layout,
    cursor: Cursor<'a>,
    envelope: Envelope<'a>,
    progress: Progress,
    /// Where the payload begins that is being read.
    payload: Option<usize>,
    /// For a stream: the data is hashed on the way, and a number that is none does no harm to the rest.
    for_stream: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Progress {
    Before,
    /// Within an object, before its first property.
    First,
    /// Behind a property.
    Within,
    Behind,
}

/// Of what a property is one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Level {
    Message,
    Payload,
}

impl Level {
    fn has(self, place: Place, name: &str) -> bool {
        match (place, self) {
            (Place::Message(other), Self::Message) | (Place::Payload(other), Self::Payload) => other == name,
            _ => false,
        }
    }
}

/// Reads the data that a text begins with, and says how long it is; none to leave it for later. It
/// sees what of the envelope stands before.
type Read<'r, 'a> = &'r mut dyn FnMut(&Envelope<'a>, &'a str) -> Option<usize>;

impl<'a> Scan<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(layout: &'static Layout, text: &'a str) -> Self {
        Self {
            layout,
            cursor: Cursor::new(text),
            envelope: Envelope::new(layout, text),
            progress: Progress::Before,
            payload: None,
            for_stream: false,
        }
    }

    /// The same, and what the runtime of streams needs: hashes, and messages whose number cannot be
    /// read.
    #[cfg_attr(not(feature = "stream"), allow(dead_code, reason = "streams read messages by it"))]
    pub(crate) fn for_stream(layout: &'static Layout, text: &'a str) -> Self {
        Self { for_stream: true, ..Self::new(layout, text) }
    }

    /// Type and sequence number, as far as there are any. Nothing behind them is read.
    #[cfg_attr(not(feature = "stream"), allow(dead_code, reason = "streams look at replays by it"))]
    pub(crate) fn head(&mut self) -> Result<(Option<&str>, Option<u64>), Undecodable> {
        let lacks = |envelope: &Envelope<'_>| envelope.kind.is_none() || envelope.sequence.is_none();
        while lacks(&self.envelope) && self.step(&mut |_, _| None)? {}
        Ok((self.envelope.kind(), self.envelope.sequence))
    }

    /// The sequence number. Nothing behind it is read.
    ///
    /// # Errors
    /// If the message is no JSON object, as far as it is read, or the number is none.
    pub fn sequence(&mut self) -> Result<Option<u64>, Undecodable> {
        while self.envelope.sequence.is_none() && self.step(&mut |_, _| None)? {}
        Ok(self.envelope.sequence)
    }

    /// All that stands around what the message tells.
    ///
    /// # Errors
    /// If the message is no JSON object, or a part of the envelope is not what it should be.
    pub fn finish(self) -> Result<Envelope<'a>, Undecodable> {
        self.finish_reading(&mut |_, _| None)
    }

    /// As `finish`, and lets `read` read the data where it stands, instead of passing over it only
    /// to come back.
    pub(super) fn finish_reading(mut self, read: Read<'_, 'a>) -> Result<Envelope<'a>, Undecodable> {
        while self.step(read)? {}
        Ok(self.envelope)
    }

    /// Reads the next property, of the message or of its payload; false if there is none.
    fn step(&mut self, read: Read<'_, 'a>) -> Result<bool, Undecodable> {
        match self.progress {
            Progress::Behind => return Ok(false),
            Progress::Before if !self.cursor.enter_object() => {
                let at = self.cursor.at();
                return Err(self.malformed(&Malformed { expected: "an object", at }));
            }
            Progress::Before => self.progress = Progress::First,
            Progress::First | Progress::Within => {}
        }
        let is_first = std::mem::replace(&mut self.progress, Progress::Within) == Progress::First;
        match (self.cursor.property(is_first), self.payload) {
            (Ok(Some(name)), payload) => {
                self.property(if payload.is_some() { Level::Payload } else { Level::Message }, name, read)?;
            }
            (Ok(None), Some(start)) => {
                self.payload = None;
                self.take(Level::Message, self.layout.payload, self.cursor.since(start))?;
            }
            (Ok(None), None) => {
                self.progress = Progress::Behind;
                self.cursor.end().map_err(|malformed| self.malformed(&malformed))?;
            }
            (Err(malformed), _) => return Err(self.malformed(&malformed)),
        }
        Ok(self.progress != Progress::Behind)
    }

    /// Reads a property behind its name, or moves into the payload.
    fn property(&mut self, level: Level, name: &'a str, read: Read<'_, 'a>) -> Result<(), Undecodable> {
        let name = self.unescape(name)?;
        let start = self.cursor.at();
        if level == Level::Message && name == self.layout.payload && self.cursor.enter_object() {
            (self.payload, self.progress) = (Some(start), Progress::First);
            return Ok(());
        }
        let is_data = level.has(self.layout.data, &name);
        if is_data
            && let Some(length) = read(&self.envelope, self.cursor.rest())
        {
            self.cursor.skip(length);
        } else if is_data && self.for_stream && self.hash() {
            // It is behind the data now.
        } else if let Err(malformed) = self.cursor.value() {
            return Err(self.malformed(&malformed));
        }
        self.take(level, &name, self.cursor.since(start))
    }

    /// Moves over the data and hashes it. If it is malformed, stays before it.
    fn hash(&mut self) -> bool {
        let start = self.cursor.at();
        self.envelope.data_hash = hash::value(&mut self.cursor);
        if self.envelope.data_hash.is_none() {
            self.cursor.back_to(start);
        }
        self.envelope.data_hash.is_some()
    }

    /// Keeps what belongs to the envelope.
    fn take(&mut self, level: Level, name: &str, value: &'a str) -> Result<(), Undecodable> {
        let layout = self.layout;
        let is = |place: Place| level.has(place, name);
        let is_new = if level == Level::Message && name == layout.payload {
            self.envelope.payload.replace(value).is_none()
        } else if is(layout.data) {
            self.envelope.data.replace(value).is_none()
        } else if value == "null" {
            true
        } else if is(layout.kind) {
            let kind = self.text(layout.kind, value)?;
            self.envelope.kind.replace(kind).is_none()
        } else if is(layout.sequence) {
            match self.number(layout.sequence, value) {
                Ok(sequence) => self.envelope.sequence.replace(sequence).is_none(),
                Err(_) if self.for_stream => {
                    self.envelope.has_bad_sequence = true;
                    true
                }
                Err(undecodable) => return Err(undecodable),
            }
        } else if is(layout.channel) {
            let channel = self.text(layout.channel, value)?;
            self.envelope.channel.replace(channel).is_none()
        } else if is(layout.timestamp) {
            self.envelope.timestamp.replace(value).is_none()
        } else {
            true
        };
        if is_new {
            return Ok(());
        }
        let path = match level {
            Level::Message => format!("$.{name}"),
            Level::Payload => format!("$.{}.{name}", layout.payload),
        };
        Err(self.envelope.undecodable(path, "occurs twice"))
    }

    /// The text of a JSON string, which is copied only if it has escapes.
    fn text(&self, place: Place, value: &'a str) -> Result<Cow<'a, str>, Undecodable> {
        match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(text) => self.unescape(text),
            None => {
                let mut text = String::new();
                self.decode(place, value, text.slot())?;
                Ok(Cow::Owned(text))
            }
        }
    }

    fn number(&self, place: Place, value: &str) -> Result<u64, Undecodable> {
        match value.parse() {
            Ok(number) => Ok(number),
            Err(_) => {
                let mut number = 0;
                self.decode(place, value, Slot::U64(&mut number))?;
                Ok(number)
            }
        }
    }

    /// What is not in the usual form, by the rules that hold for all values.
    #[cold]
    fn decode(&self, place: Place, value: &str, slot: Slot<'_>) -> Result<(), Undecodable> {
        record::decode_text(value, slot).map_err(|error| self.envelope.at(place, &error))
    }

    /// What a string means whose content is `text`.
    fn unescape(&self, text: &'a str) -> Result<Cow<'a, str>, Undecodable> {
        unescape(text).map_err(|error| self.envelope.undecodable("$", error.message))
    }

    #[cold]
    fn malformed(&self, malformed: &Malformed) -> Undecodable {
        let Malformed { expected, at } = malformed;
        self.envelope.undecodable("$", format!("expected {expected} at byte {at}"))
    }
}
