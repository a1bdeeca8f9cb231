//! What the server says about an error.

use std::fmt;

use super::{ErrorDetail, excerpt};
use crate::Json;
use crate::record::{Encoding, Field, Record, Slot, Table, Value, View};

/// What the server says about an error.
///
/// Of a request that failed see [`Error`](crate::Error), which shows the same; of one that
/// succeeded in part, [`Response::error`](crate::Response::error).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiError {
    code: Option<Json>,
    message: Option<String>,
    details: Option<Json>,
}

impl ApiError {
    /// The server's error code, which is the HTTP status for most errors.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_ref().map(|code| code.text().trim_matches('"'))
    }

    /// What went wrong, for people.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref().filter(|message| !message.is_empty())
    }

    /// Violations of fields and the like.
    #[must_use]
    pub fn details(&self) -> Vec<ErrorDetail> {
        self.details.as_ref().map(ErrorDetail::all).unwrap_or_default()
    }

    /// What is added to the message where it is shown.
    pub(super) fn show_details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.details().iter().map(ToString::to_string).collect();
        if shown.is_empty() { Ok(()) } else { write!(f, " [{}]", excerpt(shown.join("; ").as_bytes())) }
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.code.is_none() && self.message.is_none()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.message(), self.code()) {
            (Some(message), _) => f.write_str(message)?,
            (None, Some(code)) => write!(f, "error {code}")?,
            (None, None) => f.write_str("an error that the server does not explain")?,
        }
        self.show_details(f)
    }
}

impl Record for ApiError {
    fn table(&self) -> &'static Table {
        const TABLE: &Table = &Table {
            name: "ApiError",
            encoding: &Encoding::TEXT,
            fields: &[Field::optional("code"), Field::optional("message"), Field::optional("details")],
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
        Self::default()
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Record(self)
    }

    fn view(&self) -> View<'_> {
        View::Record(self)
    }
}
