//! Operations: parameters, body, result, statuses, and how they may be repeated.

use super::{fields, lookup, route, rules};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Type;
use crate::language::{Field, Map, Operation, Repeat, Text, TypeText};
use crate::route::Method;
use crate::scope::{Entry, Fields, Resolved, Scope};
use crate::source::{Span, Spanned};
use crate::type_expr::{ResultExpr, TypeExpr};

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    let mut routes = Vec::new();
    for (_, name, operation) in scope.operations() {
        if let Some(route) = operation.http.check(out) {
            route::parameters(scope, route, operation, out);
            routes.push((name, operation, route));
        }
        check_body(scope, operation, out);
        check_operation(scope, name, operation, out);
    }
    route::doubles(&routes, out);
}

fn check_operation<'a>(scope: &Scope<'a>, name: &Text, operation: &'a Operation, out: &mut Vec<Diagnostic>) {
    check_include(scope, operation, out);
    let query = scope.query(operation);
    path(scope, &operation.path, out);
    fields::check(scope, &operation.path, out);
    fields::check(scope, &operation.query, out);
    query_types(scope, &query, &operation.query, out);
    fields::collisions(&with_path(operation, &query), "parameter", out);
    rules::check(scope, &query, &operation.rules, "query parameter", out);
    let result = operation.result.ok();
    statuses(operation, result, out);
    beside_errors(scope, operation, out);
    repetition(scope, name, operation, result, out);
    if matches!(result, Some(ResultExpr::Page(_))) {
        page_parameters(scope, operation, &query, out);
    }
}

fn check_include(scope: &Scope<'_>, operation: &Operation, out: &mut Vec<Diagnostic>) {
    let Some(api) = &scope.api.api else { return };
    for (index, name) in operation.include.iter().enumerate() {
        if !api.parameters.contains_key(name.as_str()) && !scope.is_broken(name) {
            let message = format!("unknown group of parameters `{name}`");
            let known = api.parameters.keys().map(|name| name.as_str());
            Diagnostic::new(Code::UnknownGroup, name.span, message)
                .label("not among `parameters:` of api.yaml")
                .suggest(name, known)
                .report(out);
        } else if operation.include.iter().take(index).any(|other| other == name) {
            let message = format!("`{name}` is included twice");
            out.push(Diagnostic::new(Code::UnknownGroup, name.span, message));
        }
    }
}

fn with_path<'a>(operation: &'a Operation, query: &Fields<'a>) -> Fields<'a> {
    let path = operation.path.iter().map(|(name, field)| Entry { name, field, through: None });
    Fields { entries: path.chain(query.entries.iter().copied()).collect(), ..Fields::default() }
}

fn path(scope: &Scope<'_>, parameters: &Map<Field>, out: &mut Vec<Diagnostic>) {
    for (name, field) in parameters {
        let problem = match scope.ty(field.ty()) {
            Some(Resolved::Option(_)) => "cannot be optional: it is part of the path",
            Some(ty) if !is_scalar(ty) => "cannot have this type: only a plain value fits into a path",
            _ => continue,
        };
        let message = format!("the path parameter `{name}` {problem}");
        out.push(Diagnostic::new(Code::BadParameter, field.ty().span, message));
    }
}

fn query_types(scope: &Scope<'_>, query: &Fields<'_>, own: &Map<Field>, out: &mut Vec<Diagnostic>) {
    for entry in query.entries.iter().filter(|entry| own.contains_key(entry.name.as_str())) {
        query_type(scope, entry, out);
    }
}

/// Checks the type of a query parameter, its own or one of a group's.
pub(super) fn query_type(scope: &Scope<'_>, entry: &Entry<'_>, out: &mut Vec<Diagnostic>) {
    let fits = match scope.ty(entry.field.ty()).map(Resolved::required) {
        None => return,
        Some(Resolved::List(item)) => is_scalar(item),
        Some(ty) => is_scalar(ty),
    };
    if !fits {
        let message = format!("the query parameter `{}` cannot have this type", entry.name);
        Diagnostic::new(Code::BadParameter, entry.field.ty().span, message)
            .note("query parameters are plain values, ids, enums, and lists of them")
            .report(out);
    }
    if let Some(clearable) = entry.field.long().and_then(|long| long.clearable.as_ref()) {
        let message = "`clearable` on a parameter: there is no null in a URL";
        out.push(Diagnostic::new(Code::BadClearable, clearable.span, message));
    }
}

/// Whether a value is one text in a URL.
fn is_scalar(ty: &Resolved<'_>) -> bool {
    match ty {
        Resolved::BuiltIn(ty) => **ty != Type::Json,
        Resolved::Id(..) | Resolved::Enum(..) => true,
        _ => false,
    }
}

fn check_body(scope: &Scope<'_>, operation: &Operation, out: &mut Vec<Diagnostic>) {
    let Some(body) = &operation.body else { return };
    if operation.http.ok().is_some_and(|route| route.method == Method::Get) {
        let message = "a GET has no body";
        out.push(Diagnostic::new(Code::BadBody, body.span, message).also(operation.http.span, "the method"));
    }
    let Some(ty) = scope.ty(body) else { return };
    let fits = match ty.required() {
        Resolved::List(item) => !is_scalar(item),
        Resolved::BuiltIn(Type::Json) | Resolved::Model(..) | Resolved::Union(_) | Resolved::Map(_) => true,
        _ => false,
    };
    if !fits {
        let message = format!("`{}` cannot be a body", body.value);
        Diagnostic::new(Code::BadBody, body.span, message)
            .note("a body is a model, a union, or a list of them")
            .report(out);
    }
}

fn statuses(operation: &Operation, result: Option<&ResultExpr>, out: &mut Vec<Diagnostic>) {
    let mut problem = |status: &Spanned<u16>, message: String| {
        out.push(Diagnostic::new(Code::BadStatus, status.span, message));
    };
    let is_success = |status: &Spanned<u16>| (200..300).contains(&status.value);
    if let Some(status) = &operation.status {
        if !is_success(status) {
            problem(status, format!("{} is not a status of success", status.value));
        } else if matches!(status.value, 204 | 205) && !matches!(result, Some(ResultExpr::Nothing) | None) {
            problem(status, format!("{} has no content, so the result is `nothing`", status.value));
        }
    }
    if let Some(partial) = &operation.partial {
        if !is_success(partial) {
            problem(
                partial,
                format!("{} is not a status of success, not even of a partial one", partial.value),
            );
        } else if partial.value == operation.status.map_or(200, |status| status.value) {
            problem(partial, format!("{} is the status of full success already", partial.value));
        } else if matches!(result, Some(ResultExpr::Nothing)) {
            problem(partial, "an operation without a result cannot answer a part of it".to_owned());
        }
    }
    for row in &operation.rows {
        if !operation.errors.contains(row) {
            problem(row, format!("{} is not among `errors`", row.value));
        } else if matches!(result, Some(ResultExpr::Nothing)) {
            problem(row, "an operation without a result has no rows".to_owned());
        }
    }
    error_statuses(&operation.errors, out);
    error_statuses(&operation.rows, out);
}

/// Only an envelope has room for a result beside an error.
fn beside_errors(scope: &Scope<'_>, operation: &Operation, out: &mut Vec<Diagnostic>) {
    let is_bare = scope.api.api.as_ref().is_some_and(|api| api.bare.is_some() && api.envelope.is_none());
    for status in operation.partial.iter().chain(&operation.rows).filter(|_| is_bare) {
        let message = "this API has no envelope that could hold a result beside an error";
        out.push(Diagnostic::new(Code::BadStatus, status.span, message));
    }
}

/// Checks a list of error statuses.
pub(super) fn error_statuses(statuses: &[Spanned<u16>], out: &mut Vec<Diagnostic>) {
    for (index, status) in statuses.iter().enumerate() {
        let message = if !(400..600).contains(&status.value) {
            format!("{} is not a status of an error", status.value)
        } else if statuses.iter().take(index).any(|other| other == status) {
            format!("{} is listed twice", status.value)
        } else {
            continue;
        };
        out.push(Diagnostic::new(Code::BadStatus, status.span, message));
    }
}

/// The repeat class, and the key and the look-up that go with one of them.
fn repetition(
    scope: &Scope<'_>,
    name: &Text,
    operation: &Operation,
    result: Option<&ResultExpr>,
    out: &mut Vec<Diagnostic>,
) {
    let Some(repeat) = &operation.repeat else {
        if !scope.is_broken("repeat") {
            out.push(no_repeat_class(name));
        }
        return;
    };
    match (&operation.key, repeat.value) {
        (Some(key), Repeat::Keyed) => {
            key_field(scope, operation, key, out);
            keyed_rows(operation, result, repeat.span, out);
        }
        (Some(key), _) => {
            Diagnostic::new(Code::BadKey, key.span, "a key on an operation that is not `keyed`")
                .also(repeat.span, "the repeat class")
                .report(out)
        }
        (None, Repeat::Keyed) if !scope.is_broken("key") => {
            Diagnostic::new(Code::BadKey, repeat.span, "`keyed` without a `key`")
                .label("needs `key:`")
                .help(
                    "name the field of the body's rows that makes a repetition recognisable, as in `key: id`",
                )
                .report(out)
        }
        (None, _) => {}
    }
    lookup::check(scope, operation, *repeat, result, out);
}

fn no_repeat_class(name: &Text) -> Diagnostic {
    Diagnostic::new(Code::NoRepeatClass, name.span, format!("`{name}` does not say how it may be repeated"))
        .label("needs `repeat:`")
        .note("`read` changes nothing; `idempotent` has the same effect if it is sent again;")
        .note("rows of `keyed` have keys by which they are looked up when they are in doubt; `never` is left to the caller")
        .help("the HTTP method does not tell; if in doubt, write `repeat: never`")
}

fn key_field(scope: &Scope<'_>, operation: &Operation, key: &Text, out: &mut Vec<Diagnostic>) {
    let Some(body) = &operation.body else {
        out.push(Diagnostic::new(Code::BadKey, key.span, "a key without a `body` that holds it"));
        return;
    };
    let Some(fields) = body_fields(scope, body) else { return };
    match fields.get(key) {
        Some(entry) => {
            let is_text = scope.ty(entry.field.ty()).is_none_or(|ty| ty.required().is_text());
            if !is_text {
                let message = format!("the key `{key}` is not a text");
                Diagnostic::new(Code::BadKey, key.span, message)
                    .also(entry.field.ty().span, "its type")
                    .report(out);
            }
        }
        None => out.extend(rules::unknown_field(scope, &fields, key, "field of the body")),
    }
}

/// A keyed operation submits rows and answers what became of each.
fn keyed_rows(operation: &Operation, result: Option<&ResultExpr>, keyed: Span, out: &mut Vec<Diagnostic>) {
    let body = operation.body.as_ref().and_then(|body| body.ok());
    if let (Some(text), Some(body)) = (&operation.body, body)
        && !matches!(body, TypeExpr::List(_))
    {
        let message = "a keyed operation submits rows: its body is a list";
        out.push(Diagnostic::new(Code::BadKey, text.span, message).also(keyed, "the repeat class"));
    }
    if !matches!(result, None | Some(ResultExpr::Value(TypeExpr::List(_)))) {
        let message = "a keyed operation answers rows: its result is a list";
        Diagnostic::new(Code::BadKey, operation.result.span, message)
            .also(keyed, "the repeat class")
            .report(out);
    }
}

/// The fields of a body's model, or of the rows of a list.
fn body_fields<'a>(scope: &Scope<'a>, body: &TypeText) -> Option<Fields<'a>> {
    let row = match scope.ty(body)?.required() {
        Resolved::List(row) => row,
        other => other,
    };
    if let Resolved::Model(model, _) = row { Some(scope.fields(model)) } else { None }
}

fn page_parameters(scope: &Scope<'_>, operation: &Operation, query: &Fields<'_>, out: &mut Vec<Diagnostic>) {
    let Some(api) = &scope.api.api else { return };
    let body = operation.body.as_ref().and_then(|body| body_fields(scope, body));
    let is_complete = query.complete && body.as_ref().is_none_or(|fields| fields.complete);
    let entry = |name: &str| query.get(name).or_else(|| body.as_ref().and_then(|fields| fields.get(name)));
    for name in [&api.pagination.size, &api.pagination.token] {
        match entry(name) {
            Some(parameter) if parameter.is_required() => {
                let message =
                    format!("the page parameter `{name}` must be optional: the first page has none");
                out.push(Diagnostic::new(Code::PageParameters, parameter.field.ty().span, message));
            }
            Some(_) => {}
            None if !is_complete || scope.is_broken(name) || name.stands_in() => {}
            None => {
                let message = format!("a paged result, but no parameter `{name}`");
                let problem = Diagnostic::new(Code::PageParameters, operation.result.span, message);
                let holder = api.parameters.iter().find(|(_, group)| group.contains_key(name.as_str()));
                out.push(match holder {
                    Some((group, _)) => {
                        problem.help(format!("include the group that has it: `include: [{group}]`"))
                    }
                    None => problem.note("its name comes from `pagination:` of api.yaml"),
                });
                return;
            }
        }
    }
}
