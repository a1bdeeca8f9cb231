//! YAML text to a tree in which every node knows its place.
//!
//! The only module that knows the YAML parser. What the spec language leaves out of YAML is
//! reported here: anchors, aliases, merge keys, tags, several documents.

mod entries;
mod syntax;
mod tree;

use crate::source::Span;

pub use tree::parse;

/// A node of the tree; `id` is unique within its file.
#[derive(Debug)]
pub struct Node {
    pub id: u32,
    /// Of a collection: from its start to the end of its first line.
    pub span: Span,
    pub kind: NodeKind,
    /// Whether entries were left out that cannot be read, which was reported.
    pub is_incomplete: bool,
}

#[derive(Debug)]
pub enum NodeKind {
    /// `plain` if it stands without quotes and is not a block.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
    /// What the language does not allow and was reported.
    Invalid,
}

impl Node {
    /// What it is, for a message.
    pub fn describe(&self) -> String {
        const SHOWN: usize = 30;
        match &self.kind {
            NodeKind::Scalar { .. } if self.is_null() => "nothing".to_owned(),
            NodeKind::Scalar { text, .. } if text.chars().nth(SHOWN).is_some() || text.contains('\n') => {
                "a longer text".to_owned()
            }
            NodeKind::Scalar { text, plain: true } => format!("`{text}`"),
            NodeKind::Scalar { text, plain: false } => format!("the text \"{text}\""),
            NodeKind::List(_) => "a list".to_owned(),
            NodeKind::Mapping(_) => "a mapping".to_owned(),
            NodeKind::Invalid => "something that is not allowed".to_owned(),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.kind {
            NodeKind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, plain: true } if text.is_empty())
    }
}
