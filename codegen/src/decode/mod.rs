//! The tree to plain structs, with every error of a file in one run.
//!
//! Serde stops at the first error. So the innermost node that fails is reported and masked, and
//! decoding starts again without it, until nothing fails any more. Unknown keys do not stop
//! anything: they are reported as they are met.

mod literal;
mod reader;
mod short_or_long;
mod spanned;

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, Expected, Unexpected};

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Span;
use crate::yaml::Node;

pub use short_or_long::ShortOrLong;

use reader::Reader;

/// Decodes a file. `None` if nothing of it can be decoded.
pub fn decode<T: for<'de> Deserialize<'de>>(root: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<T> {
    let mut context = Context::default();
    let value = loop {
        match T::deserialize(Reader::new(root, &context)) {
            Ok(value) => break Some(value),
            Err(error) => {
                let (id, span) = error.at.unwrap_or((root.id, root.span));
                if let Some(problem) = context.problem(&error.kind, root, id, span) {
                    context.diagnostics.get_mut().push(problem);
                }
                if id == root.id || !context.masked.insert(id) {
                    break None;
                }
            }
        }
    };
    diagnostics.append(context.diagnostics.get_mut());
    value
}

/// What is known of a file from earlier attempts.
#[derive(Default)]
struct Context {
    /// Nodes that failed; they are treated as absent.
    masked: HashSet<u32>,
    /// Unknown keys that were reported.
    unknown_keys: RefCell<HashSet<u32>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl Context {
    /// The report of an error, unless it only follows from one that was reported.
    fn problem(&self, kind: &ErrorKind, root: &Node, id: u32, span: Span) -> Option<Diagnostic> {
        Some(match kind {
            ErrorKind::Missing(key) => {
                let node = root.find(id)?;
                if node.get(key).is_some() || self.is_misspelt(node, key) {
                    return None;
                }
                missing_key(key, span)
            }
            ErrorKind::UnknownWord { word, known } => {
                Diagnostic::new(Code::UnknownWord, span, format!("unknown value `{word}`"))
                    .suggest(word, known.iter().copied())
                    .note(format!("allowed: {}", known.join(", ")))
            }
            ErrorKind::AmbiguousText(text) => Diagnostic::new(
                Code::AmbiguousText,
                span,
                format!("plain `{text}` is not a text to every YAML reader"),
            )
            .fix("put it into quotes", span, format!("\"{text}\"")),
            ErrorKind::Other(message) => Diagnostic::new(Code::WrongType, span, message.clone()),
        })
    }

    /// Whether a key that was reported as unknown is probably this one.
    fn is_misspelt(&self, node: &Node, key: &str) -> bool {
        let unknown = self.unknown_keys.borrow();
        node.entries()
            .iter()
            .filter(|(name, _)| unknown.contains(&name.id))
            .any(|(name, _)| nearest(name.text().unwrap_or_default(), [key]).is_some())
    }
}

/// `repeat` has a code of its own: its absence is the one omission that could cost money.
fn missing_key(key: &str, span: Span) -> Diagnostic {
    if key == "repeat" {
        return Diagnostic::new(Code::NoRepeatClass, span, "this operation does not say how it may be repeated")
            .label("needs `repeat:`")
            .note("`read`: changes nothing; `idempotent`: same effect if sent again; `keyed`: only with the same keys; `never`: left to the caller")
            .help("the HTTP method does not tell; if in doubt, write `repeat: never`");
    }
    Diagnostic::new(Code::MissingKey, span, format!("missing key `{key}`")).label(format!("needs `{key}:`"))
}

/// An error on its way up; the innermost node that it passes gives the place.
#[derive(Debug)]
struct Error {
    kind: ErrorKind,
    at: Option<(u32, Span)>,
}

#[derive(Debug)]
enum ErrorKind {
    Missing(&'static str),
    UnknownWord { word: String, known: &'static [&'static str] },
    AmbiguousText(String),
    Other(String),
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
        Self::custom(format!("expected {expected}, found {}", describe(&found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn missing_field(key: &'static str) -> Self {
        ErrorKind::Missing(key).into()
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        ErrorKind::UnknownWord { word: word.to_owned(), known }.into()
    }
}

/// In the words of someone who writes YAML.
fn describe(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => format!("`{text}`"),
        Unexpected::Signed(number) => format!("`{number}`"),
        Unexpected::Unsigned(number) => format!("`{number}`"),
        Unexpected::Float(number) => format!("`{number}`"),
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Unit => "nothing".to_owned(),
        other => other.to_string(),
    }
}
