//! Why JSON could not be read.

use std::borrow::Cow;
use std::fmt;

use crate::record::path::Path;
use crate::record::reader::Reader;

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
    path: Path,
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
    fn new(reason: Reason) -> Box<Self> {
        Box::new(Self { path: Path::default(), reason })
    }

    /// `raw` is not what was expected.
    #[cold]
    pub(super) fn mismatch(expected: impl Into<Cow<'static, str>>, raw: &str) -> Box<Self> {
        let found = match raw.as_bytes().first() {
            Some(b'{') => "an object".to_owned(),
            Some(b'[') => "a list".to_owned(),
            _ => format!("`{}`", shorten(raw)),
        };
        Self::new(Reason::Mismatch { expected: expected.into(), found })
    }

    #[cold]
    pub(super) fn other(message: impl Into<String>) -> Box<Self> {
        Self::new(Reason::Other(message.into()))
    }

    /// The text is no JSON: it goes on otherwise than `expected`.
    #[cold]
    pub(super) fn syntax(expected: &str, json: &mut Reader<'_>) -> Box<Self> {
        let (next, at) = (json.peek(), json.at());
        let found = match next {
            None => "the end".to_owned(),
            // Whatever stands for a value is redacted with the field; the rest may be next to it.
            Some(_) if expected == "a value" => format!("`{}`", shorten(json.word())),
            Some(byte) if byte.is_ascii_graphic() => format!("`{}`", char::from(byte)),
            Some(byte) => format!("`{}`", byte.escape_ascii()),
        };
        let expected = format!("{expected} at byte {at}");
        Self::new(Reason::Mismatch { expected: expected.into(), found })
    }

    /// Adds a field to the path.
    pub(super) fn field(mut self: Box<Self>, name: &'static str) -> Box<Self> {
        self.path.field(name);
        self
    }

    /// Adds the key of an entry to the path.
    pub(super) fn key(mut self: Box<Self>, key: &str) -> Box<Self> {
        self.path.key(key);
        self
    }

    /// Adds the index of an item to the path.
    pub(super) fn index(mut self: Box<Self>, index: usize) -> Box<Self> {
        self.path.index(index);
        self
    }

    /// Takes out what was found: it is personal. The path keeps its fields and indexes.
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
