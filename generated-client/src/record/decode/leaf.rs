//! Reading scalars.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::failure::Failure;
use super::{Decoder, Result, number, time};
use crate::record::Slot;

impl<'a> Decoder<'a> {
    /// Reads a scalar into its slot.
    pub(super) fn leaf(&mut self, slot: Slot<'_>) -> Result {
        self.json.peek();
        let start = self.json.at();
        let text = match slot {
            Slot::Json(place) => {
                let json = self.skip()?.to_owned();
                *place = RawValue::from_string(json).map_err(|error| Failure::other(error.to_string()))?;
                return Ok(());
            }
            Slot::Bool(place) => {
                let found = self.skip()?;
                *place = match found {
                    "true" | "\"true\"" => true,
                    "false" | "\"false\"" => false,
                    _ => return Err(Failure::mismatch("true or false", found)),
                };
                return Ok(());
            }
            _ => self.scalar()?,
        };
        let text = text.as_deref();
        let (done, expected) = match slot {
            Slot::String(place) => (put(place, text.map(str::to_owned)), "a text"),
            Slot::Text(place) => {
                if !text.is_some_and(|text| place.set(text)) {
                    let expected = format!("a value of {}", place.name());
                    return Err(Failure::mismatch(expected, self.json.since(start)));
                }
                return Ok(());
            }
            Slot::Decimal(place) => {
                let decimal = if self.floats { number::from_float } else { number::decimal };
                (put(place, text.and_then(decimal)), "a decimal number of at most 28 digits")
            }
            Slot::Timestamp(place) => {
                (put(place, text.and_then(time::timestamp)), "a time such as 2025-10-31T14:30:00Z")
            }
            Slot::Date(place) => (put(place, text.and_then(time::date)), "a date such as 2025-10-31"),
            Slot::Zoned(place) => {
                (put(place, text.and_then(time::zoned)), "a time such as 2025-10-31T10:30:00-04:00")
            }
            Slot::Duration(place) => {
                (put(place, text.and_then(time::duration)), "a duration such as PT1H30M")
            }
            Slot::I32(place) => (put(place, text.and_then(number::integer)), "an integer of 32 bits"),
            Slot::I64(place) => (put(place, text.and_then(number::integer)), "an integer of 64 bits"),
            Slot::U32(place) => (put(place, text.and_then(number::integer)), "a positive integer of 32 bits"),
            Slot::U64(place) => (put(place, text.and_then(number::integer)), "a positive integer of 64 bits"),
            Slot::F64(place) => (put(place, text.and_then(number::float)), "a number"),
            Slot::Uuid(place) => (put(place, text.and_then(|text| Uuid::try_parse(text).ok())), "a UUID"),
            Slot::Bytes(place) => {
                (put(place, text.and_then(|text| BASE64_STANDARD.decode(text).ok())), "base64")
            }
            Slot::Bool(_)
            | Slot::Json(_)
            | Slot::Option(_)
            | Slot::List(_)
            | Slot::Map(_)
            | Slot::Record(_)
            | Slot::Union(_) => (false, "a scalar"),
        };
        if done { Ok(()) } else { Err(Failure::mismatch(expected, self.json.since(start))) }
    }

    /// The text of a JSON string, or a JSON number as it is written; none if it is neither.
    #[inline]
    pub(super) fn scalar(&mut self) -> Result<Option<Cow<'a, str>>> {
        match self.json.peek() {
            Some(b'"') => self.text().map(Some),
            Some(b'-' | b'0'..=b'9') => match self.json.number() {
                Ok(number) => Ok(Some(Cow::Borrowed(number))),
                Err(expected) => Err(self.unexpected(expected)),
            },
            _ => self.skip().map(|_| None),
        }
    }

    #[inline]
    fn text(&mut self) -> Result<Cow<'a, str>> {
        match self.json.string() {
            Ok(text) => text.read().ok_or_else(|| Failure::other("has an escape that means nothing")),
            Err(expected) => Err(self.unexpected(expected)),
        }
    }

    /// The name of the next member of an object.
    pub(super) fn name(&mut self) -> Result<Cow<'a, str>> {
        let name = self.text()?;
        if self.json.eat(b':') { Ok(name) } else { Err(self.unexpected("`:`")) }
    }
}

/// Writes a value to its place; false if there is none.
#[inline]
fn put<T>(place: &mut T, value: Option<T>) -> bool {
    match value {
        Some(value) => {
            *place = value;
            true
        }
        None => false,
    }
}
