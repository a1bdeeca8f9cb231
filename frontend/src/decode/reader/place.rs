//! The place of a node, as a mapping.

use serde::de::value::{U8Deserializer, U32Deserializer};
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess};

use super::{Reader, Result};
use crate::decode::Error;

/// A node as the mapping `file, start, end, value` that the visitor of a `Spanned` reads.
pub(super) struct Place<'a> {
    reader: Reader<'a>,
    step: u8,
}

impl<'a> Place<'a> {
    pub(super) fn new(reader: Reader<'a>) -> Self {
        Self { reader, step: 0 }
    }
}

impl<'de> MapAccess<'de> for Place<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let key: U8Deserializer<Error> = self.step.into_deserializer();
        self.step += 1;
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let span = self.reader.span();
        let number = |value: u32| -> U32Deserializer<Error> { value.into_deserializer() };
        match self.step {
            1 => seed.deserialize(number(span.file.0)),
            2 => seed.deserialize(number(span.start)),
            3 => seed.deserialize(number(span.end)),
            _ => seed.deserialize(self.reader),
        }
    }
}
