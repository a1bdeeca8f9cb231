//! Ids, enums and unions.

use super::description;
use super::models::texts;
use super::names::{self, camel, free};
use super::resolve::{Resolver, parse};
use super::{fields, resolve};
use crate::decode::ShortOrLong;
use crate::ir::{self, Bounds, IdRepr, Tagging};
use crate::language::{Enum, Id, States, Text, Union, Value, Variant};

pub(super) fn id(resolver: &Resolver<'_>, name: &Text, id: &Id) -> ir::Id {
    let number = id.ty.as_str() == "i64";
    ir::Id {
        rust: names::given(name),
        doc: description(&id.doc),
        repr: if number { IdRepr::I64 } else { IdRepr::Text },
        accepts: id.accepts.iter().filter_map(|name| resolver.name(name).cloned()).collect(),
        accepts_plain: id.accepts.iter().any(|name| name.value == id.ty.value),
        bounds: Bounds {
            min_length: id.min_length.map(|bound| bound.value),
            max_length: id.max_length.map(|bound| bound.value),
            ..Bounds::default()
        },
    }
}

pub(super) fn enumeration(name: &Text, item: &Enum) -> ir::Enum {
    let values = item.values.iter().map(|(wire, value)| {
        let (doc, deprecated) = match &value.value {
            ShortOrLong::Short(doc) => (doc, None),
            ShortOrLong::Long(long) => (&long.doc.value, long.deprecated.as_ref()),
        };
        ir::Value {
            wire: wire.value.clone(),
            rust: value_name(item, wire, value),
            doc: description(doc),
            deprecated: deprecated.map(fields::deprecation),
        }
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

/// The Rust name of an enum's value.
pub(super) fn value_name(item: &Enum, wire: &Text, value: &Value) -> String {
    let given = match &value.value {
        ShortOrLong::Short(_) => None,
        ShortOrLong::Long(long) => long.rust.as_ref(),
    };
    let name = given.map_or_else(|| camel(wire), |rust| names::given(rust));
    free(name, |name| item.closed.is_none() && name == "Unrecognized")
}

pub(super) fn union(resolver: &Resolver<'_>, name: &Text, union: &Union) -> ir::Union {
    let tagging = match (&union.tag, &union.keyed) {
        (Some(tag), _) => Tagging::Tag(tag.value.clone()),
        (None, Some(keyed)) if keyed.value => Tagging::Keyed,
        (None, _) => Tagging::Shape,
    };
    ir::Union {
        rust: names::given(name),
        doc: description(&union.doc),
        tagging,
        variants: union.variants.iter().map(|(wire, item)| variant(resolver, wire, item)).collect(),
        direction: ir::Direction::default(),
    }
}

fn variant(resolver: &Resolver<'_>, wire: &Text, variant: &Variant) -> ir::Variant {
    let (ty, long) = match &variant.value {
        ShortOrLong::Short(ty) => (&Text::new(ty.clone(), variant.span), None),
        ShortOrLong::Long(long) => (&long.ty, Some(long)),
    };
    let expression = parse(ty);
    let doc = long.and_then(|long| long.doc.as_ref()).map(|doc| description(doc));
    let doc = doc.unwrap_or_else(|| resolver.doc(wire, &expression));
    let rust = long.and_then(|long| long.rust.as_ref());
    let name = rust.map_or_else(|| camel(wire), |rust| names::given(rust));
    ir::Variant {
        wire: wire.value.clone(),
        rust: free(name, |name| name == "Unknown"),
        doc: if doc.is_empty() { of_kind(&expression) } else { doc },
        ty: resolver.ty(&expression),
    }
}

/// The description of a variant whose type has none: a built-in type of a union by shape.
fn of_kind(expression: &crate::type_expr::TypeExpr) -> String {
    format!("A value of type `{}`.", resolve::innermost(expression))
}
