//! Rules between fields of a model or parameters of an operation.

use super::literals::unlisted;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Type;
use crate::language::{Rule, Text};
use crate::scope::{Entry, Fields, Resolved, Scope};
use crate::source::Spanned;

/// Checks rules over `fields`, which are called `what` in messages.
pub(super) fn check(
    scope: &Scope<'_>,
    fields: &Fields<'_>,
    rules: &[Spanned<Rule>],
    what: &str,
    out: &mut Vec<Diagnostic>,
) {
    for rule in rules {
        form(rule, out);
        let counted = [&rule.exactly_one, &rule.at_least_one, &rule.at_most_one];
        for names in counted {
            group(names, out);
        }
        for name in counted.into_iter().flatten().chain(&rule.require).chain(&rule.forbid) {
            match fields.get(name) {
                Some(entry) => optional(name, entry, what, out),
                None => out.extend(unknown_field(scope, fields, name, what)),
            }
        }
        for name in rule.require.iter().filter(|name| rule.forbid.contains(name)) {
            let message = format!("`{name}` is required and forbidden at once");
            out.push(Diagnostic::new(Code::BadRule, name.span, message));
        }
        for (name, values) in &rule.when {
            match fields.get(name) {
                Some(entry) => condition(scope, entry, name, values, out),
                None => out.extend(unknown_field(scope, fields, name, what)),
            }
        }
    }
}

/// Exactly one kind of rule.
fn form(rule: &Spanned<Rule>, out: &mut Vec<Diagnostic>) {
    let counted = [&rule.exactly_one, &rule.at_least_one, &rule.at_most_one];
    let kinds = counted.iter().filter(|names| !names.is_empty()).count();
    let has_consequence = !rule.require.is_empty() || !rule.forbid.is_empty();
    let message = match (kinds, rule.when.is_empty(), has_consequence) {
        (1, true, false) | (0, false, true) => return,
        (0, true, false) => "this rule says nothing",
        (0, true, true) => "`require` and `forbid` need a `when`",
        (0, false, false) => "`when` needs `require` or `forbid`",
        _ => "this is more than one rule",
    };
    Diagnostic::new(Code::BadRule, rule.span, message).note(
        "a rule is one of `exactly_one`, `at_least_one`, `at_most_one`, or `when` with `require` or `forbid`",
    ).report(out);
}

/// The fields of `exactly_one` and its like.
fn group(names: &[Text], out: &mut Vec<Diagnostic>) {
    for (index, name) in names.iter().enumerate() {
        if names.iter().take(index).any(|other| other == name) {
            out.push(Diagnostic::new(Code::BadRule, name.span, format!("`{name}` is named twice")));
        }
    }
    if let [only] = names {
        let message = format!("a rule between fields, but `{only}` is the only one");
        out.push(Diagnostic::new(Code::BadRule, only.span, message));
    }
}

fn optional(name: &Text, entry: &Entry<'_>, what: &str, out: &mut Vec<Diagnostic>) {
    if entry.is_required() {
        let message = format!("the {what} `{name}` is always present, so there is no rule to it");
        Diagnostic::new(Code::BadRule, name.span, message)
            .also(entry.field.ty().span, "not optional: it has no `?`")
            .report(out);
    }
}

fn condition(scope: &Scope<'_>, entry: &Entry<'_>, name: &Text, values: &[Text], out: &mut Vec<Diagnostic>) {
    if values.is_empty() {
        out.push(Diagnostic::new(Code::BadRule, name.span, format!("no value of `{name}` is given")));
    }
    let Some(ty) = scope.ty(entry.field.ty()) else { return };
    match ty.required() {
        Resolved::Enum(item, enumeration) => {
            let of_enum =
                |value: &Text| unlisted(item, Spanned::new(&value.value, value.span), enumeration.name);
            out.extend(values.iter().filter_map(of_enum));
        }
        Resolved::BuiltIn(Type::Bool) => {
            for value in values.iter().filter(|value| !matches!(value.as_str(), "true" | "false")) {
                let message = format!("`{name}` is `true` or `false`, not `{value}`");
                out.push(Diagnostic::new(Code::UnknownValue, value.span, message));
            }
        }
        Resolved::BuiltIn(Type::String) | Resolved::Id(..) => {}
        _ => {
            let message = format!("a condition on `{name}`, which has no values to compare with");
            Diagnostic::new(Code::BadRule, name.span, message)
                .also(entry.field.ty().span, "its type")
                .note("conditions are on enums, texts, ids and `bool`")
                .report(out);
        }
    }
}

/// Reports a name that is no field, unless it might be one that could not be read.
pub(super) fn unknown_field(
    scope: &Scope<'_>,
    fields: &Fields<'_>,
    name: &Text,
    what: &str,
) -> Option<Diagnostic> {
    if !fields.complete || scope.is_broken(name) {
        return None;
    }
    let message = format!("`{name}` is not a {what}");
    Some(Diagnostic::new(Code::UnknownField, name.span, message).suggest(name, fields.names()))
}
