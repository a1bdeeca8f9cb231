//! What a desk knows, before an API's spec says how to write it.

use std::borrow::Cow;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::book::amount::{Money, Price, Quantity};

/// Something known.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    /// Nothing: left out where that is possible.
    Absent,
    /// Text, or a value of an enum in upper or lower case.
    Text(String),
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Time(Timestamp),
    Date(Date),
    Zoned(Box<Zoned>),
    Duration(SignedDuration),
    List(Vec<Fact>),
    Object(Facts),
    /// As the caller wrote it.
    Json(Value),
}

/// Facts by the names of the fields that hold them.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts(Vec<(Cow<'static, str>, Fact)>);

impl Facts {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// What a caller wrote, as it is.
    pub(super) fn of(values: Option<&Map<String, Value>>) -> Self {
        let facts = values.into_iter().flatten();
        Self(facts.map(|(name, value)| (name.clone().into(), Fact::Json(value.clone()))).collect())
    }

    pub(super) fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.0.push((name.into(), fact.into()));
        self
    }

    /// The facts of both.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The first fact of a name that is not absent.
    pub(super) fn get(&self, name: &str) -> Option<&Fact> {
        let known = self.0.iter().filter(|(known, _)| known == name).map(|(_, fact)| fact);
        known.into_iter().find(|fact| !matches!(fact, Fact::Absent))
    }
}

impl<T: Into<Fact>> From<Option<T>> for Fact {
    fn from(fact: Option<T>) -> Self {
        fact.map_or(Self::Absent, Into::into)
    }
}

impl<T: Into<Fact>> FromIterator<T> for Fact {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Price> for Fact {
    fn from(price: Price) -> Self {
        Self::Decimal(price.decimal())
    }
}

impl From<Quantity> for Fact {
    fn from(quantity: Quantity) -> Self {
        Self::Decimal(quantity.decimal())
    }
}

/// In whole cents.
impl From<Money> for Fact {
    fn from(money: Money) -> Self {
        Self::Decimal(money.cents())
    }
}

macro_rules! facts {
    ($($variant:ident($from:ty)),* $(,)?) => {$(
        impl From<$from> for Fact {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

facts! {
    Text(String), Bool(bool), Int(i64), Int(i32), Int(u32), Decimal(Decimal), Time(Timestamp), Date(Date),
    Zoned(Zoned), Duration(SignedDuration), Object(Facts), Json(Value),
}
