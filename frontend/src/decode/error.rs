//! Errors on their way from a node to the attempt that reports them.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

#[derive(Debug)]
pub(super) struct Error {
    pub(super) kind: ErrorKind,
    /// Set by the innermost node that the error passes.
    pub(super) at: Option<At>,
}

/// A node, and the key whose value it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) id: u32,
    pub(super) span: Span,
    pub(super) key: Option<Span>,
}

#[derive(Debug)]
pub(super) enum ErrorKind {
    /// `is_reported` if the key is there, but what it holds failed.
    Missing {
        key: &'static str,
        is_reported: bool,
    },
    UnknownWord {
        word: String,
        known: &'static [&'static str],
    },
    Mismatch {
        expected: String,
        found: String,
    },
    /// What cannot be read was reported when the tree was made.
    Reported,
    Other(String),
}

impl ErrorKind {
    pub(super) fn diagnostic(self, span: Span) -> Option<Diagnostic> {
        Some(match self {
            Self::Missing { .. } | Self::Reported => return None,
            Self::UnknownWord { word, known } => {
                Diagnostic::new(Code::UnknownWord, span, format!("unknown value `{word}`"))
                    .suggest(&word, known.iter().copied())
                    .note(format!("allowed: {}", known.join(", ")))
            }
            Self::Mismatch { expected, found } => {
                let message = format!("expected {}, found {found}", in_our_words(&expected));
                Diagnostic::new(Code::WrongType, span, message)
            }
            Self::Other(message) => Diagnostic::new(Code::WrongType, span, message),
        })
    }
}

/// Serde names Rust types, which say nothing to someone who writes YAML.
fn in_our_words(expected: &str) -> &str {
    match expected {
        "a string" => "a text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "a map" => "a mapping",
        "i64" => "a whole number of at most 64 bits",
        "u32" => "a whole number from 0 to 4294967295",
        "u16" => "a whole number from 0 to 65535",
        other if other.starts_with("struct ") => "a mapping",
        other => other,
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, at: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        ErrorKind::Other(message.to_string()).into()
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        ErrorKind::Mismatch { expected: expected.to_string(), found: describe(&found) }.into()
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn missing_field(key: &'static str) -> Self {
        ErrorKind::Missing { key, is_reported: false }.into()
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        ErrorKind::UnknownWord { word: word.to_owned(), known }.into()
    }
}

fn describe(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => format!("`{text}`"),
        Unexpected::Signed(number) => format!("`{number}`"),
        Unexpected::Bool(value) => format!("`{value}`"),
        other => other.to_string(),
    }
}
