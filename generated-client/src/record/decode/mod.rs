//! Reading JSON into slots.
//!
//! The reader tells the values apart and this module says where they go. Each scalar is taken as
//! its text, so that nothing is rounded on the way and a number may stand where a text is
//! documented, and the reverse. Other formats become JSON text first (`exchange`).

mod container;
mod failure;
mod leaf;
mod number;
#[cfg(test)]
mod tests;
mod time;
mod union;

use self::failure::Failure;
use super::Slot;
use super::reader::Reader;

pub(crate) use self::failure::DecodeError;

/// How deep objects and lists may be nested in each other.
const MAX_DEPTH: usize = 127;

/// An error is rare, and larger than what is returned otherwise.
type Result<T = ()> = std::result::Result<T, Box<Failure>>;

/// Reads one JSON value into a slot. After an error the slot's content is unspecified.
///
/// # Errors
/// What was expected and what was found, with the JSON path.
pub(crate) fn decode(json: &[u8], slot: Slot<'_>) -> std::result::Result<(), DecodeError> {
    // RFC 8259, section 8.1, lets a reader ignore a byte order mark.
    let json = json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json);
    let text = std::str::from_utf8(json).map_err(|error| {
        let place = error.valid_up_to();
        Failure::other(format!("expected UTF-8, found other bytes at byte {place}")).finish()
    })?;
    decode_text(text, slot)
}

/// Reads one JSON value into a slot.
pub(crate) fn decode_text(text: &str, slot: Slot<'_>) -> std::result::Result<(), DecodeError> {
    Decoder::new(Reader::new(text)).whole(slot).map_err(|failure| failure.finish())
}

/// Reads the next JSON value into a slot, and moves the reader behind it. After an error the slot's content
/// is unspecified, and the reader stays where it is.
pub(crate) fn decode_next(json: &mut Reader<'_>, slot: Slot<'_>) -> std::result::Result<(), DecodeError> {
    let mut decoder = Decoder::new(json.clone());
    decoder.value(slot).map_err(|failure| failure.finish())?;
    *json = decoder.json;
    Ok(())
}

/// Reads values into slots.
struct Decoder<'a> {
    json: Reader<'a>,
    depth: usize,
    /// Whether decimals that come next were floats when they were written.
    floats: bool,
}

impl<'a> Decoder<'a> {
    fn new(json: Reader<'a>) -> Self {
        Self { json, depth: 0, floats: false }
    }

    /// The decoder of a value that this one has passed over, with this text.
    fn inside<'b>(&self, text: &'b str) -> Decoder<'b> {
        Decoder { json: Reader::new(text), depth: self.depth, floats: self.floats }
    }

    /// Reads a value that is all there is.
    fn whole(mut self, slot: Slot<'_>) -> Result {
        self.value(slot)?;
        match self.json.peek() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("nothing more")),
        }
    }

    /// Reads the next value.
    fn value(&mut self, slot: Slot<'_>) -> Result {
        match slot {
            Slot::Option(option) => {
                if self.json.peek() == Some(b'n') && self.json.literal() == Some("null") {
                    option.clear();
                    return Ok(());
                }
                match option.fill() {
                    Some(slot) => self.value(slot),
                    None => self.skip().map(drop),
                }
            }
            Slot::Record(record) => self.nested(|decoder| decoder.record(record)),
            Slot::List(list) => self.nested(|decoder| decoder.list(list)),
            Slot::Map(map) => self.nested(|decoder| decoder.map(map)),
            Slot::Union(union) => self.nested(|decoder| decoder.union(union)),
            leaf => self.leaf(leaf),
        }
    }

    /// Goes one level deeper for as long as `read` runs.
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result) -> Result {
        if self.depth >= MAX_DEPTH {
            return Err(Failure::other(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Moves over a value.
    fn skip(&mut self) -> Result<&'a str> {
        self.json.skip().map_err(|expected| self.unexpected(expected))
    }

    /// Moves behind the bracket that begins a value, which is `expected`.
    fn open(&mut self, bracket: u8, expected: impl FnOnce() -> String) -> Result {
        if self.json.eat(bracket) {
            return Ok(());
        }
        let found = self.skip()?;
        Err(Failure::mismatch(expected(), found))
    }

    /// Moves to the next item or member; see [`Reader::next`].
    #[inline]
    fn next(&mut self, bracket: u8, is_first: &mut bool) -> Result<bool> {
        self.json.next(bracket, is_first).map_err(|expected| self.unexpected(expected))
    }

    /// What stands here is not what the grammar expects.
    #[cold]
    fn unexpected(&mut self, expected: &str) -> Box<Failure> {
        Failure::syntax(expected, &mut self.json)
    }
}
