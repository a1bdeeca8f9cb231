//! Problem details: errors in the form of RFC 9457.

use std::fmt;

use super::shown;
use super::text::{bound, bound_code};
use crate::Json;
use crate::models::record;

/// An error in the form of RFC 9457.
///
/// Other members are in [`Error::body`](crate::Error::body).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProblemDetails {
    kind: Option<String>,
    title: Option<String>,
    status: Option<Json>,
    detail: Option<String>,
    instance: Option<String>,
}

impl ProblemDetails {
    /// `type`: a URI of the kind of problem; none if the HTTP status says it all.
    #[must_use]
    pub fn problem_type(&self) -> Option<&str> {
        present(&self.kind)
    }

    /// The kind of problem, for people.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        present(&self.title)
    }

    /// The HTTP status at the server that created the error: a gateway may have changed it.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.status.as_ref().map(|status| status.text().trim_matches('"'))
    }

    /// What went wrong this time, for people.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        present(&self.detail)
    }

    /// A URI of this occurrence of the problem.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        present(&self.instance)
    }

    /// Makes its texts such that may be shown.
    pub(super) fn bound(&mut self) {
        for text in [&mut self.kind, &mut self.title, &mut self.detail, &mut self.instance] {
            bound(text);
        }
        bound_code(&mut self.status);
    }

    /// Whether it explains nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.problem_type().or(self.title()).or(self.detail()).is_none()
    }
}

fn present(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Title and detail.
impl fmt::Display for ProblemDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.title(), self.detail()) {
            (Some(title), Some(detail)) if title != detail => {
                f.write_str(&shown(&format!("{title}: {detail}")))
            }
            (Some(text), _) | (None, Some(text)) => f.write_str(text),
            (None, None) => match self.problem_type() {
                Some(kind) => write!(f, "a problem of type {kind}"),
                None => f.write_str("an error that the server does not explain"),
            },
        }
    }
}

record! { plain ProblemDetails {
    kind: "type" optional lenient, title: "title" optional lenient, status: "status" optional,
    detail: "detail" optional lenient, instance: "instance" optional lenient
} }
