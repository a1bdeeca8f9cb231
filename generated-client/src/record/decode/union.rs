//! Reading unions: first which variant it is, then the variant.
//!
//! The tag may stand behind the fields, so a union is passed over before it is read.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::failure::Failure;
use super::{Decoder, Result};
use crate::record::{RawVariant, Tagging, Union, UnionTable};

impl<'a> Decoder<'a> {
    pub(super) fn union(&mut self, union: &mut dyn Union) -> Result {
        let json = self.skip()?;
        let table = union.table();
        match table.tagging {
            Tagging::Tag(property) => {
                let tag = self.inside(json).tag(table, property)?;
                self.select(&tag, json, json, union)
            }
            Tagging::Keyed => {
                let (key, value) = self.inside(json).only_member(table)?;
                let name = table.variants.iter().find(|name| **name == key);
                self.select(&key, json, value, union).map_err(|failure| match name {
                    Some(name) => failure.field(name),
                    None => failure,
                })
            }
            Tagging::Shape => match shape(json) {
                Some(shape) => self.select(shape, json, json, union),
                None => Err(Failure::mismatch(table.variants.join(" or "), json)),
            },
        }
    }

    /// Reads `value` as the variant with this name, or keeps the whole union if there is none.
    fn select(&mut self, name: &str, json: &str, value: &str, union: &mut dyn Union) -> Result {
        let index = union.table().variants.iter().position(|variant| *variant == name);
        if let Some(slot) = index.and_then(|index| union.select(index)) {
            return self.inside(value).whole(slot);
        }
        let json: &RawValue =
            serde_json::from_str(json).map_err(|error| Failure::other(error.to_string()))?;
        union.set_unknown(RawVariant { name, json });
        Ok(())
    }

    /// The text of the member that says which variant it is.
    fn tag(mut self, table: &'static UnionTable, property: &'static str) -> Result<Cow<'a, str>> {
        let (mut tag, mut is_first) = (None, true);
        self.open(b'{', || format!("an object ({})", table.name))?;
        while self.next(b'}', &mut is_first)? {
            if self.name()? != property {
                self.skip()?;
                continue;
            }
            self.json.peek();
            let start = self.json.at();
            let text = self.scalar().map_err(|failure| failure.field(property))?;
            let text =
                text.ok_or_else(|| Failure::mismatch("a text", self.json.since(start)).field(property))?;
            if tag.replace(text).is_some() {
                return Err(Failure::other("occurs twice").field(property));
            }
        }
        tag.ok_or_else(|| Failure::other("is missing").field(property))
    }

    /// Name and value of an object's only member.
    fn only_member(mut self, table: &'static UnionTable) -> Result<(Cow<'a, str>, &'a str)> {
        let (mut first, mut count, mut is_first) = (None, 0, true);
        self.open(b'{', || format!("an object ({})", table.name))?;
        while self.next(b'}', &mut is_first)? {
            let member = (self.name()?, self.skip()?);
            first.get_or_insert(member);
            count += 1;
        }
        match first {
            Some(member) if count == 1 => Ok(member),
            _ => Err(Failure::other(format!(
                "expected an object with one property ({}), found {count} properties",
                table.name
            ))),
        }
    }
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
