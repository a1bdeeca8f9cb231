//! Models: what they include, their fields, rules and constructors.

use std::collections::BTreeMap;

use super::{fields, literals, rules};
use crate::diagnostic::{Code, Diagnostic};
use crate::language::{Constructor, Literal, Model, Rule, Text};
use crate::names::snake;
use crate::scope::{Fields, Kind, MAX_INCLUDES, Scope};
use crate::source::Spanned;

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    for (name, model) in scope.models() {
        let all = scope.fields(model);
        include(scope, model, &all, out);
        fields::check(scope, &model.fields, out);
        fields::collisions(&all, "field", out);
        rules::check(scope, &all, &model.rules, "field", out);
        constructors(scope, name, model, &all, out);
    }
}

fn include(scope: &Scope<'_>, model: &Model, all: &Fields<'_>, out: &mut Vec<Diagnostic>) {
    for (name, through) in &all.twice {
        let message = format!("the fields of `{name}` are included twice");
        out.push(Diagnostic::new(Code::FieldCollision, through.span, message));
    }
    if let Some(first) = all.too_deep {
        let message = format!("a chain of more than {MAX_INCLUDES} includes begins here");
        Diagnostic::new(Code::InfiniteType, first.span, message)
            .help("include the fields that are meant directly")
            .report(out);
    }
    for name in &model.include {
        match scope.get(name) {
            None => scope.check_reference(name, out),
            Some(definition) => {
                if !matches!(definition.kind, Kind::Model(_)) {
                    let message = format!("`{name}` is not a model, so there are no fields to include");
                    Diagnostic::new(Code::NotAModel, name.span, message)
                        .also(definition.name.span, "defined here")
                        .report(out);
                }
            }
        }
    }
}

fn constructors(
    scope: &Scope<'_>,
    model_name: &Text,
    model: &Model,
    all: &Fields<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<String, &Text> = BTreeMap::new();
    for (name, constructor) in &model.constructors {
        let rust = snake(name);
        if rust == "new" {
            let message = "`new` is there by itself, with the required fields";
            Diagnostic::new(Code::BadConstructor, name.span, message)
                .help("give this one another name")
                .report(out);
        } else if let Some(first) = seen.insert(rust.clone(), name) {
            let message = format!("`{name}` and `{first}` both become `{rust}` in Rust");
            Diagnostic::new(Code::BadConstructor, name.span, message)
                .also(first.span, "the first one")
                .report(out);
        }
        fixed(scope, constructor, all, out);
        taken(scope, constructor, all, out);
        missing(scope, model_name, name, constructor, all, out);
        forbidden(model, constructor, out);
    }
}

/// What a constructor sets.
fn fixed(scope: &Scope<'_>, constructor: &Constructor, all: &Fields<'_>, out: &mut Vec<Diagnostic>) {
    for (field, literal) in &constructor.set {
        match all.get(field) {
            Some(entry) => {
                if let Some(ty) = scope.ty(entry.field.ty()) {
                    let text = entry.field.ty();
                    literals::check(ty, text, literal, Code::BadConstructor, "this value", out);
                }
            }
            None => out.extend(rules::unknown_field(scope, all, field, "field")),
        }
    }
}

/// What a constructor takes.
fn taken(scope: &Scope<'_>, constructor: &Constructor, all: &Fields<'_>, out: &mut Vec<Diagnostic>) {
    for (index, field) in constructor.take.iter().enumerate() {
        let problem = |message: String| Diagnostic::new(Code::BadConstructor, field.span, message);
        if all.get(field).is_none() {
            out.extend(rules::unknown_field(scope, all, field, "field"));
        } else if constructor.take.iter().take(index).any(|other| other == field) {
            out.push(problem(format!("`{field}` is taken twice")));
        } else if let Some((set, _)) = constructor.set.get_key_value(field.as_str()) {
            out.push(problem(format!("`{field}` is both set and taken")).also(set.span, "set here"));
        }
    }
}

/// Required fields that a constructor leaves out.
fn missing(
    scope: &Scope<'_>,
    model: &Text,
    name: &Text,
    constructor: &Constructor,
    all: &Fields<'_>,
    out: &mut Vec<Diagnostic>,
) {
    let has = |field: &Text| constructor.set.contains_key(field.as_str()) || constructor.take.contains(field);
    let required = all.entries.iter().filter(|entry| entry.is_required());
    let left_out: Vec<_> =
        required.filter(|entry| !has(entry.name) && !scope.is_broken(entry.name)).collect();
    let Some(first) = left_out.first() else { return };
    let names: Vec<String> = left_out.iter().map(|entry| format!("`{}`", entry.name)).collect();
    let message =
        format!("the constructor `{name}` leaves out what `{model}` requires: {}", names.join(", "));
    Diagnostic::new(Code::BadConstructor, name.span, message)
        .also(first.name.span, "required")
        .help("add it to `take:`, or to `set:` with a value")
        .report(out);
}

/// Arguments that a rule forbids for the values that the constructor sets.
fn forbidden(model: &Model, constructor: &Constructor, out: &mut Vec<Diagnostic>) {
    for rule in model.rules.iter().filter(|rule| applies(rule, constructor)) {
        for field in &rule.forbid {
            if let Some(taken) = constructor.take.iter().find(|taken| *taken == field) {
                let message = format!("this constructor takes `{field}`, which a rule forbids here");
                Diagnostic::new(Code::BadConstructor, taken.span, message)
                    .also(field.span, "forbidden here")
                    .report(out);
            }
        }
    }
}

/// Whether what the constructor sets meets every condition of a rule.
fn applies(rule: &Spanned<Rule>, constructor: &Constructor) -> bool {
    let is_met = |(field, values): (&Text, &Vec<Text>)| match constructor
        .set
        .get(field.as_str())
        .map(|it| &it.value)
    {
        Some(Literal::Text(set)) => values.iter().any(|value| value.as_str() == set),
        _ => false,
    };
    !rule.when.is_empty() && rule.when.iter().all(is_met)
}
