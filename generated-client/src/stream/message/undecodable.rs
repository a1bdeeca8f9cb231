//! Messages that cannot be read, and those of types that this version of the crate does not know.

use std::fmt;

use crate::Json;
use crate::record::DecodeError;

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

impl Undecodable {
    #[cold]
    pub(crate) fn new(text: &str, kind: Option<&str>, sequence: Option<u64>, error: DecodeError) -> Self {
        let DecodeError { path, message } = error;
        Self(Box::new(Inner { kind: kind.map(Into::into), sequence, path, message, text: text.into() }))
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
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its type may be as long as the server likes.
        write!(f, "{:.64}", self.kind().unwrap_or("message"))?;
        if let Some(sequence) = self.sequence() {
            write!(f, " {sequence}")?;
        }
        write!(f, " cannot be read: {} at {}", self.message(), self.path())
    }
}

impl fmt::Debug for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Undecodable({self})")
    }
}

impl std::error::Error for Undecodable {}

/// A message of a type that this version of the crate does not know, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMessage {
    pub(super) kind: Box<str>,
    pub(super) json: Json,
}

impl UnknownMessage {
    /// Its type on the wire.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The whole message.
    #[must_use]
    pub fn json(&self) -> &Json {
        &self.json
    }
}
