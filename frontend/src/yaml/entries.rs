//! Entries of a mapping that cannot be meant.

use std::collections::BTreeMap;

use super::syntax::not_allowed;
use super::{Node, NodeKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

type Entry = (Node, Node);

/// Reports keys that are no texts, and merge keys, and leaves them out. `true` if there were any.
pub(super) fn remove_odd_keys(entries: &mut Vec<Entry>, out: &mut Vec<Diagnostic>) -> bool {
    let before = entries.len();
    entries.retain(|(key, _)| {
        let what = match key.text() {
            None => "keys that are not texts",
            Some("<<") => "merge keys (`<<`)",
            Some(_) => return true,
        };
        if !matches!(key.kind, NodeKind::Invalid) {
            out.push(not_allowed(key.span, what));
        }
        false
    });
    entries.len() < before
}

/// Reports keys that occur twice, and leaves the second ones out.
pub(super) fn remove_doubles(entries: &mut Vec<Entry>, out: &mut Vec<Diagnostic>) {
    // Stable, so that the first of equals comes first.
    let mut keys: Vec<&Node> = entries.iter().map(|(key, _)| key).collect();
    keys.sort_by_key(|key| key.text());
    let doubles: BTreeMap<u32, Diagnostic> = keys
        .chunk_by(|one, other| one.text() == other.text())
        .filter_map(|equal| equal.split_first())
        .flat_map(|(first, others)| others.iter().map(move |other| (other.id, double(first, other))))
        .collect();
    entries.retain(|(key, _)| !doubles.contains_key(&key.id));
    out.extend(doubles.into_values());
}

fn double(first: &Node, other: &Node) -> Diagnostic {
    let message = format!("duplicate key `{}`", other.text().unwrap_or_default());
    Diagnostic::new(Code::DuplicateKey, other.span, message).label("second one").also(first.span, "first one")
}

/// In `{ doc: Buys, or sells. }` the comma ends the text, and `or sells.` is a key without a value.
/// Reports that, and puts the text together as it was meant.
pub(super) fn join_commas(entries: Vec<Entry>, source: &str, out: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let mut joined: Vec<Entry> = Vec::new();
    let mut problem: Option<(Span, String)> = None;
    for (key, value) in entries {
        let is_alone = value.is_null() && !colon_follows(&key, &value, source);
        if let (
            true,
            Some((_, Node { span, kind: NodeKind::Scalar { text, plain: true }, .. })),
            Some(rest),
        ) = (is_alone && plain(&key), joined.last_mut(), key.text())
        {
            text.push_str(", ");
            text.push_str(rest);
            let from = problem.map_or(span.end, |(span, _)| span.start);
            span.end = key.span.end;
            problem = Some((Span { start: from, ..key.span }, text.clone()));
        } else {
            out.extend(
                problem.take().zip(joined.last()).map(|(problem, (_, value))| comma(&problem, value.span)),
            );
            joined.push((key, value));
        }
    }
    out.extend(problem.zip(joined.last()).map(|(problem, (_, value))| comma(&problem, value.span)));
    joined
}

fn plain(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Scalar { plain: true, .. })
}

fn colon_follows(key: &Node, value: &Node, source: &str) -> bool {
    let between = source.get(key.span.range().end..value.span.range().start.max(key.span.range().end));
    between.is_some_and(|text| text.contains(':'))
}

fn comma((rest, text): &(Span, String), whole: Span) -> Diagnostic {
    Diagnostic::new(Code::CommaInText, *rest, "between braces, a comma ends a text without quotes")
        .label("not part of the text")
        .fix(
            "put the text into quotes",
            whole,
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        )
}
