//! Reading scalars from their JSON text.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::failure::Failure;
use super::{number, time};
use crate::record::Slot;

/// Reads a scalar into its slot; `floats` says whether decimals were floats when they were written.
pub(super) fn read(raw: &RawValue, slot: Slot<'_>, floats: bool) -> Result<(), Failure> {
    if let Slot::Json(place) = slot {
        *place = raw.to_owned();
        return Ok(());
    }
    let json = raw.get();
    let text = text(json)?;
    let text = text.as_deref();
    let (done, expected) = match slot {
        Slot::String(place) => (put(place, text.map(str::to_owned)), "a text"),
        Slot::Text(place) => {
            if !text.is_some_and(|text| place.set(text)) {
                let expected = format!("a value of {}", place.name());
                return Err(Failure::mismatch(expected, json));
            }
            return Ok(());
        }
        Slot::Decimal(place) => {
            let decimal = if floats { number::from_float } else { number::decimal };
            (put(place, text.and_then(decimal)), "a decimal number of at most 28 digits")
        }
        Slot::Timestamp(place) => {
            (put(place, text.and_then(time::timestamp)), "a time such as 2025-10-31T14:30:00Z")
        }
        Slot::Date(place) => (put(place, text.and_then(time::date)), "a date such as 2025-10-31"),
        Slot::Zoned(place) => {
            (put(place, text.and_then(time::zoned)), "a time such as 2025-10-31T10:30:00-04:00")
        }
        Slot::Duration(place) => (put(place, text.and_then(time::duration)), "a duration such as PT1H30M"),
        Slot::I32(place) => (put(place, text.and_then(number::integer)), "an integer of 32 bits"),
        Slot::I64(place) => (put(place, text.and_then(number::integer)), "an integer of 64 bits"),
        Slot::U32(place) => (put(place, text.and_then(number::integer)), "a positive integer of 32 bits"),
        Slot::U64(place) => (put(place, text.and_then(number::integer)), "a positive integer of 64 bits"),
        Slot::F64(place) => (put(place, text.and_then(number::float)), "a number"),
        Slot::Bool(place) => (put(place, boolean(json)), "true or false"),
        Slot::Uuid(place) => (put(place, text.and_then(|text| Uuid::try_parse(text).ok())), "a UUID"),
        Slot::Bytes(place) => (put(place, text.and_then(|text| BASE64_STANDARD.decode(text).ok())), "base64"),
        Slot::Json(_) | Slot::Option(_) | Slot::List(_) | Slot::Map(_) | Slot::Record(_) | Slot::Union(_) => {
            (false, "a scalar")
        }
    };
    if done { Ok(()) } else { Err(Failure::mismatch(expected, json)) }
}

/// The text of a JSON string, or a JSON number as it is written; none if it is neither.
pub(super) fn text(json: &str) -> Result<Option<Cow<'_, str>>, Failure> {
    let quoted = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(text) if text.as_bytes().contains(&b'\\') => serde_json::from_str(json)
            .map(|text: String| Some(text.into()))
            .map_err(|error| Failure::foreign(&error)),
        Some(text) => Ok(Some(text.into())),
        None if json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            Ok(Some(json.into()))
        }
        None => Ok(None),
    }
}

fn boolean(json: &str) -> Option<bool> {
    match json {
        "true" | "\"true\"" => Some(true),
        "false" | "\"false\"" => Some(false),
        _ => None,
    }
}

/// Writes a value to its place; false if there is none.
fn put<T>(place: &mut T, value: Option<T>) -> bool {
    match value {
        Some(value) => {
            *place = value;
            true
        }
        None => false,
    }
}
