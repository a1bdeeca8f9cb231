//! What stands around what a message tells, and the way from there to a typed message.

use std::borrow::Cow;
use std::ops::Range;

use jiff::Timestamp;

use super::hash::{RAW, hash_value, join};
use super::{Received, Undecodable};
use crate::record::reader::{Reader, TEXT, hash_of};
use crate::record::{self, DecodeError, Slot, Value};
use crate::stream::{Channel, ChannelMessage, Content, Layout, Place};
use crate::{Json, UnknownVariant};

/// What stands around what a message tells; all of it borrowed from the text.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<'a> {
    layout: &'static Layout,
    /// The whole message.
    pub(crate) text: &'a str,
    pub(crate) members: Members<'a>,
    /// The hash of the data, if that was asked for and the data is well-formed.
    data_hash: Option<u64>,
    /// It has a number that cannot be read.
    pub(crate) has_bad_sequence: bool,
}

/// The members of the message and of its payload that the layout names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members<'a> {
    kind: Option<Cow<'a, str>>,
    /// Its number in the order of sequenced messages.
    pub(crate) sequence: Option<u64>,
    pub(crate) channel: Option<Cow<'a, str>>,
    timestamp: Option<&'a str>,
    success: Option<&'a str>,
    details: Option<&'a str>,
    payload: Option<Range<usize>>,
    data: Option<Range<usize>>,
}

/// What the server says to a subscription, or in a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Whether it agrees, if it says so.
    pub success: Option<bool>,
    /// In its own words.
    pub details: Option<String>,
}

/// What watches an envelope being read. It is shown the data, to move over it or to leave it and say
/// so, and asked behind each member whether that is enough.
type Watch<'r, 'a> = &'r mut dyn FnMut(&mut Envelope<'a>, Option<&mut Reader<'a>>) -> bool;

impl<'a> Envelope<'a> {
    /// Reads what stands around what a message tells, and no more.
    ///
    /// # Errors
    /// If the message is no JSON object, or a part of the envelope is not what it should be.
    pub(crate) fn read(layout: &'static Layout, text: &'a str) -> Result<Self, Undecodable> {
        Self::watched(layout, text, false, &mut |_, _| false)
    }

    /// The same until it is enough, for a stream: the data is hashed on the way, and the rest of a
    /// message counts also where a part of its envelope is not what it should be.
    pub(crate) fn read_for_stream(
        layout: &'static Layout,
        text: &'a str,
        is_enough: &mut dyn FnMut(&Self) -> bool,
    ) -> Result<Self, Undecodable> {
        Self::watched(layout, text, true, &mut |envelope, data| {
            let Some(json) = data else { return is_enough(envelope) };
            envelope.data_hash = hash_value(json, 0);
            envelope.data_hash.is_some()
        })
    }

    pub(super) fn watched(
        layout: &'static Layout,
        text: &'a str,
        is_lenient: bool,
        watch: Watch<'_, 'a>,
    ) -> Result<Self, Undecodable> {
        let envelope =
            Self { layout, text, members: Members::default(), data_hash: None, has_bad_sequence: false };
        let mut reader = EnvelopeReader { json: Reader::new(text), envelope, is_lenient, watch };
        match reader.message() {
            Ok(()) => Ok(reader.envelope),
            Err(error) => Err(reader.envelope.undecodable(error)),
        }
    }

    /// The type of the message.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.members.kind.as_deref()
    }

    /// When the server sent it.
    ///
    /// # Errors
    /// If that is no time.
    pub(crate) fn timestamp(&self) -> Result<Option<Timestamp>, Undecodable> {
        let milliseconds = |text: &str| Timestamp::from_millisecond(text.parse().ok()?).ok();
        let mut timestamp = self.members.timestamp.and_then(milliseconds);
        if timestamp.is_none() {
            self.fill(timestamp.slot(), self.layout.timestamp, self.members.timestamp)?;
        }
        Ok(timestamp)
    }

    /// A hash of type and data as JSON values; without data, of type and payload. The same whenever
    /// the message is sent again, and in every version of this crate that reads resume points of this
    /// one.
    pub(crate) fn hash(&self) -> u64 {
        let of_text =
            |text| hash_value(&mut Reader::new(text), 0).unwrap_or_else(|| hash_of(RAW, text.as_bytes()));
        let content = self.members.data.as_ref().or(self.members.payload.as_ref());
        let content = || content.and_then(|place| self.text.get(place.clone())).map_or(0, of_text);
        let kind = self.kind().unwrap_or_default();
        join(hash_of(TEXT, kind.as_bytes()), self.data_hash.unwrap_or_else(content))
    }

    /// What an acknowledgement or a notice says.
    ///
    /// # Errors
    /// If that is not what it should be.
    pub(crate) fn reply(&self) -> Result<Reply, Undecodable> {
        let mut reply = Reply::default();
        self.fill(reply.success.slot(), self.layout.success, self.members.success)?;
        self.fill(reply.details.slot(), self.layout.details, self.members.details)?;
        Ok(reply)
    }

    /// Reads what the message tells.
    ///
    /// # Errors
    /// If it is not what its type says, or has no type.
    pub(crate) fn decode<M: ChannelMessage>(&self) -> Result<M, Undecodable> {
        let kind = self.kind().ok_or_else(|| self.missing(self.layout.kind))?;
        let Some((mut message, place, content)) = self.listed::<M>() else {
            let json =
                self.text.parse::<Json>().map_err(|error| self.undecodable(fault(error.to_string())))?;
            return Ok(M::unknown(UnknownVariant::new(kind, json)));
        };
        if let Some(slot) = message.slot() {
            let json = content.clone().and_then(|content| self.text.get(content));
            self.fill(slot, place, Some(json.ok_or_else(|| self.missing(place))?))?;
        }
        Ok(message)
    }

    /// Reads the data where it stands. What is wrong with it comes out when it is read again.
    pub(super) fn decode_data<M: ChannelMessage>(&self, json: &mut Reader<'_>) -> Option<M> {
        let (mut message, ..) = self.listed::<M>().filter(|(_, place, _)| *place == self.layout.data)?;
        record::decode_next(json, message.slot()?).ok()?;
        Some(message)
    }

    /// A blank message of its type, and where its content stands.
    fn listed<M: ChannelMessage>(&self) -> Option<(M, Place<'static>, &Option<Range<usize>>)> {
        let index = M::CHANNEL.index(self.kind()?)?;
        let (place, content) = self.content(M::CHANNEL, index);
        Some((M::blank(index)?, place, content))
    }

    /// Where the content of a message stands whose type is at this index of the channel's messages.
    fn content(&self, channel: &Channel, kind: usize) -> (Place<'static>, &Option<Range<usize>>) {
        match channel.messages.get(kind).map(|kind| kind.content) {
            Some(Content::Data) => (self.layout.data, &self.members.data),
            _ => (Place::Message(self.layout.payload), &self.members.payload),
        }
    }

    /// What is known of a message whose type is at this index of the channel's messages; none if its
    /// time is none.
    pub(crate) fn parts(&self, channel: &Channel, kind: usize) -> Option<Parts> {
        let content = self.content(channel, kind).1.clone();
        Some(Parts { kind, sequence: self.members.sequence, timestamp: self.timestamp().ok()?, content })
    }

    /// Reads a part, if it is there.
    fn fill(&self, slot: Slot<'_>, place: Place<'_>, json: Option<&str>) -> Result<(), Undecodable> {
        let read = json.map_or(Ok(()), |json| record::decode_text(json, slot));
        read.map_err(|error| self.undecodable(self.at(place, error)))
    }

    /// An error in a member of the message, or of its payload.
    #[cold]
    fn at(&self, place: Place<'_>, error: DecodeError) -> DecodeError {
        let inside = error.path.strip_prefix('$').unwrap_or_default();
        let path = match place {
            Place::Message(name) => format!("$.{name}{inside}"),
            Place::Payload(name) => format!("$.{}.{name}{inside}", self.layout.payload),
        };
        DecodeError { path, ..error }
    }

    /// An error that keeps the whole message.
    #[cold]
    fn undecodable(&self, error: DecodeError) -> Undecodable {
        Undecodable::new(self.text, self.kind(), self.members.sequence, error)
    }

    #[cold]
    fn missing(&self, place: Place<'_>) -> Undecodable {
        self.undecodable(self.at(place, fault("is missing")))
    }
}

/// What is wrong with a value as a whole.
#[cold]
pub(crate) fn fault(message: impl Into<String>) -> DecodeError {
    DecodeError { path: "$".to_owned(), message: message.into() }
}

/// The parts of a message, kept so that its envelope is not read twice.
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

/// Reads an envelope.
struct EnvelopeReader<'r, 'a> {
    json: Reader<'a>,
    envelope: Envelope<'a>,
    is_lenient: bool,
    watch: Watch<'r, 'a>,
}

impl<'a> EnvelopeReader<'_, 'a> {
    fn message(&mut self) -> Result<(), DecodeError> {
        if !self.json.eat(b'{') {
            return Err(self.expected("an object"));
        }
        if self.object(false)? && self.json.peek().is_some() {
            return Err(self.expected("nothing more"));
        }
        Ok(())
    }

    #[cold]
    fn expected(&self, what: &str) -> DecodeError {
        fault(format!("expected {what} at byte {}", self.json.at()))
    }

    /// Reads the message, or its payload; false if that was enough before its end.
    fn object(&mut self, in_payload: bool) -> Result<bool, DecodeError> {
        let mut is_first = true;
        while self.json.next(b'}', &mut is_first).map_err(|what| self.expected(what))? {
            let name = self.json.name().map_err(|what| self.expected(what))?;
            let name = name.read().unwrap_or_else(|| name.written().into());
            let place = if in_payload { Place::Payload(&name) } else { Place::Message(&name) };
            let member = Member::at(self.envelope.layout, place);
            self.json.peek();
            let (start, before) = (self.json.at(), self.json.clone());
            if member == Member::Payload && self.json.eat(b'{') {
                if !self.object(true)? {
                    return Ok(false);
                }
            } else if member != Member::Data || !(self.watch)(&mut self.envelope, Some(&mut self.json)) {
                self.json = before;
                self.json.skip_unchecked().map_err(|what| self.expected(what))?;
            }
            match self.take(member, start..self.json.at()) {
                Err(error) if !self.is_lenient => return Err(self.envelope.at(place, error)),
                Err(_) if member == Member::Sequence => self.envelope.has_bad_sequence = true,
                _ => {}
            }
            if (self.watch)(&mut self.envelope, None) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps a member that the layout names.
    fn take(&mut self, member: Member, place: Range<usize>) -> Result<(), DecodeError> {
        let Envelope { text, members, .. } = &mut self.envelope;
        let json = text.get(place.clone()).unwrap_or_default();
        let is_new = match member {
            Member::Payload => members.payload.replace(place).is_none(),
            Member::Data => members.data.replace(place).is_none(),
            Member::Other => true,
            _ if json == "null" => true,
            Member::Kind => members.kind.replace(read_text(json)?).is_none(),
            Member::Sequence => members.sequence.replace(read_number(json)?).is_none(),
            Member::Channel => members.channel.replace(read_text(json)?).is_none(),
            Member::Timestamp => members.timestamp.replace(json).is_none(),
            Member::Success => members.success.replace(json).is_none(),
            Member::Details => members.details.replace(json).is_none(),
        };
        is_new.then_some(()).ok_or_else(|| fault("occurs twice"))
    }
}

/// Which member of the message or its payload something is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Payload,
    Data,
    Kind,
    Sequence,
    Channel,
    Timestamp,
    Success,
    Details,
    Other,
}

impl Member {
    fn at(layout: &Layout, place: Place<'_>) -> Self {
        match place {
            _ if place == Place::Message(layout.payload) => Self::Payload,
            _ if place == layout.data => Self::Data,
            _ if place == layout.kind => Self::Kind,
            _ if place == layout.sequence => Self::Sequence,
            _ if place == layout.channel => Self::Channel,
            _ if place == layout.timestamp => Self::Timestamp,
            _ if place == layout.success => Self::Success,
            _ if place == layout.details => Self::Details,
            _ => Self::Other,
        }
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
