//! YAML text to a tree in which every node knows its place.
//!
//! The only module that knows the YAML parser. What the spec language leaves out of YAML is
//! reported here: anchors, aliases, merge keys, tags, several documents.

use granit_parser::{Event, Parser, ScalarStyle};

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Span};

const BLOCK_NESTING: usize = 32;
const FLOW_NESTING: usize = 16;

/// A node of the tree; `id` is unique within its file.
#[derive(Debug)]
pub struct Node {
    pub id: u32,
    /// Of a collection: from its start to the end of its first line.
    pub span: Span,
    pub kind: NodeKind,
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
}

impl Node {
    /// What it is, for a message.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            NodeKind::Scalar { .. } if self.is_null() => "nothing",
            NodeKind::Scalar { .. } => "a text",
            NodeKind::List(_) => "a list",
            NodeKind::Mapping(_) => "a mapping",
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

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    pub fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The node with this id, itself or below.
    pub fn find(&self, id: u32) -> Option<&Node> {
        if self.id == id {
            return Some(self);
        }
        match &self.kind {
            NodeKind::Scalar { .. } => None,
            NodeKind::List(items) => items.iter().find_map(|item| item.find(id)),
            NodeKind::Mapping(entries) => entries.iter().find_map(|(_, value)| value.find(id)),
        }
    }
}

/// Parses one file. `None` if it is not YAML; what the language does not allow is reported and the
/// tree is made as well as it can be.
pub fn parse(file: FileId, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let options = granit_parser::options! {
        disallow_directives: true,
        block_nesting_limit: BLOCK_NESTING,
        flow_nesting_limit: FLOW_NESTING
    };
    let mut tree = TreeBuilder::new(file, text);
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                let tag = span.tag_span().and_then(|span| span.byte_range());
                tree.event(event, range, tag);
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0);
                let problem = tree.syntax_error(at, &error.info());
                tree.diagnostics.push(problem);
                diagnostics.append(&mut tree.diagnostics);
                return None;
            }
        }
    }
    diagnostics.append(&mut tree.diagnostics);
    Some(tree.root.unwrap_or_else(|| Node {
        id: 0,
        span: Span::new(file, 0..0),
        kind: NodeKind::Scalar { text: String::new(), plain: true },
    }))
}

/// A collection that is not closed yet.
enum Open {
    List(Span, Vec<Node>),
    Mapping(Span, Vec<(Node, Node)>, Option<Node>),
}

struct TreeBuilder<'a> {
    file: FileId,
    text: &'a str,
    nodes: u32,
    documents: u32,
    open: Vec<Open>,
    root: Option<Node>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> TreeBuilder<'a> {
    fn new(file: FileId, text: &'a str) -> Self {
        Self { file, text, nodes: 0, documents: 0, open: Vec::new(), root: None, diagnostics: Vec::new() }
    }

    fn event(
        &mut self,
        event: Event<'_>,
        range: std::ops::Range<usize>,
        tag: Option<std::ops::Range<usize>>,
    ) {
        let span = self.span(range);
        if let Some(name) = event.tag() {
            let at = tag.map_or(span, |range| self.span(range));
            self.not_allowed(at, &format!("tags (`{name}`)"));
        }
        if event.anchor_id().is_some() {
            self.not_allowed(span, "anchors (`&name`)");
        }
        let kind = match event {
            Event::Scalar(text, style, ..) => {
                NodeKind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::Alias(_) => {
                self.not_allowed(span, "aliases (`*name`)");
                NodeKind::Scalar { text: String::new(), plain: false }
            }
            Event::SequenceStart(..) => return self.open.push(Open::List(span, Vec::new())),
            Event::MappingStart(..) => return self.open.push(Open::Mapping(span, Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => return self.close(span),
            Event::DocumentStart(..) => {
                self.documents = self.documents.saturating_add(1);
                if self.documents == 2 {
                    self.not_allowed(span, "several documents (`---`)");
                }
                return;
            }
            _ => return,
        };
        let node = self.node(span, kind);
        self.add(node);
    }

    fn close(&mut self, end: Span) {
        let (start, kind) = match self.open.pop() {
            Some(Open::List(start, items)) => (start, NodeKind::List(items)),
            Some(Open::Mapping(start, entries, _)) => (start, NodeKind::Mapping(entries)),
            None => return,
        };
        let span = self.first_line(start, end);
        let node = self.node(span, kind);
        self.add(node);
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = self.root.take().or(Some(node)),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Mapping(_, entries, key)) => match key.take() {
                None => *key = Some(node),
                Some(key) => {
                    if let Some(problem) = problem_of_key(&key, entries) {
                        self.diagnostics.push(problem);
                    } else {
                        entries.push((key, node));
                    }
                }
            },
        }
    }

    fn node(&mut self, span: Span, kind: NodeKind) -> Node {
        self.nodes = self.nodes.saturating_add(1);
        Node { id: self.nodes, span, kind }
    }

    fn not_allowed(&mut self, span: Span, what: &str) {
        self.diagnostics.push(not_allowed(span, what));
    }

    /// A span on character boundaries within the text, whatever the parser says.
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        let floor = |offset: usize| {
            let mut offset = offset.min(self.text.len());
            while !self.text.is_char_boundary(offset) {
                offset = offset.saturating_sub(1);
            }
            offset
        };
        let start = floor(range.start);
        Span::new(self.file, start..floor(range.end).max(start))
    }

    fn first_line(&self, start: Span, end: Span) -> Span {
        let from = start.range().start;
        let to = end.range().end.max(from);
        let text = self.text.get(from..to).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default().trim_end();
        Span::new(self.file, from..from.saturating_add(line.len()))
    }

    fn syntax_error(&self, at: usize, message: &str) -> Diagnostic {
        let at = self.span(at..at).range().start;
        let rest = self.text.get(at..).unwrap_or_default();
        let width = rest.chars().next().map_or(0, char::len_utf8);
        let mut diagnostic =
            Diagnostic::new(Code::Syntax, Span::new(self.file, at..at.saturating_add(width)), message);
        if let Some(tab) = self.indenting_tab() {
            diagnostic = diagnostic.also(tab, "a tab; YAML is indented with spaces");
        }
        if let Some(Open::List(start, _) | Open::Mapping(start, ..)) = self.open.last() {
            let bracket = start.part(0..1);
            if matches!(self.text.get(bracket.range()), Some("[" | "{")) {
                diagnostic = diagnostic.also(bracket, "this is not closed");
            }
        }
        diagnostic
    }

    fn indenting_tab(&self) -> Option<Span> {
        let mut offset = 0_usize;
        for line in self.text.split_inclusive('\n') {
            let indent = line.len().saturating_sub(line.trim_start_matches(' ').len());
            if line.get(indent..).is_some_and(|rest| rest.starts_with('\t')) {
                let at = offset.saturating_add(indent);
                return Some(Span::new(self.file, at..at.saturating_add(1)));
            }
            offset = offset.saturating_add(line.len());
        }
        None
    }
}

/// Why an entry cannot be part of its mapping.
fn problem_of_key(key: &Node, entries: &[(Node, Node)]) -> Option<Diagnostic> {
    let Some(name) = key.text() else {
        return Some(not_allowed(key.span, "keys that are not texts"));
    };
    if name == "<<" {
        return Some(not_allowed(key.span, "merge keys (`<<`)"));
    }
    let (first, _) = entries.iter().find(|(other, _)| other.text() == Some(name))?;
    Some(
        Diagnostic::new(Code::DuplicateKey, key.span, format!("duplicate key `{name}`"))
            .label("second one")
            .also(first.span, "first one"),
    )
}

fn not_allowed(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(Code::YamlFeature, span, format!("{what} are not part of the spec language"))
}
