//! Places to decode values into.

use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Record, Text, Union};

/// A place to write one value to.
pub enum Slot<'a> {
    Bool(&'a mut bool),
    I32(&'a mut i32),
    I64(&'a mut i64),
    U32(&'a mut u32),
    U64(&'a mut u64),
    F64(&'a mut f64),
    String(&'a mut String),
    Decimal(&'a mut Decimal),
    Date(&'a mut Date),
    Timestamp(&'a mut Timestamp),
    Zoned(&'a mut Zoned),
    Duration(&'a mut SignedDuration),
    Uuid(&'a mut Uuid),
    Bytes(&'a mut Vec<u8>),
    Json(&'a mut Box<RawValue>),
    /// An enum.
    Text(&'a mut dyn TextSlot),
    /// What may be null.
    Option(&'a mut dyn OptionSlot),
    List(&'a mut dyn ListSlot),
    Map(&'a mut dyn MapSlot),
    Record(&'a mut dyn Record),
    Union(&'a mut dyn Union),
}

impl fmt::Debug for Slot<'_> {
    /// What is in it is about to be replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

/// An enum to write to.
pub trait TextSlot {
    /// Takes the value with this text; false if it is not a value of a closed enum.
    fn set(&mut self, text: &str) -> bool;
    /// Name of the enum.
    fn name(&self) -> &'static str;
}

impl<T: Text> TextSlot for T {
    fn set(&mut self, text: &str) -> bool {
        match T::parse(text) {
            Some(value) => {
                *self = value;
                true
            }
            None => false,
        }
    }

    fn name(&self) -> &'static str {
        T::NAME
    }
}

/// What may be null, to write to.
pub trait OptionSlot {
    /// Becomes null.
    fn clear(&mut self);
    /// Becomes a value, and gives the place for it.
    fn fill(&mut self) -> Option<Slot<'_>>;
}

/// A list to add to.
pub trait ListSlot {
    /// Adds a blank item and gives the place for it.
    fn push(&mut self) -> Option<Slot<'_>>;
}

/// A map to add to.
pub trait MapSlot {
    /// Adds a blank value under this key and gives the place for it, unless the key is taken.
    fn insert(&mut self, key: &str) -> Option<Slot<'_>>;
}
