//! A value that is read again and again, until nothing in it fails any more.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// The name by which the reader knows it; chosen so that no spec can hold it.
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
