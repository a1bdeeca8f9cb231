//! Ids, enums and unions.

use std::collections::BTreeMap;

use super::fields::order;
use super::literals::unlisted;
use super::names::given_name;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Type;
use crate::language::{Enum, Id, IdRepr, States, Text, Union, Variant};
use crate::names::{camel, given};
use crate::scope::{Kind, Resolved, Scope};
use crate::source::Spanned;

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Diagnostic>) {
    for definition in scope.definitions() {
        match definition.kind {
            Kind::Id(item) => id(scope, definition.name, item, out),
            Kind::Enum(item) => enumeration(scope, definition.name, item, out),
            Kind::Union(item) => union(scope, definition.name, item, out),
            Kind::Model(_) => {}
        }
    }
}

fn id(scope: &Scope<'_>, name: &Text, id: &Id, out: &mut Vec<Diagnostic>) {
    let Some(repr) = id.ty.check(out) else { return };
    for (index, other) in id.accepts.iter().enumerate() {
        let message = match (other.as_str(), scope.get(other).map(|definition| definition.kind)) {
            (own, _) if own == id.ty.as_str() => None,
            (own, _) if own == name.as_str() => Some(format!("`{name}` accepts itself anyway")),
            (_, Some(Kind::Id(accepted))) if accepted.ty.ok() == Some(repr) => None,
            (_, Some(Kind::Id(_))) => {
                Some(format!("`{other}` is not of the same type, so it cannot become `{name}`"))
            }
            (_, Some(_)) => Some(format!("`{other}` is not an id")),
            ("string" | "i64", None) => Some(format!("a `{}` id cannot accept `{other}`", *id.ty)),
            (_, None) => {
                scope.check_reference(other, out);
                None
            }
        };
        let twice = || {
            let is_double = id.accepts.iter().take(index).any(|earlier| earlier == other);
            is_double.then(|| format!("`{other}` is listed twice"))
        };
        if let Some(message) = message.or_else(twice) {
            out.push(Diagnostic::new(Code::BadId, other.span, message));
        }
    }
    for bound in [id.min_length, id.max_length].into_iter().flatten().filter(|_| *repr != IdRepr::Text) {
        Diagnostic::new(Code::BadBounds, bound.span, "a length is for texts")
            .also(id.ty.span, "the type")
            .report(out);
    }
    let wide =
        |bound: Option<Spanned<u32>>| bound.map(|bound| Spanned::new(i64::from(bound.value), bound.span));
    order("min_length", wide(id.min_length), "max_length", wide(id.max_length), out);
}

fn enumeration(scope: &Scope<'_>, name: &Text, item: &Enum, out: &mut Vec<Diagnostic>) {
    if item.values.is_empty() && !scope.is_broken("values") {
        out.push(Diagnostic::new(Code::EmptyEnum, name.span, format!("the enum `{name}` has no values")));
    }
    let values = item.values.iter().map(|(wire, value)| (wire, value.rust()));
    rust_names(values, "value", out);
    if let Some(item_states) = &item.states {
        states(scope, name, item, item_states, out);
    }
}

/// Values of the enum, each in one list at most.
fn states(scope: &Scope<'_>, name: &Text, item: &Enum, states: &States, out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&str, &Text> = BTreeMap::new();
    for value in [&states.live, &states.done, &states.refused].into_iter().flatten() {
        if let Some(first) = seen.insert(value, value) {
            let message = format!("`{value}` is in `states` twice");
            Diagnostic::new(Code::BadStates, value.span, message)
                .also(first.span, "the first time")
                .report(out);
        } else if !scope.is_broken(value) {
            out.extend(unlisted(item, Spanned::new(&value.value, value.span), name));
        }
    }
    let is_broken = ["states", "live", "done"].into_iter().any(|key| scope.is_broken(key));
    if states.live.is_empty() && states.done.is_empty() && !is_broken {
        let message = format!("no value of `{name}` is live or done");
        out.push(Diagnostic::new(Code::BadStates, name.span, message));
    }
}

/// Checks the Rust names of values or variants, and that there are no two of a kind.
pub(super) fn rust_names<'a>(
    names: impl Iterator<Item = (&'a Text, Option<&'a Text>)>,
    what: &str,
    out: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<String, &Text> = BTreeMap::new();
    for (wire, rust) in names {
        let by_itself = camel(wire);
        if let Some(rust) = rust {
            given_name(wire, rust, &by_itself, true, out);
        }
        let name = rust.map_or(by_itself, |rust| given(rust));
        if let Some(first) = seen.get(&name) {
            let message = format!("the {what}s `{wire}` and `{first}` both become `{name}` in Rust");
            Diagnostic::new(Code::ValueCollision, wire.span, message)
                .label(format!("becomes `{name}`"))
                .also(first.span, format!("becomes `{name}` as well"))
                .help(format!("give one of them a `rust:` name: `{wire}: {{ doc: …, rust: … }}`"))
                .report(out);
        } else {
            seen.insert(name, wire);
        }
    }
}

fn union(scope: &Scope<'_>, name: &Text, union: &Union, out: &mut Vec<Diagnostic>) {
    if union.variants.is_empty() && !scope.is_broken("variants") {
        out.push(Diagnostic::new(Code::EmptyEnum, name.span, format!("the union `{name}` has no variants")));
    }
    let variants = union.variants.iter().map(|(wire, variant)| (wire, variant.rust()));
    rust_names(variants, "variant", out);
    let Some(tagging) = tagging(scope, name, union, out) else { return };
    for (wire, variant) in &union.variants {
        let Some(ty) = scope.ty(variant.ty()) else { continue };
        let problem = match tagging {
            Tagging::Tag(tag) => tagged(scope, tag, ty, variant),
            Tagging::Keyed => keyed(ty, variant),
            Tagging::Shape => shaped(wire, ty, variant),
        };
        out.extend(problem);
    }
}

#[derive(Clone, Copy)]
enum Tagging<'a> {
    Tag(&'a Text),
    Keyed,
    Shape,
}

/// Exactly one of the three ways.
fn tagging<'a>(
    scope: &Scope<'_>,
    name: &Text,
    union: &'a Union,
    out: &mut Vec<Diagnostic>,
) -> Option<Tagging<'a>> {
    for flag in [&union.keyed, &union.by_shape].into_iter().flatten().filter(|flag| !flag.value) {
        let message = "this is `true`, or left out";
        out.push(Diagnostic::new(Code::BadTagging, flag.span, message));
    }
    let ways = [
        union.tag.as_ref().map(|tag| (Tagging::Tag(tag), tag.span)),
        union.keyed.as_ref().map(|keyed| (Tagging::Keyed, keyed.span)),
        union.by_shape.as_ref().map(|by_shape| (Tagging::Shape, by_shape.span)),
    ];
    let mut ways = ways.into_iter().flatten();
    let Some((first, first_span)) = ways.next() else {
        if !["tag", "keyed", "by_shape"].into_iter().any(|key| scope.is_broken(key)) {
            let message = format!("the union `{name}` does not say how its variants are told apart");
            Diagnostic::new(Code::BadTagging, name.span, message)
                .help("write one of `tag: <property>`, `keyed: true` and `by_shape: true`")
                .report(out);
        }
        return None;
    };
    for (_, span) in ways {
        let message = "the variants of a union are told apart in one way only";
        out.push(Diagnostic::new(Code::BadTagging, span, message).also(first_span, "the first one"));
    }
    Some(first)
}

fn tagged(scope: &Scope<'_>, tag: &Text, ty: &Resolved<'_>, variant: &Variant) -> Option<Diagnostic> {
    let span = variant.ty().span;
    match ty {
        Resolved::Model(model, _) => {
            let fields = scope.fields(model);
            let entry = fields.get(tag)?;
            let message = format!("the tag `{tag}` is also a field of `{}`", variant.ty().value);
            Some(
                Diagnostic::new(Code::BadTagging, span, message)
                    .also(entry.name.span, "the field")
                    .help("leave the field out: the variant says what it would"),
            )
        }
        _ => {
            let message = format!("`{}` is not a model: its fields stand beside the tag", variant.ty().value);
            Some(Diagnostic::new(Code::NotAModel, span, message))
        }
    }
}

fn keyed(ty: &Resolved<'_>, variant: &Variant) -> Option<Diagnostic> {
    if matches!(ty, Resolved::Model(..) | Resolved::Union(_)) {
        return None;
    }
    let message = format!("`{}` is neither a model nor a union", variant.ty().value);
    Some(Diagnostic::new(Code::NotAModel, variant.ty().span, message))
}

const KINDS: &[&str] = &["bool", "number", "string", "list", "object"];

fn shaped(wire: &Text, ty: &Resolved<'_>, variant: &Variant) -> Option<Diagnostic> {
    if !KINDS.contains(&wire.as_str()) {
        let problem =
            Diagnostic::new(Code::BadTagging, wire.span, format!("`{wire}` is not a kind of JSON value"));
        return Some(
            problem.suggest(wire, KINDS.iter().copied()).note(format!("kinds: {}", KINDS.join(", "))),
        );
    }
    let fits = match ty {
        Resolved::BuiltIn(Type::Bool) => wire.as_str() == "bool",
        Resolved::BuiltIn(
            Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::F64 | Type::Decimal | Type::Number,
        ) => wire.as_str() == "number",
        // How the API writes days and instants decides.
        Resolved::BuiltIn(Type::Date | Type::Timestamp) => matches!(wire.as_str(), "number" | "string"),
        Resolved::BuiltIn(Type::Json) => true,
        Resolved::BuiltIn(_) | Resolved::Enum(..) => wire.as_str() == "string",
        Resolved::Id(IdRepr::I64, _) => wire.as_str() == "number",
        Resolved::Id(IdRepr::Text, _) => wire.as_str() == "string",
        Resolved::List(_) => wire.as_str() == "list",
        Resolved::Map(_) | Resolved::Model(..) | Resolved::Union(_) => wire.as_str() == "object",
        Resolved::Option(_) => false,
    };
    (!fits).then(|| {
        let message = format!("`{}` is never a JSON {wire}", variant.ty().value);
        Diagnostic::new(Code::BadTagging, variant.ty().span, message).also(wire.span, "the kind")
    })
}
