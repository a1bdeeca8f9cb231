//! What names of the spec stand for.

use super::{Lowered, description};
use crate::ir::{IdRepr, Kind, Name, Type};
use crate::language::{Api, Text};
use crate::names;
use crate::scope::{self, Definition, Scope, built_in};
use crate::type_expr::TypeExpr;

/// One API with its definitions by name.
pub(super) struct Resolver<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) api: &'a Api,
}

impl Resolver<'_> {
    /// A defined type.
    pub(super) fn name(&self, name: &Text) -> Lowered<Name> {
        match self.scope.get(name) {
            Some(definition) => defined(definition),
            None => Err(self.scope.unknown_type(name).boxed()),
        }
    }

    /// A type with the names in it resolved.
    pub(super) fn ty(&self, expression: &TypeExpr) -> Lowered<Type> {
        Ok(match expression {
            TypeExpr::Option(inner) => Type::Option(Box::new(self.ty(inner)?)),
            TypeExpr::List(inner) => Type::List(Box::new(self.ty(inner)?)),
            TypeExpr::Map(inner) => Type::Map(Box::new(self.ty(inner)?)),
            TypeExpr::Name(name) => match built_in(name) {
                Some(ty) => ty.clone(),
                None => Type::Named(self.name(name)?),
            },
        })
    }

    /// The description of a field that has none itself: that of its name in the glossary, or of its type.
    /// Empty if neither has one.
    pub(super) fn doc(&self, field: &str, ty: &TypeExpr) -> String {
        let of_name = self.api.glossary.get(field);
        let of_type = || self.scope.get(ty.name()).map(Definition::doc);
        of_name.or_else(of_type).map(|doc| description(doc)).unwrap_or_default()
    }
}

fn defined(definition: &Definition<'_>) -> Lowered<Name> {
    let kind = match definition.kind {
        scope::Kind::Id(id) => match id.ty.get()? {
            IdRepr::I64 => Kind::NumberId,
            IdRepr::Text => Kind::TextId,
        },
        scope::Kind::Enum(_) => Kind::Enum,
        scope::Kind::Model(_) => Kind::Model,
        scope::Kind::Union(_) => Kind::Union,
    };
    Ok(Name { module: names::snake(&definition.group.name), rust: names::given(definition.name), kind })
}
