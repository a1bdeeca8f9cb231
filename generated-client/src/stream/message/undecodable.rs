//! Messages that cannot be read.

use std::fmt;

/// A message that cannot be read, kept as it came, and why.
///
/// Its text may hold personal data, so neither `Display` nor `Debug` show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Undecodable(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: Option<Box<str>>,
    sequence: Option<u64>,
    path: String,
    message: String,
    text: Box<str>,
}

/// How much of a type is shown, in characters.
const SHOWN: usize = 64;

impl Undecodable {
    #[cold]
    pub(in crate::stream) fn new(text: &str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind: None,
            sequence: None,
            path: path.into(),
            message: message.into(),
            text: text.into(),
        }))
    }

    pub(super) fn of(mut self, kind: Option<&str>, sequence: Option<u64>) -> Self {
        self.0.kind = kind.map(Into::into);
        self.0.sequence = sequence;
        self
    }

    /// Its type on the wire, if that could be read.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// Its sequence number, if it has one that could be read.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.0.sequence
    }

    /// Where the fault is: `$.payload.data.price`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What was expected and what was found.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The whole message, as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The beginning of its type: it may be as long as the server likes.
    fn shown_kind(&self) -> Option<String> {
        self.kind().map(|kind| kind.chars().take(SHOWN).collect())
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown_kind().unwrap_or_else(|| "message".to_owned()))?;
        if let Some(sequence) = self.sequence() {
            write!(f, " {sequence}")?;
        }
        write!(f, " cannot be read: {} at {}", self.message(), self.path())
    }
}

impl fmt::Debug for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undecodable")
            .field("kind", &self.shown_kind())
            .field("sequence", &self.sequence())
            .field("path", &self.path())
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Undecodable {}
