//! The parser's events to a tree.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::{Node, NodeKind, entries, syntax};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

const BLOCK_NESTING: usize = 32;
const FLOW_NESTING: usize = 16;

/// Parses one file. `None` if it is not YAML; what the language does not allow is reported and the
/// tree is made as well as it can be.
pub fn parse(file: FileId, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        block_nesting_limit: BLOCK_NESTING,
        flow_nesting_limit: FLOW_NESTING
    };
    options.set_emit_comments(false);
    let mut tree = TreeBuilder::new(file, text, diagnostics);
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                let tag = span.tag_span().and_then(|span| span.byte_range());
                tree.event(event, range, tag);
            }
            Err(error) => {
                let at = tree.character(error.marker().byte_offset().unwrap_or(0));
                let problem = syntax::diagnostic(&error, at, tree.open_bracket(), text);
                tree.diagnostics.push(problem);
                return None;
            }
        }
    }
    let nothing = NodeKind::Scalar { text: String::new(), plain: true };
    Some(tree.root.unwrap_or(Node {
        id: 0,
        span: Span::new(file, 0..0),
        kind: nothing,
        is_incomplete: false,
    }))
}

/// A collection that is not closed yet.
enum Open {
    List(Span, Vec<Node>),
    Mapping { start: Span, is_flow: bool, entries: Vec<(Node, Node)>, key: Option<Node> },
}

struct TreeBuilder<'a> {
    file: FileId,
    text: &'a str,
    nodes: u32,
    documents: u32,
    open: Vec<Open>,
    root: Option<Node>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> TreeBuilder<'a> {
    fn new(file: FileId, text: &'a str, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self { file, text, nodes: 0, documents: 0, open: Vec::new(), root: None, diagnostics }
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>, tag: Option<Range<usize>>) {
        let is_empty = range.is_empty();
        let span = self.span(range);
        if let Some(name) = event.tag() {
            let at = tag.map_or(span, |range| self.span(range));
            self.not_allowed(at, &format!("tags (`{}`)", name.original()));
        }
        let kind = match event {
            // The parser spells what is not there as `~`.
            Event::Scalar(_, ScalarStyle::Plain, ..) if is_empty => {
                NodeKind::Scalar { text: String::new(), plain: true }
            }
            Event::Scalar(text, style, ..) => {
                NodeKind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.not_allowed(span, "aliases (`*name`)");
                NodeKind::Invalid
            }
            Event::Anchor(..) => return self.not_allowed(span, "anchors (`&name`)"),
            Event::SequenceStart(..) => return self.open.push(Open::List(span, Vec::new())),
            Event::MappingStart(style, ..) => {
                let is_flow = style == StructureStyle::Flow;
                return self.open.push(Open::Mapping {
                    start: span,
                    is_flow,
                    entries: Vec::new(),
                    key: None,
                });
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(span),
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents == 2 {
                    self.not_allowed(span, "several documents (`---`)");
                }
                return;
            }
            _ => return,
        };
        self.add(span, kind, false);
    }

    fn close(&mut self, end: Span) {
        match self.open.pop() {
            Some(Open::List(start, items)) => {
                let span = self.first_line(start, end);
                self.add(span, NodeKind::List(items), false);
            }
            Some(Open::Mapping { start, is_flow, mut entries, .. }) => {
                let is_incomplete = entries::remove_odd_keys(&mut entries, self.diagnostics);
                if is_flow {
                    entries = entries::join_commas(entries, self.text, self.diagnostics);
                }
                entries::remove_doubles(&mut entries, self.diagnostics);
                let span = self.first_line(start, end);
                self.add(span, NodeKind::Mapping(entries), is_incomplete);
            }
            None => {}
        }
    }

    fn add(&mut self, span: Span, kind: NodeKind, is_incomplete: bool) {
        self.nodes += 1;
        let node = Node { id: self.nodes, span, kind, is_incomplete };
        match self.open.last_mut() {
            None => self.root = self.root.take().or(Some(node)),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Mapping { entries, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
    }

    fn not_allowed(&mut self, span: Span, what: &str) {
        self.diagnostics.push(syntax::not_allowed(span, what));
    }

    /// A span on character boundaries within the text, whatever the parser says.
    fn span(&self, range: Range<usize>) -> Span {
        let floor = |offset: usize| {
            let mut offset = offset.min(self.text.len());
            while !self.text.is_char_boundary(offset) {
                offset -= 1;
            }
            offset
        };
        let start = floor(range.start);
        Span::new(self.file, start..floor(range.end).max(start))
    }

    /// The character at an offset.
    fn character(&self, at: usize) -> Span {
        let start = self.span(at..at).range().start;
        let rest = self.text.get(start..).unwrap_or_default();
        let width = rest.chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
        Span::new(self.file, start..start + width)
    }

    fn first_line(&self, start: Span, end: Span) -> Span {
        let from = start.range().start;
        let to = end.range().end.max(from);
        let text = self.text.get(from..to).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default().trim_end();
        Span::new(self.file, from..from + line.len())
    }

    /// The innermost bracket that is not closed.
    fn open_bracket(&self) -> Option<Span> {
        let (Open::List(start, _) | Open::Mapping { start, .. }) = self.open.last()?;
        let bracket = start.part(0..1);
        matches!(self.text.get(bracket.range()), Some("[" | "{")).then_some(bracket)
    }
}
