//! Fields of models and parameters of operations: types, bounds, defaults and Rust names.

use std::collections::BTreeMap;

use super::names::given_name;
use super::{docs, literals};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Type;
use crate::language::{Field, FieldLong, IdRepr, Map, Text};
use crate::names::{given, snake};
use crate::scope::{Entry, Fields, Scope, Shape};
use crate::source::{Span, Spanned};
use crate::type_expr::TypeExpr;

/// Checks the fields of one mapping, each for itself.
pub(super) fn check<'a>(scope: &Scope<'a>, fields: &'a Map<Field>, out: &mut Vec<Diagnostic>) {
    for (name, field) in fields {
        let ty = scope.check_type(field.ty(), out);
        let entry = Entry { name, field, through: None };
        docs::of_field(scope, &entry, out);
        let Some(long) = field.long() else { continue };
        if let Some(rust) = &long.rust {
            given_name(name, rust, &snake(name), false, out);
        }
        if let Some(ty) = ty {
            attributes(scope, ty, long, out);
        }
    }
}

fn attributes(scope: &Scope<'_>, ty: &TypeExpr, long: &FieldLong, out: &mut Vec<Diagnostic>) {
    if let Some(clearable) = &long.clearable
        && !ty.is_optional()
    {
        let message = "`clearable` on a field that is not optional";
        out.push(
            Diagnostic::new(Code::BadClearable, clearable.span, message)
                .also(long.ty.span, "needs a `?`")
                .note("it tells null from absent"),
        );
    }
    bounds(scope, ty, long, out);
    if let Some(default) = &long.default {
        literals::check(scope, ty, default, Code::BadDefault, "the default", out);
    }
}

/// What bounds there can be.
#[derive(Clone, Copy, PartialEq)]
enum Measure {
    Value,
    Characters,
    Items,
}

/// What can be bounded about a type; `None` if nothing may be said.
fn measures(scope: &Scope<'_>, ty: &TypeExpr) -> Option<&'static [Measure]> {
    Some(match scope.shape(ty.required()) {
        Shape::BuiltIn(Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::F64) => &[Measure::Value],
        Shape::BuiltIn(Type::Decimal | Type::Number) => &[Measure::Value, Measure::Characters],
        Shape::BuiltIn(Type::String) => &[Measure::Characters],
        Shape::Id(IdRepr::I64) => &[Measure::Value],
        Shape::Id(IdRepr::Text) => &[Measure::Characters],
        Shape::List(_) | Shape::Map => &[Measure::Items],
        Shape::Unknown | Shape::Optional => return None,
        _ => &[],
    })
}

fn bounds(scope: &Scope<'_>, ty: &TypeExpr, long: &FieldLong, out: &mut Vec<Diagnostic>) {
    let Some(allowed) = measures(scope, ty) else { return };
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
        out.push(
            Diagnostic::new(Code::BadBounds, low.span, message).also(high.span, format!("`{high_name}`")),
        );
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
            out.push(
                problem(message)
                    .label(format!("becomes `{rust}`"))
                    .also(first.span(), format!("becomes `{rust}` as well"))
                    .help("give one of them a `rust:` name"),
            );
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
