//! A JSON object with arbitrary properties.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{Json, JsonError};

/// A JSON object: its properties in their order, their values as they were written.
#[derive(Default)]
pub(crate) struct Object(Vec<(String, Json)>);

impl Object {
    /// The object that a body is; none if it is anything else.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        // As text, like everything: serde_json's reader of bytes would be compiled for this alone.
        serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
    }

    /// The JSON of a property.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.text())
    }

    /// The text of a property that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let json = self.get(name).filter(|json| json.starts_with('"'))?;
        serde_json::from_str(json).ok()
    }

    /// Replaces a property, or adds it at the end.
    pub(crate) fn set(&mut self, name: &str, value: Json) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub(crate) fn write(&self) -> Result<Vec<u8>, JsonError> {
        let mut body = vec![b'{'];
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(Json::new(name)?.text().as_bytes());
            body.push(b':');
            body.extend_from_slice(value.text().as_bytes());
        }
        body.push(b'}');
        Ok(body)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Properties;

        impl<'de> Visitor<'de> for Properties {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut properties = Vec::new();
                while let Some(name) = map.next_key()? {
                    properties.push((name, Json::from_raw(map.next_value()?)));
                }
                Ok(Object(properties))
            }
        }

        deserializer.deserialize_map(Properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_replaced_or_added_and_the_rest_is_left_as_it_was() {
        for (body, expected) in [
            ("{}", r#"{"b":"x","n\"":7}"#),
            (r#"{"a":1.50,"b":{"c":[ ]},"d":null}"#, r#"{"a":1.50,"b":"x","d":null,"n\"":7}"#),
        ] {
            let mut object = Object::read(body.as_bytes()).unwrap();
            object.set("b", Json::new("x").unwrap());
            object.set("n\"", Json::new(&7).unwrap());
            assert_eq!(String::from_utf8(object.write().unwrap()).unwrap(), expected);
        }
        assert_eq!(Object::default().write().unwrap(), b"{}");
    }

    #[test]
    fn properties_are_read_as_they_were_written() {
        let object = Object::read(br#"{"a": "x\n", "b": 1.50, "c": null}"#).unwrap();
        assert_eq!((object.get("a"), object.text("a").as_deref()), (Some(r#""x\n""#), Some("x\n")));
        assert_eq!((object.get("b"), object.text("b")), (Some("1.50"), None));
        assert_eq!((object.get("c"), object.text("c")), (Some("null"), None));
        assert_eq!(object.get("d"), None);
        for body in ["", "[1]", "{", "null", "{} x"] {
            assert!(Object::read(body.as_bytes()).is_none(), "{body}");
        }
        assert!(Object::read(b"{\"\xff\": 1}").is_none());
    }
}
