//! The tree to plain structs, with every error of a file in one run.
//!
//! Serde stops at the first error. So every entry of a mapping with free keys, such as an operation
//! or a field, is an `Attempt` of its own: what fails in it is reported and
//! masked, and the entry is read again, until it succeeds or nothing is left of it. The rest of the
//! file is not read twice.
//!
//! What can be guessed is guessed, so that one mistake has one message: an unknown key stands for
//! the known one that it resembles, and what stands in for a missing key is an empty text with an
//! empty span.

mod attempt;
mod error;
mod map;
mod reader;
mod short_or_long;
mod spanned;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use serde::de::Deserialize;

use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{Node, NodeKind};

pub use map::Map;
pub use short_or_long::ShortOrLong;

use attempt::Attempt;
use error::{Error, ErrorKind};
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
    let context = Context::default();
    // An attempt reports its errors itself; it fails for no other reason.
    let value = Attempt::<T>::deserialize(Reader::new(root, &context)).ok().and_then(|attempt| attempt.0);
    let mut broken_names: BTreeSet<String> =
        context.lost_keys.borrow().iter().map(|&key| key.to_owned()).collect();
    context.collect_broken(root, value.is_none(), &mut broken_names);
    diagnostics.append(&mut context.diagnostics.into_inner());
    Decoded { value, broken_names }
}

/// What is known of a file from earlier attempts.
#[derive(Default)]
struct Context {
    /// Nodes that failed; they are treated as absent.
    masked: RefCell<HashSet<u32>>,
    /// Keys that are missing, by the mapping that lacks them.
    missing: RefCell<HashMap<u32, Vec<&'static str>>>,
    /// What unknown keys probably mean.
    respelt: RefCell<HashMap<u32, &'static str>>,
    /// Nodes that were reported although they are read.
    reported: RefCell<HashSet<u32>>,
    /// Keys that may have been in what was left out of the tree.
    lost_keys: RefCell<BTreeSet<&'static str>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl Context {
    fn report(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// Whether this is the first report about a node.
    fn is_new(&self, id: u32) -> bool {
        self.reported.borrow_mut().insert(id)
    }

    fn is_masked(&self, id: u32) -> bool {
        self.masked.borrow().contains(&id)
    }

    /// The missing keys of a mapping.
    fn missing(&self, id: u32) -> Vec<&'static str> {
        self.missing.borrow().get(&id).cloned().unwrap_or_default()
    }

    /// Reports an error within `root` and arranges that the next attempt gets past it. `false` if
    /// none can.
    fn recover(&self, error: Error, root: &Node) -> bool {
        let Some(at) = error.at else { return false };
        if let ErrorKind::Missing { key, is_reported } = error.kind {
            if !is_reported {
                let message = format!("missing key `{key}`");
                let place = at.key.unwrap_or(at.span);
                self.report(
                    Diagnostic::new(Code::MissingKey, place, message).label(format!("needs `{key}:`")),
                );
            }
            let mut missing = self.missing.borrow_mut();
            let keys = missing.entry(at.id).or_default();
            if !keys.contains(&key) {
                keys.push(key);
                return true;
            }
        }
        self.diagnostics.borrow_mut().extend(error.kind.diagnostic(at.span));
        self.masked.borrow_mut().insert(at.id) && at.id != root.id
    }

    /// Collects the names in what was left out; recursion ends with the nesting that YAML may have.
    fn collect_broken(&self, node: &Node, is_broken: bool, names: &mut BTreeSet<String>) {
        let is_broken = is_broken || self.is_masked(node.id);
        names.extend(self.missing(node.id).into_iter().map(str::to_owned));
        match &node.kind {
            NodeKind::Scalar { text, .. } if is_broken => _ = names.insert(text.clone()),
            NodeKind::Scalar { .. } | NodeKind::Invalid => {}
            NodeKind::List(items) => {
                for item in items {
                    self.collect_broken(item, is_broken, names);
                }
            }
            NodeKind::Mapping(entries) => {
                for (key, value) in entries {
                    let is_unknown = self.reported.borrow().contains(&key.id)
                        && !self.respelt.borrow().contains_key(&key.id);
                    let is_left_out = is_broken || is_unknown || self.is_masked(value.id);
                    if is_left_out {
                        names.extend(key.text().map(str::to_owned));
                    }
                    self.collect_broken(value, is_left_out, names);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
