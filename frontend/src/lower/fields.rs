//! Fields of models and parameters of operations.

use super::description;
use super::names;
use super::resolve::{Resolver, innermost, parse};
use crate::decode::ShortOrLong;
use crate::ir::{self, Bounds, Type};
use crate::language::{Deprecation, Field, FieldLong, Text};
use crate::type_expr::TypeExpr;

/// A field or parameter called `wire`.
pub(super) fn field(resolver: &Resolver<'_>, wire: &Text, field: &Field) -> ir::Field {
    let (ty, long) = match &field.value {
        ShortOrLong::Short(ty) => (&Text::new(ty.clone(), field.span), None),
        ShortOrLong::Long(long) => (&long.ty, Some(long)),
    };
    let expression = parse(ty);
    let clearable = long.and_then(|long| long.clearable.as_ref()).is_some_and(|it| it.value);
    let doc = long.and_then(|long| long.doc.as_ref()).map(|doc| description(doc));
    let rust = long.and_then(|long| long.rust.as_ref());
    ir::Field {
        wire: wire.value.clone(),
        rust: rust.map_or_else(|| names::snake(wire), |rust| names::given(rust)),
        ty: match resolver.ty(&expression) {
            Type::Option(inner) if clearable => Type::Patch(inner),
            other => other,
        },
        required: !matches!(expression, TypeExpr::Option(_)),
        doc: doc.unwrap_or_else(|| resolver.doc(wire, &expression)),
        bounds: bounds(resolver, &expression, long),
        default: long.and_then(|long| long.default.as_ref()).map(|default| default.value.clone()),
        sensitive: long.is_some_and(|long| long.sensitive),
        deprecated: long.and_then(|long| long.deprecated.as_ref()).map(deprecation),
    }
}

pub(super) fn deprecation(deprecation: &Deprecation) -> ir::Deprecation {
    let note = deprecation.note.as_ref().map(|note| note.value.trim().to_owned());
    ir::Deprecation {
        since: deprecation.since.value.clone(),
        note: note.unwrap_or_else(|| "It will go away.".to_owned()),
    }
}

/// Its own bounds, and those of the id that is its type or the type of its items.
fn bounds(resolver: &Resolver<'_>, ty: &TypeExpr, long: Option<&FieldLong>) -> Bounds {
    let mut bounds = Bounds::default();
    if let Some(id) = resolver.id(innermost(ty)) {
        bounds.min_length = id.min_length.map(|bound| bound.value);
        bounds.max_length = id.max_length.map(|bound| bound.value);
    }
    if let Some(long) = long {
        bounds.min = long.min.map(|bound| bound.value);
        bounds.max = long.max.map(|bound| bound.value);
        bounds.min_length = long.min_length.map(|bound| bound.value).or(bounds.min_length);
        bounds.max_length = long.max_length.map(|bound| bound.value).or(bounds.max_length);
        bounds.min_items = long.min_items.map(|bound| bound.value);
        bounds.max_items = long.max_items.map(|bound| bound.value);
    }
    bounds
}
