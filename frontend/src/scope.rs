//! What names of one API stand for.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Type;
use crate::language::{Channel, Enum, Field, Id, IdRepr, Map, Model, Operation, Text, TypeText, Union};
use crate::source::Span;
use crate::spec::{ApiSpec, GroupSpec};
use crate::type_expr::TypeExpr;

/// The types of the language that are not defined in a spec.
const BUILT_IN: &[(&str, Type)] = &[
    ("bool", Type::Bool),
    ("i32", Type::I32),
    ("i64", Type::I64),
    ("u32", Type::U32),
    ("u64", Type::U64),
    ("f64", Type::F64),
    ("string", Type::String),
    ("decimal", Type::Decimal),
    ("number", Type::Number),
    ("date", Type::Date),
    ("timestamp", Type::Timestamp),
    ("zoned", Type::Zoned),
    ("duration", Type::Duration),
    ("uuid", Type::Uuid),
    ("bytes", Type::Bytes),
    ("json", Type::Json),
];

/// The built-in type of this name.
pub(crate) fn built_in(name: &str) -> Option<&'static Type> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, ty)| ty)
}

/// One API with its definitions by name.
pub(crate) struct Scope<'a> {
    pub(crate) api: &'a ApiSpec,
    definitions: BTreeMap<&'a str, Definition<'a>>,
}

/// A type of the spec.
#[derive(Clone, Copy)]
pub(crate) struct Definition<'a> {
    pub(crate) name: &'a Text,
    pub(crate) kind: Kind<'a>,
    pub(crate) group: &'a GroupSpec,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    Id(&'a Id),
    Enum(&'a Enum),
    Model(&'a Model),
    Union(&'a Union),
}

impl<'a> Definition<'a> {
    pub(crate) fn doc(&self) -> &'a Text {
        match self.kind {
            Kind::Id(id) => &id.doc,
            Kind::Enum(item) => &item.doc,
            Kind::Model(model) => &model.doc,
            Kind::Union(union) => &union.doc,
        }
    }
}

/// What a type expression is, one level deep.
pub(crate) enum Shape<'a> {
    BuiltIn(&'static Type),
    Id(IdRepr),
    Enum(&'a Enum),
    Model,
    Union,
    Optional,
    List(&'a TypeExpr),
    Map,
    /// Reported elsewhere.
    Unknown,
}

/// How long a chain of includes may be.
pub(crate) const MAX_INCLUDES: usize = 16;

/// The fields of a model or the parameters of an operation, included ones first.
pub(crate) struct Fields<'a> {
    pub(crate) entries: Vec<Entry<'a>>,
    /// Whether every include is known.
    pub(crate) complete: bool,
    /// What is included, with the name in `include` by which it came in.
    pub(crate) included: Vec<(&'a str, &'a Text)>,
    /// What would come in a second time.
    pub(crate) twice: Vec<(&'a Text, &'a Text)>,
    /// By which name a chain of includes begins that is too long.
    pub(crate) too_deep: Option<&'a Text>,
}

#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a Text,
    pub(crate) field: &'a Field,
    /// The name in `include` by which it came in.
    pub(crate) through: Option<&'a Text>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(api: &'a ApiSpec) -> Self {
        let mut definitions = BTreeMap::new();
        for definition in all_definitions(api) {
            definitions.entry(definition.name.as_str()).or_insert(definition);
        }
        Self { api, definitions }
    }

    /// All operations with the group they belong to.
    pub(crate) fn operations(
        &self,
    ) -> impl Iterator<Item = (&'a GroupSpec, &'a Text, &'a Operation)> + use<'a> {
        let operations = |group: &'a GroupSpec| {
            group.group.operations.iter().map(move |(name, operation)| (group, name, operation))
        };
        self.api.groups.iter().flat_map(operations)
    }

    /// The operation of this name, with its group.
    pub(crate) fn operation(&self, name: &str) -> Option<(&'a GroupSpec, &'a Text, &'a Operation)> {
        self.operations().find(|(_, known, _)| known.as_str() == name)
    }

    /// All channels, in the order of the files.
    pub(crate) fn channels(&self) -> impl Iterator<Item = (&'a Text, &'a Channel)> + use<'a> {
        self.api.groups.iter().flat_map(|group| &group.group.channels)
    }

    /// Every name once, the first of doubles.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = &Definition<'a>> {
        self.definitions.values()
    }

    pub(crate) fn models(&self) -> impl Iterator<Item = (&'a Text, &'a Model)> {
        self.definitions.values().filter_map(|definition| match definition.kind {
            Kind::Model(model) => Some((definition.name, model)),
            _ => None,
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Definition<'a>> {
        self.definitions.get(name)
    }

    pub(crate) fn model(&self, name: &str) -> Option<&'a Model> {
        match self.get(name)?.kind {
            Kind::Model(model) => Some(model),
            _ => None,
        }
    }

    /// Whether something of this name stands in a part that could not be read, so that nothing may
    /// be said about it.
    pub(crate) fn is_broken(&self, name: &str) -> bool {
        self.api.broken_names.contains(name)
    }

    pub(crate) fn shape<'s>(&'s self, ty: &'s TypeExpr) -> Shape<'s> {
        match ty {
            TypeExpr::Option(_) => Shape::Optional,
            TypeExpr::List(inner) => Shape::List(inner),
            TypeExpr::Map(_) => Shape::Map,
            TypeExpr::Name(name) => match self.get(name).map(|definition| definition.kind) {
                Some(Kind::Id(id)) => id.ty.ok().map_or(Shape::Unknown, |repr| Shape::Id(*repr)),
                Some(Kind::Enum(item)) => Shape::Enum(item),
                Some(Kind::Model(_)) => Shape::Model,
                Some(Kind::Union(_)) => Shape::Union,
                None => built_in(name).map_or(Shape::Unknown, Shape::BuiltIn),
            },
        }
    }

    /// Whether a value is a text that can be a key.
    pub(crate) fn is_text(&self, ty: &TypeExpr) -> bool {
        match self.shape(ty) {
            Shape::BuiltIn(ty) => matches!(ty, Type::String | Type::Uuid),
            Shape::Id(repr) => repr == IdRepr::Text,
            Shape::Unknown => true,
            _ => false,
        }
    }

    /// Reports what is wrong with a type, once: others ask for its meaning alone.
    pub(crate) fn check_type<'t>(&self, ty: &'t TypeText, out: &mut Vec<Diagnostic>) -> Option<&'t TypeExpr> {
        let ty = ty.check(out)?;
        self.check_name(ty, out);
        Some(ty)
    }

    /// Reports the name in a type if it is not defined.
    pub(crate) fn check_name(&self, ty: &TypeExpr, out: &mut Vec<Diagnostic>) {
        if built_in(ty.name()).is_none() {
            self.check_reference(ty.name(), out);
        }
    }

    /// Reports a name that is not defined in the spec.
    pub(crate) fn check_reference(&self, name: &Text, out: &mut Vec<Diagnostic>) {
        if !self.definitions.contains_key(name.as_str()) && !self.is_broken(name) {
            out.push(self.unknown_type(name));
        }
    }

    pub(crate) fn unknown_type(&self, name: &Text) -> Diagnostic {
        let problem = Diagnostic::new(Code::UnknownType, name.span, format!("unknown type `{name}`"));
        if name.as_str() == "nothing" {
            return problem.label("only the result of an operation is `nothing`");
        }
        let problem = problem.label("not defined in any file of this API");
        let built_in = BUILT_IN.iter().map(|(name, _)| *name);
        match foreign_name(name) {
            Some(ours) => problem.fix(format!("here it is called `{ours}`"), name.span, ours),
            None => problem.suggest(name, self.definitions.keys().copied().chain(built_in)),
        }
    }

    /// The fields of a model with those of the models that it includes.
    pub(crate) fn fields(&self, model: &'a Model) -> Fields<'a> {
        let mut fields = Fields::default();
        self.collect(model, None, &mut Vec::new(), &mut fields);
        fields
    }

    fn collect(
        &self,
        model: &'a Model,
        through: Option<&'a Text>,
        within: &mut Vec<&'a str>,
        fields: &mut Fields<'a>,
    ) {
        for name in &model.include {
            let through = through.unwrap_or(name);
            let Some(included) = self.model(name).filter(|_| !within.contains(&name.as_str())) else {
                fields.complete = false;
                continue;
            };
            if within.len() >= MAX_INCLUDES {
                fields.complete = false;
                fields.too_deep = Some(through);
            } else if fields.included.iter().any(|(other, _)| *other == name.as_str()) {
                fields.twice.push((name, through));
            } else {
                fields.included.push((name, through));
                within.push(name);
                self.collect(included, Some(through), within, fields);
                within.pop();
            }
        }
        fields.extend(&model.fields, through);
    }

    /// The query parameters of an operation with those of the groups that it includes.
    pub(crate) fn query(&self, operation: &'a Operation) -> Fields<'a> {
        let mut fields = Fields::default();
        for name in &operation.include {
            match self.parameter_group(name) {
                Some(group) => fields.extend(group, Some(name)),
                None => fields.complete = false,
            }
        }
        fields.extend(&operation.query, None);
        fields
    }

    pub(crate) fn parameter_group(&self, name: &str) -> Option<&'a Map<Field>> {
        self.api.api.as_ref()?.parameters.get(name)
    }
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self { entries: Vec::new(), complete: true, included: Vec::new(), twice: Vec::new(), too_deep: None }
    }
}

impl<'a> Fields<'a> {
    fn extend(&mut self, fields: &'a Map<Field>, through: Option<&'a Text>) {
        self.entries.extend(fields.iter().map(|(name, field)| Entry { name, field, through }));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.name.as_str() == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }
}

impl<'a> Entry<'a> {
    /// Its type, if that is understood.
    pub(crate) fn ty(&self) -> Option<&'a TypeExpr> {
        self.field.ty().ok()
    }

    /// Whether its type is understood, and is not optional.
    pub(crate) fn is_required(&self) -> bool {
        self.ty().is_some_and(|ty| !ty.is_optional())
    }

    /// Where to point at when the field is the problem: an included field stands elsewhere.
    pub(crate) fn span(&self) -> Span {
        self.through.map_or(self.name.span, |include| include.span)
    }
}

/// Every definition of an API in the order of the files, doubles included.
pub(crate) fn all_definitions(api: &ApiSpec) -> impl Iterator<Item = Definition<'_>> {
    api.groups.iter().flat_map(|group| {
        let of = |name, kind| Definition { name, kind, group };
        let items = &group.group;
        let ids = items.ids.iter().map(move |(name, id)| of(name, Kind::Id(id)));
        let enums = items.enums.iter().map(move |(name, item)| of(name, Kind::Enum(item)));
        let models = items.models.iter().map(move |(name, model)| of(name, Kind::Model(model)));
        let unions = items.unions.iter().map(move |(name, union)| of(name, Kind::Union(union)));
        ids.chain(enums).chain(models).chain(unions)
    })
}

/// Our name of a type that other languages know by another.
fn foreign_name(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "boolean" => "bool",
        "int" | "int64" | "integer" | "long" => "i64",
        "int32" => "i32",
        "uint" | "uint64" => "u64",
        "uint32" => "u32",
        "double" | "float" | "f32" | "float64" => "f64",
        "str" | "text" => "string",
        "number" | "money" | "numeric" => "decimal",
        "datetime" | "date-time" | "date_time" | "instant" => "timestamp",
        "any" | "object" | "value" => "json",
        "guid" => "uuid",
        _ => return None,
    })
}
