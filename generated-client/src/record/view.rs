//! Values to encode, check and print.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Record, Union};

/// One value to read.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// Not there: left out of an object.
    Absent,
    /// There, and null.
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    /// A string, an enum or an id.
    Text(&'a str),
    Decimal(Decimal),
    Date(Date),
    Timestamp(Timestamp),
    Zoned(&'a Zoned),
    Duration(SignedDuration),
    Uuid(&'a Uuid),
    Bytes(&'a [u8]),
    Json(&'a RawValue),
    List(&'a dyn ListView),
    Map(&'a dyn MapView),
    Record(&'a dyn Record),
    Union(&'a dyn Union),
}

/// A list to read.
pub trait ListView {
    /// Number of items.
    fn len(&self) -> usize;
    /// The item at this index.
    fn get(&self, index: usize) -> Option<View<'_>>;
}

impl<'a> dyn ListView + 'a {
    /// The items in order.
    pub fn items(&self) -> impl Iterator<Item = View<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// A map to read.
pub trait MapView {
    /// Number of entries.
    fn len(&self) -> usize;
    /// Keys and values in the order of the keys.
    fn entries(&self) -> Box<dyn Iterator<Item = (&str, View<'_>)> + '_>;
}
