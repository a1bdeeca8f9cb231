//! Unions of each tagging.

use std::fmt;

use rust_decimal::Decimal;

use super::{ENCODING, Empty, Leg};
use crate::UnknownVariant;
use crate::record::{self, RawVariant, Slot, Tagging, Union, UnionTable, Value, View};

/// Told apart by `type`.
#[derive(Clone, PartialEq)]
pub(crate) enum Part {
    /// A leg.
    Leg(Leg),
    /// Nothing.
    Empty(Empty),
    /// A variant that this version of the crate does not know.
    Unknown(UnknownVariant),
}

impl Union for Part {
    fn table(&self) -> &'static UnionTable {
        const TABLE: &UnionTable = &UnionTable {
            name: "Part",
            encoding: &ENCODING,
            tagging: Tagging::Tag("type"),
            variants: &["leg", "empty"],
        };
        TABLE
    }

    fn variant(&self) -> Option<usize> {
        Some(match self {
            Self::Leg(_) => 0,
            Self::Empty(_) => 1,
            Self::Unknown(_) => return None,
        })
    }

    fn select(&mut self, index: usize) -> Option<Slot<'_>> {
        *self = match index {
            0 => Self::Leg(Value::blank()),
            1 => Self::Empty(Value::blank()),
            _ => return None,
        };
        match self {
            Self::Leg(value) => Some(value.slot()),
            Self::Empty(value) => Some(value.slot()),
            Self::Unknown(_) => None,
        }
    }

    fn payload(&self) -> View<'_> {
        match self {
            Self::Leg(value) => value.view(),
            Self::Empty(value) => value.view(),
            Self::Unknown(value) => value.json().view(),
        }
    }

    fn set_unknown(&mut self, unknown: RawVariant<'_>) {
        *self = Self::Unknown(unknown.into());
    }
}

impl Value for Part {
    fn blank() -> Self {
        Self::Leg(Value::blank())
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Union(self)
    }

    fn view(&self) -> View<'_> {
        View::Union(self)
    }
}

/// Told apart by the name of the only property; one variant is a union itself.
#[derive(Clone, PartialEq)]
pub(crate) enum Action {
    /// Shows a leg.
    Show(Leg),
    /// Fills a part in.
    Fill(Part),
    /// A variant that this version of the crate does not know.
    Unknown(UnknownVariant),
}

impl Union for Action {
    fn table(&self) -> &'static UnionTable {
        const TABLE: &UnionTable = &UnionTable {
            name: "Action",
            encoding: &ENCODING,
            tagging: Tagging::Keyed,
            variants: &["show", "fill"],
        };
        TABLE
    }

    fn variant(&self) -> Option<usize> {
        Some(match self {
            Self::Show(_) => 0,
            Self::Fill(_) => 1,
            Self::Unknown(_) => return None,
        })
    }

    fn select(&mut self, index: usize) -> Option<Slot<'_>> {
        *self = match index {
            0 => Self::Show(Value::blank()),
            1 => Self::Fill(Value::blank()),
            _ => return None,
        };
        match self {
            Self::Show(value) => Some(value.slot()),
            Self::Fill(value) => Some(value.slot()),
            Self::Unknown(_) => None,
        }
    }

    fn payload(&self) -> View<'_> {
        match self {
            Self::Show(value) => value.view(),
            Self::Fill(value) => value.view(),
            Self::Unknown(value) => value.json().view(),
        }
    }

    fn set_unknown(&mut self, unknown: RawVariant<'_>) {
        *self = Self::Unknown(unknown.into());
    }
}

impl Value for Action {
    fn blank() -> Self {
        Self::Show(Value::blank())
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Union(self)
    }

    fn view(&self) -> View<'_> {
        View::Union(self)
    }
}

/// Told apart by the kind of JSON value.
#[derive(Clone, PartialEq)]
pub(crate) enum Filter {
    /// A number.
    Number(Decimal),
    /// A text.
    String(String),
    /// A variant that this version of the crate does not know.
    Unknown(UnknownVariant),
}

impl Union for Filter {
    fn table(&self) -> &'static UnionTable {
        const TABLE: &UnionTable = &UnionTable {
            name: "Filter",
            encoding: &ENCODING,
            tagging: Tagging::Shape,
            variants: &["number", "string"],
        };
        TABLE
    }

    fn variant(&self) -> Option<usize> {
        Some(match self {
            Self::Number(_) => 0,
            Self::String(_) => 1,
            Self::Unknown(_) => return None,
        })
    }

    fn select(&mut self, index: usize) -> Option<Slot<'_>> {
        *self = match index {
            0 => Self::Number(Value::blank()),
            1 => Self::String(Value::blank()),
            _ => return None,
        };
        match self {
            Self::Number(value) => Some(value.slot()),
            Self::String(value) => Some(value.slot()),
            Self::Unknown(_) => None,
        }
    }

    fn payload(&self) -> View<'_> {
        match self {
            Self::Number(value) => value.view(),
            Self::String(value) => value.view(),
            Self::Unknown(value) => value.json().view(),
        }
    }

    fn set_unknown(&mut self, unknown: RawVariant<'_>) {
        *self = Self::Unknown(unknown.into());
    }
}

impl Value for Filter {
    fn blank() -> Self {
        Self::Number(Value::blank())
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Union(self)
    }

    fn view(&self) -> View<'_> {
        View::Union(self)
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        record::debug(View::Union(self), f)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        record::debug(View::Union(self), f)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        record::debug(View::Union(self), f)
    }
}
