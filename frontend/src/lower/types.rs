//! Ids, enums and unions.

use super::resolve::Resolver;
use super::{Lowered, deprecation, description, refused, texts};
use crate::diagnostic::Code;
use crate::ir::{self, Bounds, Tagging};
use crate::language::{Enum, Id, States, Text, Union, Variant};
use crate::names;

pub(super) fn id(resolver: &Resolver<'_, '_>, name: &Text, id: &Id) -> Lowered<ir::Id> {
    let (plain, others): (Vec<&Text>, Vec<&Text>) =
        id.accepts.iter().partition(|name| name.as_str() == id.ty.as_str());
    Ok(ir::Id {
        rust: names::given(name),
        doc: description(&id.doc),
        repr: *id.ty.get()?,
        accepts: others.into_iter().map(|name| accepted(resolver, name)).collect::<Lowered<_>>()?,
        accepts_plain: !plain.is_empty(),
        bounds: Bounds {
            min_length: id.min_length.map(|bound| bound.value),
            max_length: id.max_length.map(|bound| bound.value),
            ..Bounds::default()
        },
    })
}

fn accepted(resolver: &Resolver<'_, '_>, name: &Text) -> Lowered<ir::Name> {
    match resolver.ty(name)? {
        ir::Type::Named(name) => Ok(name),
        _ => Err(refused(Code::BadId, name.span, format!("`{name}` is not an id"))),
    }
}

pub(super) fn enumeration(name: &Text, item: &Enum) -> ir::Enum {
    let values = item.values.iter().map(|(wire, value)| ir::Value {
        wire: wire.value.clone(),
        rust: names::value_name(item, wire, value),
        doc: description(value.doc()),
        deprecated: value.long().and_then(|long| long.deprecated.as_ref()).map(deprecation),
    });
    ir::Enum {
        rust: names::given(name),
        doc: description(&item.doc),
        open: item.closed.is_none(),
        values: values.collect(),
        states: item.states.as_ref().map(states),
    }
}

pub(super) fn states(states: &States) -> ir::States {
    ir::States { live: texts(&states.live), done: texts(&states.done), refused: texts(&states.refused) }
}

pub(super) fn union(resolver: &Resolver<'_, '_>, name: &Text, union: &Union) -> Lowered<ir::Union> {
    let tagging = match (&union.tag, &union.keyed) {
        (Some(tag), _) => Tagging::Tag(tag.value.clone()),
        (None, Some(keyed)) if keyed.value => Tagging::Keyed,
        (None, _) => Tagging::Shape,
    };
    let variants = union.variants.iter().map(|(wire, item)| variant(resolver, wire, item));
    Ok(ir::Union {
        rust: names::given(name),
        doc: description(&union.doc),
        tagging,
        variants: variants.collect::<Lowered<_>>()?,
        direction: ir::Direction::default(),
    })
}

fn variant(resolver: &Resolver<'_, '_>, wire: &Text, variant: &Variant) -> Lowered<ir::Variant> {
    let ty = resolver.resolved(variant.ty())?;
    let doc = variant.doc().map_or_else(|| resolver.doc(wire, ty), |doc| description(doc));
    Ok(ir::Variant {
        wire: wire.value.clone(),
        rust: names::variant_name(wire, variant.rust()),
        // A built-in type of a union by shape has none.
        doc: if doc.is_empty() { format!("A value of type `{}`.", variant.ty().get()?.name()) } else { doc },
        ty: ty.ir(),
    })
}
