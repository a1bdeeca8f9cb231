//! A request that is understood, and what it is answered.

use clear_street_spec::ir;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use crate::validate::{Violation, ViolationKind};

/// A request that the spec knows and agrees with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call<'a> {
    /// The API that it is for.
    pub api: &'a ir::Api,
    /// What it asks for.
    pub operation: &'a ir::Operation,
    /// Path and query parameters by their names on the wire: numbers as numbers, lists as lists, all else
    /// as the API writes it in JSON.
    pub parameters: Map<String, Value>,
    /// The body, if there is one.
    pub body: Option<Value>,
    /// Which items are wanted of a list that comes in pages.
    pub page: Option<Window>,
    /// All headers as they came.
    pub headers: &'a HeaderMap,
    /// What stands behind `Bearer` in `Authorization`.
    pub bearer: Option<&'a str>,
}

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Index of its first item.
    pub start: usize,
    /// How many items at most.
    pub size: usize,
}

/// What a call is answered; the server writes it as the API does.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The result: a value, or a list that does not come in pages.
    Value(Value),
    /// All items of a list that comes in pages: the server cuts them.
    Page(Vec<Value>),
    /// The items of [`Call::page`], of a list too long to be made for every page.
    Window {
        /// Those within the window.
        items: Vec<Value>,
        /// Length of the whole list.
        total: usize,
    },
    /// Success without a result.
    Nothing,
    /// A result beside an error, which says what is missing of it: a partial success (207), or an error
    /// that tells what became of each row.
    Rows {
        /// Status of the answer.
        status: StatusCode,
        /// What became of each.
        rows: Vec<Value>,
    },
    /// An error.
    Refused(Refusal),
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Status of the answer.
    pub status: StatusCode,
    /// What is wrong, for people.
    pub message: String,
    /// What is wrong with which fields, if it is about fields.
    pub violations: Vec<Violation>,
}

impl Refusal {
    /// A refusal of the whole call.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), violations: Vec::new() }
    }

    /// Names the parameter, or the place in the body, that it is about: `[0].limit_price`.
    #[must_use]
    pub fn of(mut self, field: impl Into<String>) -> Self {
        let (kind, message) = (ViolationKind::Rule, self.message.clone());
        self.violations.push(Violation { field: field.into(), kind, message });
        self
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
