//! Serde's traits for all models.
//!
//! Any deserializer's value becomes JSON text first, which the one decoder then reads. serde_json
//! hands its text over as it is (the way of `RawValue`), so that numbers keep their digits also
//! where it would make a float of them; other formats are transcribed.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

use super::decode::decode_text;
use super::encode::Encode;
use super::{Encoding, Value};

/// By this name serde_json recognises that a value is wanted as text.
const RAW: &str = "$serde_json::private::RawValue";
/// By this name serde_json passes on numbers that are kept as text.
const NUMBER: &str = "$serde_json::private::Number";

/// Writes a value with any serializer.
pub(crate) fn serialize<T: Value, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    Encode::new(value.view(), Encoding::TEXT).serialize(serializer)
}

/// Reads a value with any self-describing deserializer.
pub(crate) fn deserialize<'de, T: Value, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = deserializer.deserialize_newtype_struct(RAW, Whole)?;
    let mut value = T::blank();
    decode_text(&text, value.slot()).map_err(D::Error::custom)?;
    Ok(value)
}

/// Takes a value as JSON text.
struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<String, A::Error> {
        let mut text = String::new();
        Transcript { text: &mut text }.visit_map(map)?;
        Ok(text)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let mut text = String::new();
        Transcript { text: &mut text }.deserialize(deserializer)?;
        Ok(text)
    }
}

/// Writes what a deserializer tells as JSON.
struct Transcript<'t> {
    text: &'t mut String,
}

impl Transcript<'_> {
    fn write<T: Serialize, E: Error>(self, value: T) -> Result<(), E> {
        let json = serde_json::to_string(&value).map_err(E::custom)?;
        self.text.push_str(&json);
        Ok(())
    }

    fn number<E: Error>(self, value: impl fmt::Display) -> Result<(), E> {
        self.text.push_str(&value.to_string());
        Ok(())
    }

    fn again(&mut self) -> Transcript<'_> {
        Transcript { text: self.text }
    }
}

impl<'de> DeserializeSeed<'de> for Transcript<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Transcript<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.write(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number(value)
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<(), E> {
        self.number(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number(value)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<(), E> {
        self.number(value)
    }

    fn visit_f32<E: Error>(self, value: f32) -> Result<(), E> {
        self.write(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.write(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.write(value)
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<(), E> {
        self.write(BASE64_STANDARD.encode(value))
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.write(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.write(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<(), A::Error> {
        self.text.push('[');
        let mut end = self.text.len();
        while sequence.next_element_seed(self.again())?.is_some() {
            end = self.text.len();
            self.text.push(',');
        }
        self.text.truncate(end);
        self.text.push(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let Some(first) = map.next_key::<String>()? else {
            self.text.push_str("{}");
            return Ok(());
        };
        if first == RAW || first == NUMBER {
            self.text.push_str(&map.next_value::<String>()?);
            return Ok(());
        }
        self.text.push('{');
        let mut key = first;
        loop {
            self.again().write(key)?;
            self.text.push(':');
            map.next_value_seed(self.again())?;
            key = match map.next_key()? {
                Some(next) => next,
                None => break,
            };
            self.text.push(',');
        }
        self.text.push('}');
        Ok(())
    }
}
