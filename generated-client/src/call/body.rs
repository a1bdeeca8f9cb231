//! Adding fields to a body that is encoded already.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::Json;

/// The body with these fields in its object: replaced where it has them, else added at the end.
pub(crate) fn with_fields(body: Option<&[u8]>, fields: &[(String, Json)]) -> Result<Vec<u8>, &'static str> {
    let Entries(mut entries) = match body {
        Some(body) => {
            serde_json::from_slice(body).map_err(|_| "is no JSON object: fields cannot be added to it")?
        }
        None => Entries(Vec::new()),
    };
    for (name, value) in fields {
        let raw = RawValue::from_string(value.to_string()).map_err(|_| "cannot be written as JSON")?;
        match entries.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = raw,
            None => entries.push((name.clone(), raw)),
        }
    }
    let mut written = Vec::new();
    for (index, (name, value)) in entries.iter().enumerate() {
        written.push(if index == 0 { b'{' } else { b',' });
        serde_json::to_writer(&mut written, name).map_err(|_| "cannot be written as JSON")?;
        written.push(b':');
        written.extend_from_slice(value.get().as_bytes());
    }
    if entries.is_empty() {
        written.push(b'{');
    }
    written.push(b'}');
    Ok(written)
}

/// An object, in its order, with its values as they were written.
struct Entries(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_replaced_or_added_and_the_rest_is_left_as_it_was() {
        let fields = [("b".to_owned(), Json::new("x").unwrap()), ("n\"".to_owned(), Json::new(&7).unwrap())];
        for (body, expected) in [
            (None, r#"{"b":"x","n\"":7}"#),
            (Some("{}"), r#"{"b":"x","n\"":7}"#),
            (Some(r#"{"a":1.50,"b":{"c":[ ]},"d":null}"#), r#"{"a":1.50,"b":"x","d":null,"n\"":7}"#),
        ] {
            let written = with_fields(body.map(str::as_bytes), &fields).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
        assert!(with_fields(Some(b"[1]"), &fields).is_err());
    }
}
