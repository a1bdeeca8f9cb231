//! A value that is read again and again, until nothing in it fails any more.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::{Error, Reader};

/// The name by which [`Reader`] knows it; chosen so that no spec can hold it.
pub(super) const NAME: &str = "$spec::Attempt";

/// The value, or `None` if nothing of it can be read. All errors have been reported.
pub(super) struct Attempt<T>(pub(super) Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Attempt<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(NAME, 1, Repeat(PhantomData))
    }
}

struct Repeat<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Repeat<T> {
    type Value = Attempt<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the spec")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut attempts: A) -> Result<Self::Value, A::Error> {
        loop {
            if let Ok(value) = attempts.next_element() {
                return Ok(Attempt(value));
            }
        }
    }
}

/// Gives the same node at every call, less what failed before; `None` when it is given up.
pub(super) struct Attempts<'a> {
    reader: Reader<'a>,
    is_over: bool,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(reader: Reader<'a>) -> Self {
        let is_over = reader.is_masked();
        Self { reader, is_over }
    }
}

impl<'de> SeqAccess<'de> for Attempts<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.is_over {
            return Ok(None);
        }
        // Every failure masks a node or notes a missing key, so the attempts end.
        seed.deserialize(self.reader).map(Some).map_err(|error| {
            self.is_over = !self.reader.recover(error);
            Error::from(super::ErrorKind::Reported)
        })
    }
}
