//! The tree to plain structs, with every error of a file in one run.
//!
//! Serde stops at the first error. So the innermost node that fails is reported and masked, and
//! decoding starts again without it, until nothing fails any more. A missing key is reported and
//! supplied as an empty text with an empty span, so that the rest of its mapping is still checked.
//! Unknown keys do not stop anything: they are reported as they are met.

mod literal;
mod reader;
mod short_or_long;
mod spanned;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use serde::de::{self, Deserialize, Expected, Unexpected};

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Span;
use crate::yaml::{Node, NodeKind};

pub use short_or_long::ShortOrLong;

use reader::Reader;

/// What could be decoded of a file.
#[derive(Debug)]
pub struct Decoded<T> {
    /// `None` if nothing could.
    pub value: Option<T>,
    /// Every name that stands in what was left out.
    pub broken_names: BTreeSet<String>,
}

/// Decodes a file.
pub fn decode<T: for<'de> Deserialize<'de>>(root: &Node, diagnostics: &mut Vec<Diagnostic>) -> Decoded<T> {
    let mut context = Context::default();
    let value = loop {
        match T::deserialize(Reader::new(root, &context)) {
            Ok(value) => break Some(value),
            Err(Error { kind, at }) => {
                let (id, span) = at.unwrap_or((root.id, root.span));
                if !context.recover(&kind, root, id, span) {
                    break None;
                }
            }
        }
    };
    diagnostics.append(context.diagnostics.get_mut());
    let mut broken_names = BTreeSet::new();
    context.collect_broken(root, value.is_none(), &mut broken_names);
    Decoded { value, broken_names }
}

/// What is known of a file from earlier attempts.
#[derive(Default)]
struct Context {
    /// Nodes that failed; they are treated as absent.
    masked: HashSet<u32>,
    /// Entries for missing keys, by the mapping that lacks them.
    supplied: HashMap<u32, Vec<(Node, Node)>>,
    /// Unknown keys that were reported.
    unknown_keys: RefCell<HashSet<u32>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl Context {
    /// Reports an error and arranges that the next attempt gets past it. `false` if none can.
    fn recover(&mut self, kind: &ErrorKind, root: &Node, id: u32, span: Span) -> bool {
        if let Some(mapping) = self.mapping_of_supplied(id) {
            // An empty text was no value for this key: do without the mapping.
            return mapping != root.id && self.masked.insert(mapping);
        }
        if let ErrorKind::Missing(key) = kind {
            let node = root.find(id);
            if let Some(node) = node.filter(|node| node.get(key).is_none()) {
                if !self.is_misspelt(node, key) {
                    self.diagnostics.get_mut().push(missing_key(key, span));
                }
                return self.supply(key, id, span);
            }
        } else {
            self.diagnostics.get_mut().push(problem(kind, span));
        }
        id != root.id && self.masked.insert(id)
    }

    /// Gives a mapping an empty text for a key that it lacks. `false` if it has got one before.
    fn supply(&mut self, key: &str, mapping: u32, span: Span) -> bool {
        let supplied = self.supplied.values().map(Vec::len).sum::<usize>();
        let entries = self.supplied.entry(mapping).or_default();
        if entries.iter().any(|(name, _)| name.text() == Some(key)) {
            return false;
        }
        // Ids of supplied nodes count down from the end, far from those of the file.
        let id = u32::MAX.saturating_sub(u32::try_from(supplied).unwrap_or(u32::MAX));
        let span = span.part(0..0);
        let node =
            |text: &str| Node { id, span, kind: NodeKind::Scalar { text: text.to_owned(), plain: false } };
        entries.push((node(key), node("")));
        true
    }

    fn mapping_of_supplied(&self, id: u32) -> Option<u32> {
        let holds = |entries: &Vec<(Node, Node)>| entries.iter().any(|(_, value)| value.id == id);
        self.supplied.iter().find(|(_, entries)| holds(entries)).map(|(mapping, _)| *mapping)
    }

    /// Collects the names in what was left out; recursion ends with the nesting that YAML may have.
    fn collect_broken(&self, node: &Node, is_broken: bool, names: &mut BTreeSet<String>) {
        let is_broken = is_broken || self.masked.contains(&node.id);
        match &node.kind {
            NodeKind::Scalar { text, .. } if is_broken => _ = names.insert(text.clone()),
            NodeKind::Scalar { .. } => {}
            NodeKind::List(items) => {
                for item in items {
                    self.collect_broken(item, is_broken, names);
                }
            }
            NodeKind::Mapping(entries) => {
                for (key, value) in entries {
                    let is_left_out = is_broken
                        || [key.id, value.id].iter().any(|id| self.masked.contains(id))
                        || self.unknown_keys.borrow().contains(&key.id);
                    if is_left_out {
                        names.extend(key.text().map(str::to_owned));
                    }
                    self.collect_broken(value, is_left_out, names);
                }
            }
        }
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

fn missing_key(key: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::MissingKey, span, format!("missing key `{key}`")).label(format!("needs `{key}:`"))
}

fn problem(kind: &ErrorKind, span: Span) -> Diagnostic {
    match kind {
        ErrorKind::Missing(key) => missing_key(key, span),
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
    }
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

#[cfg(test)]
mod tests;
