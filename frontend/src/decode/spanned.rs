//! [`Spanned`] values ask the reader for the place of their node.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::source::{FileId, Span, Spanned};

/// The name by which the reader knows it; chosen so that no spec can hold it.
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
