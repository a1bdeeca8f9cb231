//! What handlers know, before an API's spec says how to write it.

use std::borrow::Cow;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::exchange::amount::{Money, Price, Quantity};

/// Something known.
#[derive(Clone, Debug)]
pub(super) enum FieldValue {
    /// Nothing: left out where that is possible.
    Absent,
    /// Text, or a value of an enum in upper or lower case.
    Text(String),
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Time(Timestamp),
    Date(Date),
    Duration(SignedDuration),
    List(Vec<FieldValue>),
    Object(FieldValues),
    /// As the caller wrote it.
    Json(Value),
}

/// Values by the names of the fields that hold them.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldValues(Vec<(Cow<'static, str>, FieldValue)>);

impl FieldValues {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// What a caller wrote, as it is.
    pub(super) fn of(values: &Map<String, Value>) -> Self {
        let values = values.iter();
        Self(values.map(|(name, value)| (name.clone().into(), FieldValue::Json(value.clone()))).collect())
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<FieldValue>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// The values of both.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The first value of a name that is not absent.
    pub(super) fn get(&self, name: &str) -> Option<&FieldValue> {
        let is_told = |value: &FieldValue| !matches!(value, FieldValue::Absent);
        self.0.iter().find(|(known, value)| known == name && is_told(value)).map(|(_, value)| value)
    }
}

impl<T: Into<FieldValue>> From<Option<T>> for FieldValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

impl<T: Into<FieldValue>> FromIterator<T> for FieldValue {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<Price> for FieldValue {
    fn from(price: Price) -> Self {
        Self::Decimal(price.decimal())
    }
}

impl From<Quantity> for FieldValue {
    fn from(quantity: Quantity) -> Self {
        Self::Decimal(quantity.decimal())
    }
}

/// In whole cents.
impl From<Money> for FieldValue {
    fn from(money: Money) -> Self {
        Self::Decimal(money.cents())
    }
}

macro_rules! field_values {
    ($($variant:ident($from:ty)),* $(,)?) => {$(
        impl From<$from> for FieldValue {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

field_values! {
    Text(&str), Text(String), Bool(bool), Int(i64), Int(i32), Int(u32), Decimal(Decimal), Time(Timestamp), Date(Date),
    Duration(SignedDuration), Object(FieldValues), Json(Value),
}
