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
    let mut text = String::new();
    deserializer.deserialize_newtype_struct(RAW, Transcript { text: &mut text })?;
    let mut value = T::blank();
    decode_text(&text, value.slot()).map_err(D::Error::custom)?;
    Ok(value)
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

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::{Deserialize, Serialize};

    use crate::Json;
    use crate::record::tests::sample::Order;
    use crate::record::{Encoding, Value, decode, encode};

    const ORDER: &str = r#"{"account_id":9007199254740993,"id":"o","side":"SHORT","order_type":"LIMIT","quantity":"0.10",
        "limit_price":"1234567890123456789012345.678","created_at":"2025-10-31T14:30:00.123456789Z",
        "legs":[{"ratio":1,"price":"1.50"}],"table":[[0.1,1e300]],"marks":[true,null],
        "filter":1.5,"parts":[{"ratio":2,"type":"leg"},{"type":"new","x":[1,"a",{}]}],"note":null}"#;

    fn order() -> Order {
        let mut order = Order::blank();
        decode(ORDER.as_bytes(), order.slot()).unwrap();
        order
    }

    fn text(value: &dyn Value) -> String {
        String::from_utf8(encode(value.view(), &Encoding::TEXT).unwrap()).unwrap()
    }

    #[test]
    fn through_values_of_serde_json() {
        let value: serde_json::Value = serde_json::from_str(ORDER).unwrap();
        assert_eq!(serde_json::from_value::<Order>(value.clone()).unwrap(), order());
        assert_eq!(Order::deserialize(&value).unwrap(), order());
        let back: Order = serde_json::from_value(serde_json::to_value(order()).unwrap()).unwrap();
        assert_eq!(back, order());
    }

    #[test]
    fn numbers_keep_their_digits() {
        let precise = ORDER.replace("\"1234567890123456789012345.678\"", "1234567890123456789012345.678");
        let read: Order = serde_json::from_str(&precise).unwrap();
        assert_eq!(read, order());
        assert_eq!(serde_json::from_reader::<_, Order>(precise.as_bytes()).unwrap(), order());
    }

    /// As serde buffers values that it has to look at twice.
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Order(Box<Order>),
        Other { other: bool },
    }

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    struct Wrapped {
        name: String,
        #[serde(flatten)]
        order: Order,
    }

    #[test]
    fn inside_of_derived_types() {
        assert_eq!(serde_json::from_str::<Either>(ORDER).unwrap(), Either::Order(Box::new(order())));
        assert_eq!(
            serde_json::from_str::<Either>(r#"{"other":true}"#).unwrap(),
            Either::Other { other: true }
        );
        let wrapped = Wrapped { name: "n".to_owned(), order: order() };
        let json = serde_json::to_string(&wrapped).unwrap();
        assert_eq!(serde_json::from_str::<Wrapped>(&json).unwrap(), wrapped);
    }

    #[test]
    fn through_another_format() {
        let mut bytes = Vec::new();
        ciborium::into_writer(&order(), &mut bytes).unwrap();
        let back: Order = ciborium::from_reader(bytes.as_slice()).unwrap();
        assert_eq!(text(&back), text(&order()));
    }

    #[test]
    fn errors_keep_their_path() {
        let error =
            serde_json::from_str::<Vec<Order>>(&format!("[{}]", ORDER.replace("9007199254740993", "1.5")));
        let message = error.unwrap_err().to_string();
        assert!(
            message.starts_with("$.account_id: expected an integer of 64 bits, found `1.5`"),
            "{message}"
        );
    }

    #[test]
    fn json_keeps_its_text() {
        let text = r#"{"a": [1.00, 1e2, 12345678901234567890123]}"#;
        assert_eq!(serde_json::from_str::<Json>(text).unwrap().text(), text);
        assert_eq!(serde_json::to_string(&text.parse::<Json>().unwrap()).unwrap(), text);
    }

    #[test]
    fn bytes_and_odd_numbers_of_other_formats() {
        type Plain = serde::de::value::Error;
        let list: Vec<u8> = vec![1, 2];
        let deserializer = list.into_deserializer();
        let json: Result<Json, Plain> = Json::deserialize(deserializer);
        assert_eq!(json.unwrap().text(), "[1,2]");
        let json: Result<Json, Plain> = Json::deserialize(1.1_f32.into_deserializer());
        assert_eq!(json.unwrap().text(), "1.1");
    }
}
