//! Reading JSON into slots.
//!
//! serde_json tells the values apart and this module says where they go. Each scalar is taken as
//! its JSON text, so that nothing is rounded on the way and a number may stand where a text is
//! documented, and the reverse. All of it is compiled once, for one deserializer: other formats
//! become JSON text first (`exchange`).

mod container;
mod failure;
mod leaf;
mod number;
#[cfg(test)]
mod tests;
mod time;
mod union;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny};
use serde_json::value::RawValue;

use self::container::{ListVisitor, MapVisitor, OptionVisitor, RecordVisitor};
use self::failure::Failure;
use super::Slot;

pub(crate) use self::failure::DecodeError;

/// How deep objects and lists may be nested in each other. serde_json would stop one level later.
const MAX_DEPTH: usize = 127;

/// Reads one JSON value into a slot. After an error the slot's content is unspecified.
///
/// # Errors
/// What was expected and what was found, with the JSON path.
pub(crate) fn decode(json: &[u8], slot: Slot<'_>) -> Result<(), DecodeError> {
    let text = std::str::from_utf8(json).map_err(|error| {
        let place = error.valid_up_to();
        Failure::other(format!("expected UTF-8, found other bytes at byte {place}")).finish()
    })?;
    decode_text(text, slot)
}

/// Reads one JSON value into a slot.
pub(crate) fn decode_text(text: &str, slot: Slot<'_>) -> Result<(), DecodeError> {
    Decoder::default().text(text, slot).map_err(|failure| failure.finish())
}

/// Reads the JSON value that a text begins with into a slot, and says where it ends. After an error
/// the slot's content is unspecified.
pub(crate) fn decode_start(text: &str, slot: Slot<'_>) -> Result<usize, DecodeError> {
    let mut decoder = Decoder::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let seed = Seed { slot, decoder: &mut decoder };
    match seed.deserialize(&mut json) {
        Ok(()) => Ok(json.into_iter::<IgnoredAny>().byte_offset()),
        Err(error) => Err(decoder.failure.unwrap_or_else(|| Failure::foreign(&error)).finish()),
    }
}

/// What is known while a value is read.
#[derive(Default)]
struct Decoder {
    depth: usize,
    /// Whether decimals that come next were floats.
    floats: bool,
    /// Why reading failed. serde's errors cannot carry it.
    failure: Option<Failure>,
}

impl Decoder {
    /// Reads the text of one value.
    fn text(&mut self, text: &str, slot: Slot<'_>) -> Result<(), Failure> {
        let mut json = serde_json::Deserializer::from_str(text);
        let seed = Seed { slot, decoder: self };
        match seed.deserialize(&mut json).and_then(|()| json.end()) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failure.take().unwrap_or_else(|| Failure::foreign(&error))),
        }
    }

    /// Goes one level deeper for as long as `read` runs.
    fn nested<T, E: serde::de::Error>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.depth >= MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(self.fail(Failure::other(message)));
        }
        self.depth = self.depth.saturating_add(1);
        let result = read(self);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    /// Keeps a failure, and gives the error that stops serde.
    #[cold]
    fn fail<E: serde::de::Error>(&mut self, failure: Failure) -> E {
        self.failure = Some(failure);
        E::custom("")
    }

    /// The failure that stops reading: ours, or the one that serde_json tells.
    #[cold]
    fn failed(&mut self, error: &impl std::fmt::Display) -> &mut Failure {
        self.failure.get_or_insert_with(|| Failure::foreign(error))
    }
}

/// Reads the next value into a slot.
struct Seed<'s, 'd> {
    slot: Slot<'s>,
    decoder: &'d mut Decoder,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { slot, decoder } = self;
        match slot {
            Slot::Option(slot) => deserializer.deserialize_option(OptionVisitor { slot, decoder }),
            Slot::Record(record) => {
                decoder.nested(|decoder| deserializer.deserialize_map(RecordVisitor { record, decoder }))
            }
            Slot::List(list) => {
                decoder.nested(|decoder| deserializer.deserialize_seq(ListVisitor { list, decoder }))
            }
            Slot::Map(map) => {
                decoder.nested(|decoder| deserializer.deserialize_map(MapVisitor { map, decoder }))
            }
            Slot::Union(union) => {
                let raw = <&RawValue>::deserialize(deserializer)?;
                decoder.nested(|decoder| {
                    union::read(raw, union, decoder).map_err(|failure| decoder.fail(failure))
                })
            }
            leaf => {
                let raw = <&RawValue>::deserialize(deserializer)?;
                leaf::read(raw, leaf, decoder.floats).map_err(|failure| decoder.fail(failure))
            }
        }
    }
}
