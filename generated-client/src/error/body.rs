//! What the server says about an error.

use std::fmt;

use super::problem::ProblemDetails;
use super::text::{bound, bound_code};
use super::{ErrorDetail, SHORT, excerpt, shown, shown_up_to};
use crate::Json;
use crate::models::record;
use crate::record::{Slot, Value, View};

/// What the server says about an error.
///
/// A failed request shows the same in its [`Error`](crate::Error); for a partial success see
/// [`Response::error`](crate::Response::error).
#[derive(Clone, PartialEq)]
pub struct ApiError(Shape);

/// As the APIs write it.
#[derive(Clone, PartialEq)]
enum Shape {
    Coded(Coded),
    Problem(ProblemDetails),
}

#[derive(Clone, Default, PartialEq)]
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

    /// With texts that may be shown: short ones, without control characters.
    pub(crate) fn bounded(mut self) -> Self {
        match &mut self.0 {
            Shape::Coded(error) => {
                bound_code(&mut error.code);
                bound(&mut error.message);
            }
            Shape::Problem(problem) => problem.bound(),
        }
        self
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
    pub(super) fn shown_details(&self) -> String {
        let shown: Vec<String> = self.details().iter().map(ToString::to_string).collect();
        if shown.is_empty() { String::new() } else { format!(" [{}]", excerpt(shown.join("; ").as_bytes())) }
    }

    /// The same as problem details, if the API uses them.
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
        let mut text = match (&self.0, self.message(), self.code()) {
            (Shape::Problem(problem), _, _) => problem.to_string(),
            (_, Some(message), _) => message.to_owned(),
            (_, None, Some(code)) => format!("error {code}"),
            (_, None, None) => "an error that the server does not explain".to_owned(),
        };
        text.push_str(&self.shown_details());
        f.write_str(&shown(&text))
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Shape::Coded(Coded { code, message, details }) => f
                .debug_struct("ApiError")
                .field("code", &code.as_ref().map(|code| shown_up_to(code.text(), SHORT)))
                .field("message", &message.as_deref().map(shown))
                .field("details", &details.as_ref().map(|details| shown(details.text())))
                .finish(),
            Shape::Problem(problem) => f.debug_tuple("ApiError").field(problem).finish(),
        }
    }
}

record! { plain Coded { code: "code" optional, message: "message" optional lenient, details: "details" optional } }

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
