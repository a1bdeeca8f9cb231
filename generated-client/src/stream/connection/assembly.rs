//! From bytes to messages.

use std::ops::Range;

use bytes::{Buf, BytesMut};
use tungstenite::protocol::frame::coding::CloseCode;

use super::frame::{Head, Kind};
use crate::stream::core::Closed;

/// Room that is made for one read, and what is kept of a buffer that was larger.
const ROOM: usize = 64 << 10;

/// Why nothing more is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Protocol,
    /// What should be text is none.
    NoText,
    TooLarge,
}

impl Broken {
    /// The code that tells the server.
    pub(super) fn code(self) -> CloseCode {
        match self {
            Self::Protocol => CloseCode::Protocol,
            Self::NoText => CloseCode::Invalid,
            Self::TooLarge => CloseCode::Size,
        }
    }
}

impl From<Broken> for Closed {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Protocol | Broken::NoText => Self::Protocol,
            Broken::TooLarge => Self::TooLarge,
        }
    }
}

/// What came. The bytes of it are in the assembly until it is asked for the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Text(Place),
    Binary(Place),
    Part,
    Ping(Range<usize>),
    Pong,
    Close(Option<u16>),
}

/// Where the bytes of a message are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It came in one frame.
    Buffer(Range<usize>),
    Parts,
}

/// Bytes that came, and the beginning of a message that came in parts.
///
/// The buffer is used again and again: whoever wants to keep a message copies it.
#[derive(Debug)]
pub(super) struct Assembly {
    buffer: BytesMut,
    /// How much of the buffer has been seen.
    seen: usize,
    parts: Vec<u8>,
    /// Which kind of message has begun and is not complete.
    begun: Option<Kind>,
    limit: usize,
}

impl Assembly {
    pub(super) fn new(early: BytesMut, limit: usize) -> Self {
        Self { buffer: early, seen: 0, parts: Vec::new(), begun: None, limit }
    }

    /// The next of what came; none if more has to be read.
    pub(super) fn step(&mut self) -> Result<Option<Step>, Broken> {
        self.forget();
        let start = self.seen;
        let Some(head) = Head::read(self.buffer.get(start..).unwrap_or_default())? else { return Ok(None) };
        self.check(head)?;
        // A size within the limits fits.
        let payload = usize::try_from(head.payload).map_err(|_| Broken::TooLarge)?;
        let begin = start.saturating_add(head.size);
        let end = begin.saturating_add(payload);
        let range = begin..end;
        let Some(bytes) = self.buffer.get(range.clone()) else { return Ok(None) };
        self.seen = end;
        Ok(Some(match (head.kind, head.last) {
            (Kind::Ping, _) => Step::Ping(range),
            (Kind::Pong, _) => Step::Pong,
            (Kind::Close, _) => Step::Close(close_code(bytes)?),
            (Kind::Text, true) => Step::Text(Place::Buffer(range)),
            (Kind::Binary, true) => Step::Binary(Place::Buffer(range)),
            (kind, last) => {
                self.parts.extend_from_slice(bytes);
                let kind = self.begun.unwrap_or(kind);
                self.begun = (!last).then_some(kind);
                match (last, kind) {
                    (false, _) => Step::Part,
                    (true, Kind::Binary) => Step::Binary(Place::Parts),
                    (true, _) => Step::Text(Place::Parts),
                }
            }
        }))
    }

    /// Whether a frame may come here, and whether its message is small enough: both are known
    /// before its payload has come.
    fn check(&self, head: Head) -> Result<(), Broken> {
        let in_order = match head.kind {
            Kind::Text | Kind::Binary => self.begun.is_none(),
            Kind::Continuation => self.begun.is_some(),
            Kind::Ping | Kind::Pong | Kind::Close => return Ok(()),
        };
        if !in_order {
            return Err(Broken::Protocol);
        }
        let room = self.limit.saturating_sub(self.parts.len());
        if u64::try_from(room).is_ok_and(|room| head.payload > room) { Err(Broken::TooLarge) } else { Ok(()) }
    }

    /// A message in parts that has been seen is not needed any more.
    fn forget(&mut self) {
        if self.begun.is_none() && !self.parts.is_empty() {
            self.parts.clear();
            self.parts.shrink_to(ROOM);
        }
    }

    /// The bytes of the message that came last.
    pub(super) fn message(&self, place: &Place) -> &[u8] {
        match place {
            Place::Buffer(range) => self.bytes(range),
            Place::Parts => &self.parts,
        }
    }

    pub(super) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.buffer.get(range.clone()).unwrap_or_default()
    }

    /// Where to put what is read.
    pub(super) fn room(&mut self) -> &mut BytesMut {
        self.buffer.advance(self.seen.min(self.buffer.len()));
        self.seen = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > 16 * ROOM {
            // One large message is no reason to keep so much.
            self.buffer = BytesMut::new();
        }
        self.buffer.reserve(ROOM);
        &mut self.buffer
    }
}

/// Reads what is in a close.
fn close_code(bytes: &[u8]) -> Result<Option<u16>, Broken> {
    match bytes {
        [] => Ok(None),
        [first, second, reason @ ..] => {
            let code = u16::from_be_bytes([*first, *second]);
            match std::str::from_utf8(reason) {
                Ok(_) if CloseCode::from(code).is_allowed() => Ok(Some(code)),
                _ => Err(Broken::Protocol),
            }
        }
        [_] => Err(Broken::Protocol),
    }
}
