//! Method and path: `GET /v1/accounts/{account_id}`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::scope::{Scope, is_supplied};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::language::{Operation, Text};
use crate::source::{Span, Spanned};

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A line that was understood.
pub(super) struct Route<'a> {
    pub(super) method: &'a str,
    path: &'a str,
    /// Names with the place of each.
    placeholders: Vec<Spanned<&'a str>>,
}

/// Parses the line of an operation; what is wrong with it is reported.
pub(super) fn parse<'a>(http: &'a Text, out: &mut Vec<Diagnostic>) -> Option<Route<'a>> {
    if is_supplied(http.as_spanned()) {
        return None;
    }
    let line = Line::new(http);
    let Some((method, path)) = http.split_once(' ') else {
        let message = format!("`{http}` is not a method and a path");
        out.push(Diagnostic::new(Code::HttpLine, http.span, message).help("write `GET /v1/clock`"));
        return None;
    };
    if !METHODS.contains(&method) {
        let problem = Diagnostic::new(
            Code::HttpLine,
            line.place(0..method.len()),
            format!("unknown method `{method}`"),
        );
        out.push(
            problem.suggest(method, METHODS.iter().copied()).note(format!("methods: {}", METHODS.join(", "))),
        );
        return None;
    }
    match placeholders(path, method.len().saturating_add(1), &line) {
        Ok(placeholders) => Some(Route { method, path, placeholders }),
        Err(problem) => {
            out.push(*problem);
            None
        }
    }
}

/// The text of a line and where it stands.
struct Line {
    span: Span,
    offset: Option<usize>,
}

impl Line {
    fn new(http: &Text) -> Self {
        // A text in quotes begins after the first one; what has escapes is underlined as a whole.
        let offset = match http.span.range().len().checked_sub(http.len()) {
            Some(0) => Some(0),
            Some(2) => Some(1),
            _ => None,
        };
        Self { span: http.span, offset }
    }

    fn place(&self, range: Range<usize>) -> Span {
        self.offset.map_or(self.span, |offset| {
            self.span.part(range.start.saturating_add(offset)..range.end.saturating_add(offset))
        })
    }
}

fn placeholders<'a>(path: &'a str, at: usize, line: &Line) -> Result<Vec<Spanned<&'a str>>, Box<Diagnostic>> {
    let place = |start: usize, len: usize| {
        let start = start.saturating_add(at);
        line.place(start..start.saturating_add(len))
    };
    let problem = |span, message: String| Diagnostic::new(Code::HttpLine, span, message).boxed();
    let whole = place(0, path.len());
    if !path.starts_with('/') {
        return Err(problem(whole, "a path begins with `/`".to_owned()));
    }
    if let Some(index) = path.find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#')) {
        let message = "a path has no spaces, query or fragment; parameters go into `query:`".to_owned();
        return Err(problem(place(index, path.len().saturating_sub(index)), message));
    }
    let mut found: Vec<Spanned<&str>> = Vec::new();
    let mut start = 0_usize;
    for segment in path.split('/').skip(1) {
        start = start.saturating_add(1);
        let span = place(start, segment.len());
        if segment.is_empty() {
            return Err(problem(place(start.saturating_sub(1), 1), "a part of the path is empty".to_owned()));
        }
        let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match inner {
            Some(name) if name.is_empty() || name.contains(['{', '}']) => {
                return Err(problem(span, format!("`{segment}` is not a placeholder")));
            }
            Some(name) if found.iter().any(|other| other.value == name) => {
                return Err(problem(span, format!("the placeholder `{name}` is there twice")));
            }
            Some(name) => found.push(Spanned::new(name, place(start.saturating_add(1), name.len()))),
            None if segment.contains(['{', '}']) => {
                let message =
                    format!("in `{segment}`, a placeholder is not closed or not alone between slashes");
                return Err(problem(span, message));
            }
            None => {}
        }
        start = start.saturating_add(segment.len());
    }
    Ok(found)
}

impl Route<'_> {
    /// Compares the placeholders with the entries of `path:`.
    pub(super) fn check_parameters(
        &self,
        scope: &Scope<'_>,
        operation: &Operation,
        out: &mut Vec<Diagnostic>,
    ) {
        let declared: Vec<&Text> = operation.path.keys().collect();
        let extra =
            |name: &Text| !self.placeholders.iter().any(|placeholder| placeholder.value == name.as_str());
        // One that is written in two ways is one mistake.
        let mut misspelt: Vec<&str> = Vec::new();
        for placeholder in &self.placeholders {
            let name = placeholder.value;
            if operation.path.contains_key(name) || scope.is_broken(name) {
                continue;
            }
            let left_over = declared.iter().filter(|name| extra(name)).map(|name| name.as_str());
            let message = format!("the path parameter `{name}` has no type");
            let problem = Diagnostic::new(Code::MissingPathParameter, placeholder.span, message)
                .label("not among `path:`");
            let near =
                nearest(name, left_over).and_then(|near| declared.iter().find(|name| name.as_str() == near));
            out.push(match near {
                Some(near) => {
                    misspelt.push(near.as_str());
                    problem.fix(format!("did you mean this by `{near}`?"), near.span, name)
                }
                None => problem,
            });
        }
        for name in declared.iter().filter(|name| extra(name) && !misspelt.contains(&name.as_str())) {
            out.push(
                Diagnostic::new(Code::ExtraPathParameter, name.span, format!("`{name}` is not in the path"))
                    .also(operation.http.span, "the path"),
            );
        }
        self.check_order(&declared, operation, out);
    }

    fn check_order(&self, declared: &[&Text], operation: &Operation, out: &mut Vec<Diagnostic>) {
        let same_set = declared.len() == self.placeholders.len()
            && self
                .placeholders
                .iter()
                .all(|wanted| declared.iter().any(|name| name.as_str() == wanted.value));
        let misplaced =
            declared.iter().zip(&self.placeholders).find(|(name, wanted)| name.as_str() != wanted.value);
        if let (true, Some((name, _))) = (same_set, misplaced) {
            let order: Vec<&str> = self.placeholders.iter().map(|placeholder| placeholder.value).collect();
            let message = "the path parameters are not in the order of the path";
            out.push(
                Diagnostic::new(Code::ExtraPathParameter, name.span, message)
                    .also(operation.http.span, "the path")
                    .note("they are the arguments of the method, in this order")
                    .help(format!("write them in the order {}", order.join(", "))),
            );
        }
    }

    /// The path without the names of its placeholders.
    fn template(&self) -> String {
        let parts = self.path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Reports operations that answer to the same method and path.
pub(super) fn doubles(routes: &[(&Text, &Operation, Route<'_>)], out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<(&str, String), (&Text, &Operation)> = BTreeMap::new();
    for (name, operation, route) in routes {
        let key = (route.method, route.template());
        match seen.get(&key) {
            None => _ = seen.insert(key, (name, operation)),
            Some((first_name, first)) => {
                let message = format!("`{name}` and `{first_name}` have the same method and path");
                out.push(
                    Diagnostic::new(Code::DuplicateRoute, operation.http.span, message)
                        .label("second operation")
                        .also(first.http.span, "first operation"),
                );
            }
        }
    }
}
