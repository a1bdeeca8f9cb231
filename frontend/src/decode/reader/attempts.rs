//! A node that is read again and again.

use serde::de::{DeserializeSeed, SeqAccess};

use super::{Reader, Result};
use crate::decode::{Error, ErrorKind};

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

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.is_over {
            return Ok(None);
        }
        // Every failure masks a node or notes a missing key, so the attempts end.
        seed.deserialize(self.reader).map(Some).map_err(|error| {
            self.is_over = !self.reader.recover(error);
            Error::from(ErrorKind::Reported)
        })
    }
}
