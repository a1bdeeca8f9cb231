//! Unions of each tagging.

use rust_decimal::Decimal;

use super::{Empty, Leg};
use crate::UnknownVariant;
use crate::models::union;

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

union! { Part by Tag("type") { Leg: "leg", Empty: "empty" } }

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

union! { Action by Keyed { Show: "show", Fill: "fill" } }

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

union! { Filter by Shape { Number: "number", String: "string" } }
