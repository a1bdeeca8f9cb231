//! Why JSON could not be read.

use std::borrow::Cow;
use std::fmt;

use crate::record::path::Path;

/// Why JSON could not be read, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecodeError {
    /// JSON path: `$.data[3].price`.
    pub path: String,
    /// What was expected and what was found.
    pub message: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// How much of a value an error shows, in characters.
const SHOWN: usize = 64;

/// An error on its way out: each level adds its step of the path.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) path: Path,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    /// Another value than expected.
    Mismatch { expected: Cow<'static, str>, found: String },
    /// Anything else; it quotes no value.
    Other(String),
}

impl Failure {
    /// `raw` is not what was expected.
    #[cold]
    pub(super) fn mismatch(expected: impl Into<Cow<'static, str>>, raw: &str) -> Self {
        let found = match raw.as_bytes().first() {
            Some(b'{') => "an object".to_owned(),
            Some(b'[') => "a list".to_owned(),
            _ => format!("`{}`", shorten(raw)),
        };
        Self { path: Path::default(), reason: Reason::Mismatch { expected: expected.into(), found } }
    }

    /// `message` quotes no value.
    #[cold]
    pub(super) fn other(message: impl Into<String>) -> Self {
        Self { path: Path::default(), reason: Reason::Other(message.into()) }
    }

    /// What serde_json says, in the words of this module. Its place in the text is left out: the
    /// path is clearer, and the text may be a part of the whole.
    #[cold]
    pub(super) fn foreign(error: &dyn fmt::Display) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text);
        let mismatch =
            message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "));
        let Some((found, expected)) = mismatch else {
            return Self::other(shorten(message));
        };
        Self {
            path: Path::default(),
            reason: Reason::Mismatch { expected: expected.to_owned().into(), found: shorten(found) },
        }
    }

    /// Adds a field of a model to the path.
    pub(super) fn field(mut self, name: &'static str) -> Self {
        self.path.field(name);
        self
    }

    /// Hides what was found: it is personal.
    pub(super) fn redact(&mut self) {
        self.path.redact();
        if let Reason::Mismatch { found, .. } = &mut self.reason {
            "something else, which is personal and not shown".clone_into(found);
        }
    }

    pub(super) fn finish(self) -> DecodeError {
        DecodeError {
            path: self.path.to_string(),
            message: match self.reason {
                Reason::Mismatch { expected, found } => {
                    format!("expected {expected}, found {found}")
                }
                Reason::Other(message) => message,
            },
        }
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
