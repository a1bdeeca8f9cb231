//! Fields of models and parameters of operations.

use super::resolve::Resolver;
use super::{Lowered, deprecation, description};
use crate::ir::{self, Bounds, Parameter, Place, Type};
use crate::language::{Field, FieldLong, Operation, Text};
use crate::names::{self, free};
use crate::scope::{Kind, Resolved};

/// Methods that every request builder has, and variables of the handle's methods.
const TAKEN: &[&str] = &["body", "call", "clone", "into", "items", "options", "pages", "send"];

/// A field or parameter called `wire`.
pub(super) fn field(resolver: &Resolver<'_, '_>, wire: &Text, field: &Field) -> Lowered<ir::Field> {
    let long = field.long();
    let ty = resolver.resolved(field.ty())?;
    let clearable = long.and_then(|long| long.clearable.as_ref()).is_some_and(|it| it.value);
    Ok(ir::Field {
        wire: wire.value.clone(),
        rust: field.rust().map_or_else(|| names::snake(wire), |rust| names::given(rust)),
        ty: match ty.ir() {
            Type::Option(inner) if clearable => Type::Patch(inner),
            other => other,
        },
        required: !matches!(ty, Resolved::Option(_)),
        doc: field.doc().map_or_else(|| resolver.doc(wire, ty), |doc| description(doc)),
        bounds: bounds(ty, long),
        default: long.and_then(|long| long.default.as_ref()).map(|default| default.value.clone()),
        sensitive: long.is_some_and(|long| long.sensitive),
        deprecated: long.and_then(|long| long.deprecated.as_ref()).map(deprecation),
    })
}

/// The parameters of an operation: those of the path, then those of the query.
pub(super) fn parameters(resolver: &Resolver<'_, '_>, operation: &Operation) -> Lowered<Vec<Parameter>> {
    let parameter = |place, wire: &Text, item: &Field| {
        let mut field = field(resolver, wire, item)?;
        field.rust = free(field.rust, |name| TAKEN.contains(&name));
        Ok(Parameter { field, place })
    };
    let path = operation.path.iter().map(|(wire, field)| parameter(Place::Path, wire, field));
    let query = resolver.scope.query(operation).entries;
    path.chain(query.iter().map(|entry| parameter(Place::Query, entry.name, entry.field))).collect()
}

/// Its own bounds, and those of the id that is its type or the type of its items.
fn bounds(ty: &Resolved<'_>, long: Option<&FieldLong>) -> Bounds {
    let mut bounds = Bounds::default();
    if let Some(Kind::Id(id)) = ty.definition().map(|definition| definition.kind) {
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
