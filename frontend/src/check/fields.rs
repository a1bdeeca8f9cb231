//! Fields of models and parameters of operations: types, bounds, defaults and Rust names.

use std::collections::BTreeMap;

use super::names::given_name;
use super::{docs, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Type;
use crate::language::{Field, FieldLong, IdRepr, Map, Text};
use crate::names::{given, snake};
use crate::scope::{Entry, Fields, Resolved, Scope};
use crate::source::{Span, Spanned};

/// Checks the fields of one mapping, each for itself.
pub(super) fn check<'a>(scope: &Scope<'a>, fields: &'a Map<Field>, out: &mut Vec<Diagnostic>) {
    for (name, field) in fields {
        let entry = Entry { name, field, through: None };
        docs::of_field(scope, &entry, out);
        let Some(long) = field.long() else { continue };
        if let Some(rust) = &long.rust {
            given_name(name, rust, &snake(name), false, out);
        }
        if let Some(ty) = scope.ty(field.ty()) {
            attributes(ty, long, out);
        }
    }
}

fn attributes(ty: &Resolved<'_>, long: &FieldLong, out: &mut Vec<Diagnostic>) {
    if let Some(clearable) = &long.clearable
        && !matches!(ty, Resolved::Option(_))
    {
        let message = "`clearable` on a field that is not optional";
        Diagnostic::new(Code::BadClearable, clearable.span, message)
            .also(long.ty.span, "needs a `?`")
            .note("it tells null from absent")
            .report(out);
    }
    bounds(ty, long, out);
    if let Some(default) = &long.default {
        literals::check(ty, &long.ty, default, Code::BadDefault, "the default", out);
    }
}

/// What bounds there can be.
#[derive(Clone, Copy, PartialEq)]
enum Measure {
    Value,
    Characters,
    Items,
}

/// What can be bounded about a type.
fn measures(ty: &Resolved<'_>) -> &'static [Measure] {
    match ty.required() {
        Resolved::BuiltIn(Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::F64) => &[Measure::Value],
        Resolved::BuiltIn(Type::Decimal | Type::Number) => &[Measure::Value, Measure::Characters],
        Resolved::BuiltIn(Type::String) | Resolved::Id(IdRepr::Text, _) => &[Measure::Characters],
        Resolved::Id(IdRepr::I64, _) => &[Measure::Value],
        Resolved::List(_) | Resolved::Map(_) => &[Measure::Items],
        _ => &[],
    }
}

fn bounds(ty: &Resolved<'_>, long: &FieldLong, out: &mut Vec<Diagnostic>) {
    let allowed = measures(ty);
    let wide =
        |bound: &Option<Spanned<u32>>| bound.map(|bound| Spanned::new(i64::from(bound.value), bound.span));
    let pairs = [
        (Measure::Value, "min", long.min, "max", long.max),
        (Measure::Characters, "min_length", wide(&long.min_length), "max_length", wide(&long.max_length)),
        (Measure::Items, "min_items", wide(&long.min_items), "max_items", wide(&long.max_items)),
    ];
    for (measure, low_name, low, high_name, high) in pairs {
        let given = [(low_name, low), (high_name, high)];
        let misplaced = given.iter().filter_map(|(name, bound)| Some((name, bound.as_ref()?)));
        if !allowed.contains(&measure) {
            for (name, bound) in misplaced {
                out.push(misplaced_bound(name, bound.span, measure, long.ty.span));
            }
        } else {
            order(low_name, low, high_name, high, out);
        }
    }
}

fn misplaced_bound(name: &str, bound: Span, measure: Measure, ty: Span) -> Diagnostic {
    let of = match measure {
        Measure::Value => "numbers",
        Measure::Characters => "texts",
        Measure::Items => "lists",
    };
    Diagnostic::new(Code::BadBounds, bound, format!("`{name}` is for {of}")).also(ty, "the type")
}

/// Reports a lower bound above the upper one.
pub(super) fn order(
    low_name: &str,
    low: Option<Spanned<i64>>,
    high_name: &str,
    high: Option<Spanned<i64>>,
    out: &mut Vec<Diagnostic>,
) {
    if let (Some(low), Some(high)) = (low, high)
        && low.value > high.value
    {
        let message = format!("`{low_name}` is above `{high_name}`, so that nothing is allowed");
        Diagnostic::new(Code::BadBounds, low.span, message)
            .also(high.span, format!("`{high_name}`"))
            .report(out);
    }
}

/// Reports fields that become one: the same name on the wire or in Rust.
pub(super) fn collisions(fields: &Fields<'_>, what: &str, out: &mut Vec<Diagnostic>) {
    let mut by_wire: BTreeMap<&str, &Entry<'_>> = BTreeMap::new();
    let mut by_rust: BTreeMap<String, &Entry<'_>> = BTreeMap::new();
    for entry in &fields.entries {
        let name = entry.name;
        let rust = rust_name(name, entry.field.rust());
        let problem = |message| Diagnostic::new(Code::FieldCollision, entry.span(), message);
        if let Some(first) = by_wire.insert(name, entry) {
            let message = format!("the {what} `{name}` is there twice");
            out.push(problem(message).label(origin(entry)).also(first.span(), origin(first)));
        } else if let Some(first) = by_rust.insert(rust.clone(), entry) {
            let message = format!("`{name}` and `{}` both become `{rust}` in Rust", first.name);
            problem(message)
                .label(format!("becomes `{rust}`"))
                .also(first.span(), format!("becomes `{rust}` as well"))
                .help("give one of them a `rust:` name")
                .report(out);
        }
    }
}

fn origin(entry: &Entry<'_>) -> String {
    match entry.through {
        Some(include) => format!("comes with `{include}`"),
        None => "defined here".to_owned(),
    }
}

fn rust_name(wire: &Text, rust: Option<&Text>) -> String {
    rust.map_or_else(|| snake(wire), |rust| given(rust))
}
