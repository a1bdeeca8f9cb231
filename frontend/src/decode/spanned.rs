//! [`Spanned`] values ask the reader for the place of their node.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{U8Deserializer, U32Deserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};

use super::{Error, Reader};
use crate::source::{FileId, Span, Spanned};

/// The name by which [`super::Reader`] knows it; chosen so that no spec can hold it.
pub(super) const NAME: &str = "$spec::Spanned";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(NAME, &["file", "start", "end", "value"], Parts(PhantomData))
    }
}

struct Parts<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the spec")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut number = || {
            map.next_key::<u8>()?;
            map.next_value::<u32>()
        };
        let span = Span { file: FileId(number()?), start: number()?, end: number()? };
        map.next_key::<u8>()?;
        Ok(Spanned { value: map.next_value()?, span })
    }
}

/// A node as the mapping `file, start, end, value` that [`Parts`] reads.
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

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let key: U8Deserializer<Error> = self.step.into_deserializer();
        self.step = self.step.saturating_add(1);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
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
