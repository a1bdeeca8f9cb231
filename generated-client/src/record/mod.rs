//! Records: how models are read, written, checked and printed.
//!
//! A model has data and access: a static [`Table`], and its fields as typed [`Slot`]s to write to
//! and [`View`]s to read, both from one call of [`record!`](crate::models). Everything else is done here,
//! once for all models, so that every policy stands in one place: what may be null, unknown fields, exact
//! numbers, the JSON path of an error, redaction.
//!
//! - `decode` reads JSON into a slot.
//! - `encode` writes a view as JSON, `texts` as the values of a parameter.
//! - `check` finds what the server would refuse.
//! - `debug` prints.
//! - `serialize` and `deserialize` are what the models' implementations of serde's traits call.

mod check;
mod debug;
mod decode;
mod encode;
mod exchange;
mod path;
pub(crate) mod reader;
mod slot;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod view;

pub(crate) use check::{Invalid, check, check_bounds, check_rules};
pub(crate) use debug::debug;
pub(crate) use decode::{DecodeError, decode, decode_next, decode_text};
pub(crate) use encode::{encode, texts};
pub(crate) use exchange::{deserialize, serialize};
pub(crate) use slot::{ListSlot, MapSlot, OptionSlot, Slot};
pub(crate) use table::{
    Bounds, DateEncoding, DecimalEncoding, Encoding, Field, Rule, Table, Tagging, TimestampEncoding,
    UnionTable,
};
pub(crate) use value::Value;
pub(crate) use view::View;

use serde_json::value::RawValue;

/// A model: access to its fields by their index in the table.
pub trait Record {
    /// What it consists of.
    fn table(&self) -> &'static Table;
    /// The place of the field at this index.
    fn slot_at(&mut self, index: usize) -> Option<Slot<'_>>;
    /// The value of the field at this index.
    fn view_at(&self, index: usize) -> Option<View<'_>>;
    /// The lenient field at this index has a value that cannot be read, or more than one; it was
    /// cleared.
    fn unreadable(&mut self, _index: usize, _json: &str) {}
}

/// A union: access to its variants by their index in the table.
pub trait Union {
    /// What it can be.
    fn table(&self) -> &'static UnionTable;
    /// Which variant it is; none if it is unknown.
    fn variant(&self) -> Option<usize>;
    /// Becomes the variant at this index, blank, and gives the place of what it holds.
    fn select(&mut self, index: usize) -> Option<Slot<'_>>;
    /// What the variant holds; the JSON of an unknown one.
    fn payload(&self) -> View<'_>;
    /// Becomes unknown.
    fn set_unknown(&mut self, unknown: RawVariant<'_>);
}

/// A variant that a union does not list, as it came.
#[derive(Debug)]
pub struct RawVariant<'a> {
    /// What tells variants apart: the tag, the only property, or the kind of the JSON value.
    pub name: &'a str,
    /// All of the union.
    pub json: &'a RawValue,
}

/// An enum: a value that is one text of several.
pub trait Text: Sized {
    /// Name of the enum.
    const NAME: &'static str;
    /// The value with this text; none if the enum does not list it.
    fn listed(text: &str) -> Option<Self>;
    /// The value that keeps a text that the enum does not list; none if it is closed.
    fn unlisted(_text: &str) -> Option<Self> {
        None
    }
    /// The value with this text; none if a closed enum does not list it.
    fn parse(text: &str) -> Option<Self> {
        Self::listed(text).or_else(|| Self::unlisted(text))
    }
}
