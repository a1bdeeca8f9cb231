//! What names of the spec stand for.

use std::collections::BTreeMap;

use super::types::value_name;
use super::{description, names};
use crate::ir::{Kind, Name, Request, Type};
use crate::language::{Api, Enum, Id, Model, Operation, Text};
use crate::spec::ApiSpec;
use crate::type_expr::{self, ResultExpr, TypeExpr};

/// The definitions of one API by their name in the spec.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    pub(super) api: &'a Api,
    types: BTreeMap<&'a str, Definition<'a>>,
    operations: BTreeMap<&'a str, (Request, &'a Operation)>,
}

#[derive(Debug)]
struct Definition<'a> {
    name: Name,
    doc: &'a str,
    shape: Shape<'a>,
}

/// What others need to know about a definition.
#[derive(Clone, Copy, Debug)]
enum Shape<'a> {
    Id(&'a Id),
    Enum(&'a Enum),
    Model(&'a Model),
    Union,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(spec: &'a ApiSpec, api: &'a Api) -> Self {
        let mut types = BTreeMap::new();
        let mut operations = BTreeMap::new();
        for file in &spec.groups {
            let module = names::snake(&file.name);
            let mut define = |text: &'a Text, doc: &'a Text, kind, shape| {
                let name = Name { module: module.clone(), rust: names::given(text), kind };
                types.insert(text.as_str(), Definition { name, doc, shape });
            };
            for (name, id) in &file.group.ids {
                let kind = if id.ty.as_str() == "i64" { Kind::NumberId } else { Kind::TextId };
                define(name, &id.doc, kind, Shape::Id(id));
            }
            for (name, item) in &file.group.enums {
                define(name, &item.doc, Kind::Enum, Shape::Enum(item));
            }
            for (name, model) in &file.group.models {
                define(name, &model.doc, Kind::Model, Shape::Model(model));
            }
            for (name, union) in &file.group.unions {
                define(name, &union.doc, Kind::Union, Shape::Union);
            }
            for (name, operation) in &file.group.operations {
                let rust = names::request(name, operation.request.as_ref());
                operations.insert(name.as_str(), (Request { module: module.clone(), rust }, operation));
            }
        }
        Self { api, types, operations }
    }

    pub(super) fn name(&self, name: &str) -> Option<&Name> {
        self.types.get(name).map(|definition| &definition.name)
    }

    pub(super) fn id(&self, name: &str) -> Option<&'a Id> {
        match self.types.get(name)?.shape {
            Shape::Id(id) => Some(id),
            _ => None,
        }
    }

    pub(super) fn model(&self, name: &str) -> Option<&'a Model> {
        match self.types.get(name)?.shape {
            Shape::Model(model) => Some(model),
            _ => None,
        }
    }

    pub(super) fn enumeration(&self, name: &str) -> Option<&'a Enum> {
        match self.types.get(name)?.shape {
            Shape::Enum(item) => Some(item),
            _ => None,
        }
    }

    pub(super) fn operation(&self, name: &str) -> Option<&(Request, &'a Operation)> {
        self.operations.get(name)
    }

    /// The Rust name of an enum's value.
    pub(super) fn value(&self, name: &str, wire: &str) -> Option<(Name, String)> {
        let definition = self.types.get(name)?;
        let Shape::Enum(item) = definition.shape else { return None };
        let (wire, value) = item.values.get_key_value(wire)?;
        Some((definition.name.clone(), value_name(item, wire, value)))
    }

    /// The description of a field without one of its own.
    pub(super) fn doc(&self, field: &str, ty: &TypeExpr) -> String {
        let of_type = || self.types.get(innermost(ty)).map(|definition| definition.doc);
        let of_name = self.api.glossary.get(field).map(|doc| doc.as_str());
        description(of_name.or_else(of_type).unwrap_or_default())
    }

    /// The type of an expression that has been checked.
    pub(super) fn ty(&self, expression: &TypeExpr) -> Type {
        match expression {
            TypeExpr::Option(inner) => Type::Option(Box::new(self.ty(inner))),
            TypeExpr::List(inner) => Type::List(Box::new(self.ty(inner))),
            TypeExpr::Map(inner) => Type::Map(Box::new(self.ty(inner))),
            TypeExpr::Name(name) => match self.name(name) {
                Some(name) => Type::Named(name.clone()),
                None => built_in(name),
            },
        }
    }
}

/// The name of the type that an expression is made of.
pub(super) fn innermost(expression: &TypeExpr) -> &str {
    match expression {
        TypeExpr::Option(inner) | TypeExpr::List(inner) | TypeExpr::Map(inner) => innermost(inner),
        TypeExpr::Name(name) => name,
    }
}

pub(super) fn parse(text: &Text) -> TypeExpr {
    // The check has refused what does not parse.
    type_expr::parse(text.as_spanned()).unwrap_or_else(|_| TypeExpr::Name(text.clone()))
}

pub(super) fn parse_result(text: &Text) -> ResultExpr {
    type_expr::parse_result(text.as_spanned()).unwrap_or(ResultExpr::Nothing)
}

fn built_in(name: &str) -> Type {
    match name {
        "bool" => Type::Bool,
        "i32" => Type::I32,
        "i64" => Type::I64,
        "u32" => Type::U32,
        "u64" => Type::U64,
        "f64" => Type::F64,
        "string" => Type::String,
        "decimal" => Type::Decimal,
        "number" => Type::Number,
        "date" => Type::Date,
        "timestamp" => Type::Timestamp,
        "zoned" => Type::Zoned,
        "duration" => Type::Duration,
        "uuid" => Type::Uuid,
        "bytes" => Type::Bytes,
        // `json`; the check has refused any other name.
        _ => Type::Json,
    }
}
