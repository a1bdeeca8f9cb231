//! What names of one API stand for.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::language::{Channel, Enum, Field, Id, Map, Model, Operation, Text, Union};
use crate::source::{Span, Spanned};
use crate::spec::{ApiSpec, GroupSpec};
use crate::type_expr::{self, BUILT_IN, TypeExpr};

/// One API with its definitions by name.
pub(super) struct Scope<'a> {
    pub(super) api: &'a ApiSpec,
    definitions: BTreeMap<&'a str, Definition<'a>>,
}

/// A type of the spec.
#[derive(Clone, Copy)]
pub(super) struct Definition<'a> {
    pub(super) name: &'a Text,
    pub(super) kind: Kind<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    Id(&'a Id),
    Enum(&'a Enum),
    Model(&'a Model),
    Union(&'a Union),
}

/// What a type expression is, one level deep.
pub(super) enum Shape<'a> {
    BuiltIn(&'a str),
    Id(&'a Id),
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
pub(super) const MAX_INCLUDES: usize = 16;

/// The fields of a model or the parameters of an operation, included ones first.
pub(super) struct Fields<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// Whether every include is known.
    pub(super) complete: bool,
    /// What is included, with the name in `include` by which it came in.
    pub(super) included: Vec<(&'a str, &'a Text)>,
    /// What would come in a second time.
    pub(super) twice: Vec<(&'a Text, &'a Text)>,
    /// By which name a chain of includes begins that is too long.
    pub(super) too_deep: Option<&'a Text>,
}

pub(super) struct Entry<'a> {
    pub(super) name: &'a Text,
    pub(super) field: &'a Field,
    pub(super) ty: Option<TypeExpr>,
    /// The name in `include` by which it came in.
    pub(super) through: Option<&'a Text>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(api: &'a ApiSpec) -> Self {
        let mut definitions = BTreeMap::new();
        for definition in all_definitions(api) {
            definitions.entry(definition.name.as_str()).or_insert(definition);
        }
        Self { api, definitions }
    }

    /// All operations with the group they belong to.
    pub(super) fn operations(
        &self,
    ) -> impl Iterator<Item = (&'a GroupSpec, &'a Text, &'a Operation)> + use<'a> {
        let operations = |group: &'a GroupSpec| {
            group.group.operations.iter().map(move |(name, operation)| (group, name, operation))
        };
        self.api.groups.iter().flat_map(operations)
    }

    /// All channels, in the order of the files.
    pub(super) fn channels(&self) -> impl Iterator<Item = (&'a Text, &'a Channel)> + use<'a> {
        self.api.groups.iter().flat_map(|group| &group.group.channels)
    }

    /// Every name once, the first of doubles.
    pub(super) fn definitions(&self) -> impl Iterator<Item = &Definition<'a>> {
        self.definitions.values()
    }

    pub(super) fn models(&self) -> impl Iterator<Item = (&'a Text, &'a Model)> {
        self.definitions.values().filter_map(|definition| match definition.kind {
            Kind::Model(model) => Some((definition.name, model)),
            _ => None,
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Definition<'a>> {
        self.definitions.get(name)
    }

    pub(super) fn model(&self, name: &str) -> Option<&'a Model> {
        match self.get(name)?.kind {
            Kind::Model(model) => Some(model),
            _ => None,
        }
    }

    /// Whether something of this name stands in a part that could not be read, so that nothing may
    /// be said about it.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.api.broken_names.contains(name)
    }

    pub(super) fn shape<'s>(&'s self, ty: &'s TypeExpr) -> Shape<'s> {
        match ty {
            TypeExpr::Option(_) => Shape::Optional,
            TypeExpr::List(inner) => Shape::List(inner),
            TypeExpr::Map(_) => Shape::Map,
            TypeExpr::Name(name) => match self.get(name).map(|definition| definition.kind) {
                Some(Kind::Id(id)) => Shape::Id(id),
                Some(Kind::Enum(item)) => Shape::Enum(item),
                Some(Kind::Model(_)) => Shape::Model,
                Some(Kind::Union(_)) => Shape::Union,
                None if BUILT_IN.contains(&name.as_str()) => Shape::BuiltIn(name),
                None => Shape::Unknown,
            },
        }
    }

    /// Whether a value is a text that can be a key.
    pub(super) fn is_text(&self, ty: &TypeExpr) -> bool {
        match self.shape(ty) {
            Shape::BuiltIn(name) => matches!(name, "string" | "uuid"),
            Shape::Id(id) => id.ty.as_str() == "string",
            Shape::Unknown => true,
            _ => false,
        }
    }

    /// Parses a type and reports what is wrong with it, once: others call [`ty`].
    pub(super) fn check_type(&self, text: Spanned<&str>, out: &mut Vec<Diagnostic>) -> Option<TypeExpr> {
        if is_supplied(text) {
            return None;
        }
        match type_expr::parse(text) {
            Ok(ty) => {
                self.check_names(&ty, out);
                Some(ty)
            }
            Err(problem) => {
                out.push(*problem);
                None
            }
        }
    }

    /// Reports the names in a type that are not defined.
    pub(super) fn check_names(&self, ty: &TypeExpr, out: &mut Vec<Diagnostic>) {
        for (name, _) in ty.names() {
            if !BUILT_IN.contains(&name.as_str()) {
                self.check_reference(name, out);
            }
        }
    }

    /// Reports a name that is not defined in the spec.
    pub(super) fn check_reference(&self, name: &Text, out: &mut Vec<Diagnostic>) {
        if self.definitions.contains_key(name.as_str()) || self.is_broken(name) {
            return;
        }
        let problem = Diagnostic::new(Code::UnknownType, name.span, format!("unknown type `{name}`"));
        if name.as_str() == "nothing" {
            return out.push(problem.label("only the result of an operation is `nothing`"));
        }
        let problem = problem.label("not defined in any file of this API");
        out.push(match foreign_name(name) {
            Some(ours) => problem.fix(format!("here it is called `{ours}`"), name.span, ours),
            None => problem.suggest(name, self.definitions.keys().copied().chain(BUILT_IN.iter().copied())),
        });
    }

    /// The fields of a model with those of the models that it includes.
    pub(super) fn fields(&self, model: &'a Model) -> Fields<'a> {
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
    pub(super) fn query(&self, operation: &'a Operation) -> Fields<'a> {
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

    pub(super) fn parameter_group(&self, name: &str) -> Option<&'a Map<Field>> {
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
        self.entries.extend(fields.iter().map(|(name, field)| Entry {
            name,
            field,
            ty: ty(field.ty()),
            through,
        }));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.name.as_str() == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }
}

impl Entry<'_> {
    pub(super) fn is_optional(&self) -> bool {
        self.ty.as_ref().is_some_and(TypeExpr::is_optional)
    }

    /// Where to point at when the field is the problem: an included field stands elsewhere.
    pub(super) fn span(&self) -> Span {
        self.through.map_or(self.name.span, |include| include.span)
    }
}

/// Every definition of an API in the order of the files, doubles included.
pub(super) fn all_definitions(api: &ApiSpec) -> impl Iterator<Item = Definition<'_>> {
    api.groups.iter().flat_map(|group| {
        let of = |name, kind| Definition { name, kind };
        let items = &group.group;
        let ids = items.ids.iter().map(move |(name, id)| of(name, Kind::Id(id)));
        let enums = items.enums.iter().map(move |(name, item)| of(name, Kind::Enum(item)));
        let models = items.models.iter().map(move |(name, model)| of(name, Kind::Model(model)));
        let unions = items.unions.iter().map(move |(name, union)| of(name, Kind::Union(union)));
        ids.chain(enums).chain(models).chain(unions)
    })
}

/// A type that parses; what does not is reported by [`Scope::check_type`].
pub(super) fn ty(text: Spanned<&str>) -> Option<TypeExpr> {
    type_expr::parse(text).ok()
}

/// Whether a text only stands in for a key that is missing, which is reported.
pub(super) fn is_supplied(text: Spanned<&str>) -> bool {
    text.value.is_empty() && text.span.range().is_empty()
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
