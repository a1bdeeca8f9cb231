//! What the server says about an error.

use std::fmt;

use super::problem::ProblemDetails;
use super::{ErrorDetail, excerpt};
use crate::Json;
use crate::record::{Encoding, Field, Record, Slot, Table, Value, View};

/// What the server says about an error.
///
/// Of a request that failed see [`Error`](crate::Error), which shows the same; of one that
/// succeeded in part, [`Response::error`](crate::Response::error).
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError(Shape);

/// As the APIs write it.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Coded(Coded),
    Problem(ProblemDetails),
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Coded {
    code: Option<Json>,
    message: Option<String>,
    details: Option<Json>,
}

impl ApiError {
    /// A place to decode problem details into.
    pub(crate) fn blank_problem() -> Self {
        Self(Shape::Problem(ProblemDetails::default()))
    }

    /// The server's error code, which is the HTTP status for most errors.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.0 {
            Shape::Coded(error) => error.code.as_ref().map(|code| code.text().trim_matches('"')),
            Shape::Problem(problem) => problem.status(),
        }
    }

    /// What went wrong, for people.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match &self.0 {
            Shape::Coded(error) => error.message.as_deref().filter(|message| !message.is_empty()),
            Shape::Problem(problem) => problem.detail().or(problem.title()),
        }
    }

    /// Violations of fields and the like.
    #[must_use]
    pub fn details(&self) -> Vec<ErrorDetail> {
        match &self.0 {
            Shape::Coded(error) => error.details.as_ref().map(ErrorDetail::all).unwrap_or_default(),
            Shape::Problem(_) => Vec::new(),
        }
    }

    /// What is added to the message where it is shown.
    pub(super) fn show_details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.details().iter().map(ToString::to_string).collect();
        if shown.is_empty() { Ok(()) } else { write!(f, " [{}]", excerpt(shown.join("; ").as_bytes())) }
    }

    /// The same as problem details, if the API writes its errors so.
    #[must_use]
    pub fn problem(&self) -> Option<&ProblemDetails> {
        match &self.0 {
            Shape::Coded(_) => None,
            Shape::Problem(problem) => Some(problem),
        }
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.0 {
            Shape::Coded(error) => error.code.is_none() && error.message.is_none(),
            Shape::Problem(problem) => problem.is_empty(),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0, self.message(), self.code()) {
            (Shape::Problem(problem), _, _) => problem.fmt(f)?,
            (_, Some(message), _) => f.write_str(message)?,
            (_, None, Some(code)) => write!(f, "error {code}")?,
            (_, None, None) => f.write_str("an error that the server does not explain")?,
        }
        self.show_details(f)
    }
}

impl Record for Coded {
    fn table(&self) -> &'static Table {
        const TABLE: &Table = &Table {
            name: "ApiError",
            encoding: &Encoding::TEXT,
            fields: &[
                Field::optional("code"),
                Field::optional("message").lenient(),
                Field::optional("details"),
            ],
            rules: &[],
        };
        TABLE
    }

    fn slot_at(&mut self, index: usize) -> Option<Slot<'_>> {
        Some(match index {
            0 => self.code.slot(),
            1 => self.message.slot(),
            2 => self.details.slot(),
            _ => return None,
        })
    }

    fn view_at(&self, index: usize) -> Option<View<'_>> {
        Some(match index {
            0 => self.code.view(),
            1 => self.message.view(),
            2 => self.details.view(),
            _ => return None,
        })
    }
}

impl Value for ApiError {
    fn blank() -> Self {
        Self(Shape::Coded(Coded::default()))
    }

    fn slot(&mut self) -> Slot<'_> {
        match &mut self.0 {
            Shape::Coded(error) => Slot::Record(error),
            Shape::Problem(problem) => Slot::Record(problem),
        }
    }

    fn view(&self) -> View<'_> {
        match &self.0 {
            Shape::Coded(error) => View::Record(error),
            Shape::Problem(problem) => View::Record(problem),
        }
    }
}
