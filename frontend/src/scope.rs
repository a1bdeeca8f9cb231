//! What names of one API stand for.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{self, Type};
use crate::language::{
    Channel, Enum, Field, Id, IdRepr, Map, Message, Model, Operation, Text, TypeText, Union, Variant,
};
use crate::names;
use crate::source::Span;
use crate::spec::{ApiSpec, GroupSpec};
use crate::type_expr::{ResultExpr, TypeExpr};

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
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub(crate) api: &'a ApiSpec,
    definitions: BTreeMap<&'a str, Definition<'a>>,
    /// What texts of the spec stand for, by their places: types, results, and names of definitions.
    types: BTreeMap<Span, Resolved<'a>>,
}

/// A type of the spec.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition<'a> {
    pub(crate) name: &'a Text,
    pub(crate) kind: Kind<'a>,
    pub(crate) group: &'a GroupSpec,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind<'a> {
    Id(&'a Id),
    Enum(&'a Enum),
    Model(&'a Model),
    Union(&'a Union),
}

impl<'a> Definition<'a> {
    /// Its name in the IR.
    pub(crate) fn ir_name(&self, kind: ir::Kind) -> ir::Name {
        ir::Name { module: names::snake(&self.group.name), rust: names::given(self.name), kind }
    }

    pub(crate) fn doc(&self) -> &'a Text {
        match self.kind {
            Kind::Id(id) => &id.doc,
            Kind::Enum(item) => &item.doc,
            Kind::Model(model) => &model.doc,
            Kind::Union(union) => &union.doc,
        }
    }
}

/// A type with the definitions that its names stand for.
#[derive(Clone, Debug)]
pub(crate) enum Resolved<'a> {
    BuiltIn(&'static Type),
    Id(IdRepr, Definition<'a>),
    Enum(&'a Enum, Definition<'a>),
    Model(&'a Model, Definition<'a>),
    Union(Definition<'a>),
    Option(Box<Resolved<'a>>),
    List(Box<Resolved<'a>>),
    Map(Box<Resolved<'a>>),
}

impl<'a> Resolved<'a> {
    /// The type of this definition, unless it is an id of no known type, which is reported.
    fn of(definition: Definition<'a>) -> Option<Self> {
        Some(match definition.kind {
            Kind::Id(id) => Self::Id(*id.ty.ok()?, definition),
            Kind::Enum(item) => Self::Enum(item, definition),
            Kind::Model(model) => Self::Model(model, definition),
            Kind::Union(_) => Self::Union(definition),
        })
    }

    /// The type without `?`.
    pub(crate) fn required(&self) -> &Self {
        match self {
            Self::Option(inner) => inner,
            other => other,
        }
    }

    /// The definition that it is, or that it is made of.
    pub(crate) fn definition(&self) -> Option<&Definition<'a>> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Id(_, definition)
            | Self::Enum(_, definition)
            | Self::Model(_, definition)
            | Self::Union(definition) => Some(definition),
            Self::Option(inner) | Self::List(inner) | Self::Map(inner) => inner.definition(),
        }
    }

    /// Whether a value is a text that can be a key.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::BuiltIn(Type::String | Type::Uuid) | Self::Id(IdRepr::Text, _))
    }

    /// As the IR has it.
    pub(crate) fn ir(&self) -> Type {
        let named = |definition: &Definition<'_>, kind| Type::Named(definition.ir_name(kind));
        match self {
            Self::BuiltIn(ty) => (*ty).clone(),
            Self::Id(IdRepr::I64, definition) => named(definition, ir::Kind::NumberId),
            Self::Id(IdRepr::Text, definition) => named(definition, ir::Kind::TextId),
            Self::Enum(_, definition) => named(definition, ir::Kind::Enum),
            Self::Model(_, definition) => named(definition, ir::Kind::Model),
            Self::Union(definition) => named(definition, ir::Kind::Union),
            Self::Option(inner) => Type::Option(Box::new(inner.ir())),
            Self::List(inner) => Type::List(Box::new(inner.ir())),
            Self::Map(inner) => Type::Map(Box::new(inner.ir())),
        }
    }
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
    /// Resolves all types of an API, and reports what is wrong with them.
    pub(crate) fn new(api: &'a ApiSpec, out: &mut Vec<Diagnostic>) -> Self {
        let mut definitions = BTreeMap::new();
        for definition in all_definitions(api) {
            definitions.entry(definition.name.as_str()).or_insert(definition);
        }
        let mut scope = Self { api, definitions, types: BTreeMap::new() };
        for text in type_texts(api) {
            let ty = text.check(out).and_then(|ty| scope.resolve(ty, out));
            scope.types.extend(ty.map(|ty| (text.span, ty)));
        }
        for (_, _, operation) in scope.operations() {
            if let Some(ResultExpr::Value(ty) | ResultExpr::Page(ty)) = operation.result.check(out) {
                let ty = scope.resolve(ty, out);
                scope.types.extend(ty.map(|ty| (operation.result.span, ty)));
            }
        }
        for name in defined_names(api) {
            let ty = scope.get(name).and_then(|definition| Resolved::of(*definition));
            scope.types.extend(ty.map(|ty| (name.span, ty)));
        }
        scope
    }

    fn resolve(&self, ty: &TypeExpr, out: &mut Vec<Diagnostic>) -> Option<Resolved<'a>> {
        Some(match ty {
            TypeExpr::Option(inner) => Resolved::Option(Box::new(self.resolve(inner, out)?)),
            TypeExpr::List(inner) => Resolved::List(Box::new(self.resolve(inner, out)?)),
            TypeExpr::Map(inner) => Resolved::Map(Box::new(self.resolve(inner, out)?)),
            TypeExpr::Name(name) => match (built_in(name), self.get(name)) {
                (Some(ty), _) => Resolved::BuiltIn(ty),
                (None, Some(definition)) => Resolved::of(*definition)?,
                (None, None) => {
                    self.check_reference(name, out);
                    return None;
                }
            },
        })
    }

    /// The type that a text of the spec stands for. `None` if that was reported to be none.
    pub(crate) fn ty(&self, text: &Text) -> Option<&Resolved<'a>> {
        self.types.get(&text.span)
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
    /// Whether its type is understood, and is not optional.
    pub(crate) fn is_required(&self) -> bool {
        self.field.ty().ok().is_some_and(|ty| !ty.is_optional())
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

/// Every type that is written in an API, but for results.
fn type_texts(api: &ApiSpec) -> impl Iterator<Item = &TypeText> {
    let groups = || api.groups.iter().map(|group| &group.group);
    let operations = || groups().flat_map(|group| group.operations.values());
    let parameters = api.api.iter().flat_map(|api| api.parameters.values());
    let own = operations().flat_map(|operation| [&operation.path, &operation.query]);
    let models = groups().flat_map(|group| group.models.values()).map(|model| &model.fields);
    let fields = parameters.chain(own).chain(models).flat_map(|fields| fields.values()).map(Field::ty);
    let unions = groups().flat_map(|group| group.unions.values());
    let variants = unions.flat_map(|union| union.variants.values()).map(Variant::ty);
    let bodies = operations().filter_map(|operation| operation.body.as_ref());
    let data = messages(api).filter_map(|message| message.data.as_ref());
    fields.chain(variants).chain(bodies).chain(data)
}

/// Every name of a definition that stands by itself.
fn defined_names(api: &ApiSpec) -> impl Iterator<Item = &Text> {
    let groups = || api.groups.iter().map(|group| &group.group);
    let accepted = groups().flat_map(|group| group.ids.values()).flat_map(|id| &id.accepts);
    let subscriptions = groups().flat_map(|group| group.channels.values());
    let subscriptions = subscriptions.map(|channel| &channel.subscribe.payload);
    accepted.chain(subscriptions).chain(messages(api).filter_map(|message| message.payload.as_ref()))
}

fn messages(api: &ApiSpec) -> impl Iterator<Item = &Message> {
    let of_all = api.api.iter().filter_map(|api| api.stream.as_ref()).map(|stream| &stream.messages);
    let channels = api.groups.iter().flat_map(|group| group.group.channels.values());
    of_all.chain(channels.map(|channel| &channel.messages)).flat_map(|messages| messages.values())
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
