//! How the rows of keyed operations are found again.

use super::rules::unknown_field;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Type;
use crate::language::{Lookup, Model, Operation, Repeat, Text};
use crate::scope::{Definition, Entry, Fields, Resolved, Scope};
use crate::source::Spanned;
use crate::type_expr::{ResultExpr, TypeExpr};

/// Checks that a keyed operation has a look-up that fits, and that no other has one.
pub(super) fn check(
    scope: &Scope<'_>,
    operation: &Operation,
    repeat: Spanned<Repeat>,
    result: Option<&ResultExpr>,
    out: &mut Vec<Diagnostic>,
) {
    match (&operation.lookup, repeat.value) {
        (Some(lookup), Repeat::Keyed) => {
            known_key(operation, lookup, out);
            if let Some(list) = list(scope, lookup, out) {
                list.check_request(scope, operation, out);
                list.check_parameters(scope, out);
                list.check_rows(scope, operation, result, out);
            }
        }
        (Some(lookup), _) if !lookup.list.stands_in() => {
            problem(&lookup.list, "a look-up of an operation that is not `keyed`")
                .also(repeat.span, "the repeat class")
                .report(out)
        }
        (None, Repeat::Keyed) if !scope.is_broken("lookup") => {
            Diagnostic::new(Code::BadLookup, repeat.span, "`keyed` without a `lookup`")
                .label("needs `lookup:`")
                .help("say how the rows are found again: `lookup: { list: …, key: …, status: … }`")
                .report(out)
        }
        _ => {}
    }
}

fn problem(place: &Text, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::BadLookup, place.span, message)
}

fn known_key(operation: &Operation, lookup: &Lookup, out: &mut Vec<Diagnostic>) {
    for (index, status) in lookup.known_key.iter().enumerate() {
        let message = if !operation.errors.contains(status) {
            format!("{} is not among `errors`", status.value)
        } else if lookup.known_key.iter().take(index).any(|other| other == status) {
            format!("{} is listed twice", status.value)
        } else {
            continue;
        };
        out.push(Diagnostic::new(Code::BadStatus, status.span, message));
    }
}

/// A look-up with the operation that it names.
struct List<'a> {
    lookup: &'a Lookup,
    operation: &'a Operation,
    query: Fields<'a>,
}

/// The operation that a look-up names.
fn list<'a>(scope: &Scope<'a>, lookup: &'a Lookup, out: &mut Vec<Diagnostic>) -> Option<List<'a>> {
    let name = &lookup.list;
    if name.stands_in() {
        return None;
    }
    let Some((.., operation)) = scope.operation(name) else {
        if !scope.is_broken(name) {
            let known = scope.operations().map(|(_, known, _)| known.as_str());
            out.push(problem(name, format!("unknown operation `{name}`")).suggest(name, known));
        }
        return None;
    };
    Some(List { lookup, operation, query: scope.query(operation) })
}

impl List<'_> {
    /// A look-up sends nothing but what the operation itself was sent with.
    fn check_request(&self, scope: &Scope<'_>, operation: &Operation, out: &mut Vec<Diagnostic>) {
        let name = &self.lookup.list;
        if let Some(repeat) = self.operation.repeat.filter(|repeat| repeat.value != Repeat::Read) {
            problem(name, format!("`{name}` does not only read"))
                .also(repeat.span, "its repeat class")
                .note("a look-up changes nothing: the list is `repeat: read`")
                .report(out);
        }
        for parameter in self.operation.path.keys() {
            if !operation.path.contains_key(parameter) && !scope.is_broken(parameter) {
                problem(name, format!("the path of `{name}` takes `{parameter}`, which is not known here"))
                    .also(parameter.span, "its parameter")
                    .also(operation.http.span, "the path of this operation")
                    .report(out);
            }
        }
        let required = self.query.entries.iter().filter(|entry| entry.is_required());
        for entry in required {
            problem(name, format!("`{name}` requires `{}`, which a look-up does not send", entry.name))
                .also(entry.field.ty().span, "not optional: it has no `?`")
                .report(out);
        }
        if let Some(body) = &self.operation.body {
            problem(name, format!("`{name}` has a body, which a look-up does not send"))
                .also(body.span, "its body")
                .report(out);
        }
    }

    fn check_parameters(&self, scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(keys) = &self.lookup.keys {
            let is_keys = |ty: &Resolved<'_>| matches!(ty, Resolved::List(item) if item.is_text());
            self.check_parameter(scope, keys, "a list of texts", is_keys, out);
        }
        if let Some(since) = &self.lookup.since {
            let is_instant = |ty: &Resolved<'_>| matches!(ty, Resolved::BuiltIn(Type::Timestamp));
            self.check_parameter(scope, since, "a timestamp", is_instant, out);
        }
    }

    fn check_parameter(
        &self,
        scope: &Scope<'_>,
        name: &Text,
        kind: &str,
        fits: impl Fn(&Resolved<'_>) -> bool,
        out: &mut Vec<Diagnostic>,
    ) {
        match self.query.get(name) {
            Some(entry) => out.extend(misfit(scope, name, entry, kind, fits)),
            None => {
                let what = format!("query parameter of `{}`", self.lookup.list);
                out.extend(unknown_field(scope, &self.query, name, &what));
            }
        }
    }

    /// The list has the rows that the operation answers, with key and status.
    fn check_rows(
        &self,
        scope: &Scope<'_>,
        operation: &Operation,
        result: Option<&ResultExpr>,
        out: &mut Vec<Diagnostic>,
    ) {
        let (Some(ResultExpr::Value(written)), Some(Resolved::List(rows))) =
            (result, scope.ty(&operation.result))
        else {
            return;
        };
        let Resolved::Model(model, Definition { name: row, .. }) = **rows else {
            let message = "the rows of a keyed operation are models, with a key and a status";
            out.push(Diagnostic::new(Code::BadLookup, operation.result.span, message));
            return;
        };
        let (name, answer) = (&self.lookup.list, &self.operation.result);
        let is_row = |item: &Resolved<'_>| matches!(item, Resolved::Model(_, other) if other.name == row);
        let lists_rows = match (answer.ok(), scope.ty(answer)) {
            (None, _) | (Some(ResultExpr::Page(_)), None) => true,
            (Some(ResultExpr::Page(_)), Some(item)) => is_row(item),
            (Some(ResultExpr::Value(TypeExpr::List(_))), None) => true,
            (Some(ResultExpr::Value(_)), Some(Resolved::List(item))) => is_row(item),
            (Some(_), _) => false,
        };
        if !lists_rows {
            problem(name, format!("`{name}` does not list `{row}`"))
                .also(answer.span, "its result")
                .also(written.name().span, "the rows of this operation")
                .help(format!("name an operation whose result is `page<{row}>` or `list<{row}>`"))
                .report(out);
        }
        self.check_fields(scope, row, model, out);
    }

    fn check_fields(&self, scope: &Scope<'_>, row: &Text, model: &Model, out: &mut Vec<Diagnostic>) {
        let Lookup { key, status, .. } = self.lookup;
        let (fields, what) = (scope.fields(model), format!("field of `{row}`"));
        for name in [key, status].into_iter().filter(|name| !name.stands_in()) {
            if fields.get(name).is_none() {
                out.extend(unknown_field(scope, &fields, name, &what));
            }
        }
        if let Some(entry) = fields.get(key) {
            out.extend(misfit(scope, key, entry, "a text", |ty| ty.is_text()));
        }
        if let Some(entry) = fields.get(status) {
            let is_enum = |ty: &Resolved<'_>| matches!(ty, Resolved::Enum(..));
            out.extend(misfit(scope, status, entry, "an enum", is_enum));
            out.extend(stateless(scope, status, entry));
        }
    }
}

/// A field or parameter whose type is not the kind that is needed.
fn misfit(
    scope: &Scope<'_>,
    name: &Text,
    entry: &Entry<'_>,
    kind: &str,
    fits: impl Fn(&Resolved<'_>) -> bool,
) -> Option<Diagnostic> {
    let ty = scope.ty(entry.field.ty())?;
    let misfit = || problem(name, format!("`{name}` is not {kind}")).also(entry.field.ty().span, "its type");
    (!fits(ty.required())).then(misfit)
}

/// A status whose values do not say what they mean.
fn stateless(scope: &Scope<'_>, status: &Text, entry: &Entry<'_>) -> Option<Diagnostic> {
    let Resolved::Enum(item, definition) = scope.ty(entry.field.ty())?.required() else { return None };
    if item.states.is_some() || scope.is_broken("states") {
        return None;
    }
    let name = definition.name;
    let message = format!("the values of `{name}` do not say which are live, done and refused");
    Some(
        problem(status, message)
            .also(definition.name.span, "the enum")
            .help(format!("give `{name}` its `states: {{ live: […], done: […], refused: […] }}`")),
    )
}
