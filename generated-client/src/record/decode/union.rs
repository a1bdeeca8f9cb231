//! Reading unions: first which variant it is, then the variant.
//!
//! The tag may stand behind the fields, so a union is read from its text in two passes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::failure::Failure;
use super::{Decoder, leaf};
use crate::record::{RawVariant, Tagging, Union, UnionTable};

/// Reads a union from its text.
pub(super) fn read(raw: &RawValue, union: &mut dyn Union, decoder: &mut Decoder) -> Result<(), Failure> {
    let json = raw.get();
    let table = union.table();
    match table.tagging {
        Tagging::Tag(property) => {
            let tag = tag(json, table, property)?;
            select(&tag, raw, json, union, decoder)
        }
        Tagging::Keyed => {
            let (key, value) = only_property(json, table)?;
            let name = table.variants.iter().find(|name| **name == key);
            select(&key, raw, value, union, decoder).map_err(|failure| match name {
                Some(name) => failure.field(name),
                None => failure,
            })
        }
        Tagging::Shape => match shape(json) {
            Some(shape) => select(shape, raw, json, union, decoder),
            None => Err(Failure::mismatch(list(table.variants), json)),
        },
    }
}

/// Reads `json` as the variant with this name, or keeps all of `raw` if there is none.
fn select(
    name: &str,
    raw: &RawValue,
    json: &str,
    union: &mut dyn Union,
    decoder: &mut Decoder,
) -> Result<(), Failure> {
    let variants = union.table().variants;
    if let Some(index) = variants.iter().position(|variant| *variant == name)
        && let Some(slot) = union.select(index)
    {
        return decoder.text(json, slot);
    }
    union.set_unknown(RawVariant { name, json: raw });
    Ok(())
}

/// The kind of a JSON value; none for null.
fn shape(json: &str) -> Option<&'static str> {
    match json.as_bytes().first()? {
        b'{' => Some("object"),
        b'[' => Some("list"),
        b'"' => Some("string"),
        b't' | b'f' => Some("bool"),
        b'n' => None,
        _ => Some("number"),
    }
}

/// `number or string`
fn list(shapes: &[&str]) -> String {
    shapes.join(" or ")
}

/// The text of the property that says which variant it is.
fn tag<'de>(
    json: &'de str,
    table: &'static UnionTable,
    property: &'static str,
) -> Result<Cow<'de, str>, Failure> {
    let mut tags = Vec::new();
    let visitor = Properties {
        table,
        each: |name: &str, value| {
            if name == property {
                tags.push(value);
            }
        },
    };
    visit(json, visitor)?;
    let text = match tags.as_slice() {
        [] => Err(Failure::other("is missing")),
        [only] => leaf::text(only).and_then(|text| text.ok_or_else(|| Failure::mismatch("a text", only))),
        _ => Err(Failure::other("occurs twice")),
    };
    text.map_err(|failure| failure.field(property))
}

/// Name and value of an object's only property.
fn only_property<'de>(json: &'de str, table: &'static UnionTable) -> Result<(String, &'de str), Failure> {
    let mut count: usize = 0;
    let mut first = None;
    let visitor = Properties {
        table,
        each: |name: &str, value| {
            count = count.saturating_add(1);
            first.get_or_insert_with(|| (name.to_owned(), value));
        },
    };
    visit(json, visitor)?;
    match first {
        Some(property) if count == 1 => Ok(property),
        _ => Err(Failure::other(format!(
            "expected an object with one property ({}), found {count} properties",
            table.name
        ))),
    }
}

fn visit<'de>(json: &'de str, visitor: impl Visitor<'de, Value = ()>) -> Result<(), Failure> {
    serde_json::Deserializer::from_str(json)
        .deserialize_map(visitor)
        .map_err(|error| Failure::foreign(&error))
}

/// Shows each property of an object, its value as text.
struct Properties<F> {
    table: &'static UnionTable,
    each: F,
}

impl<'de, F: FnMut(&str, &'de str)> Visitor<'de> for Properties<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object ({})", self.table.name)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            let value: &RawValue = map.next_value()?;
            (self.each)(&name, value.get());
        }
        Ok(())
    }
}
