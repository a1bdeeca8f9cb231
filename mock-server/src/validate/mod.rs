//! Whether a JSON value is what the spec says, and what is wrong with it.

mod rules;
mod scalar;
mod violation;

use clear_street_spec::ir::{self, Bounds, Definition, Type};
use serde_json::{Map, Value};

use self::rules::broken;
pub(crate) use self::rules::{applies, is_present};
pub use self::violation::{Violation, ViolationKind};

/// How much of the spec is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// All of it.
    Full,
    /// What the vendor's own description says in a form that machines read, and so what its tests know. It
    /// has the rules between fields in prose only, and many days, times and values of enums in queries as
    /// plain texts.
    Loose,
}

/// Finds out what is wrong with values of one API.
pub(crate) struct Validator<'a> {
    api: &'a ir::Api,
    strictness: Strictness,
    found: Vec<Violation>,
}

impl<'a> Validator<'a> {
    pub(crate) fn new(api: &'a ir::Api, strictness: Strictness) -> Self {
        Self { api, strictness, found: Vec::new() }
    }

    /// What is wrong with all values that were checked.
    pub(crate) fn finish(self) -> Vec<Violation> {
        self.found
    }

    /// Checks a value that stands at `place`.
    pub(crate) fn value(&mut self, ty: &Type, bounds: &Bounds, value: &Value, place: &str) {
        match ty {
            Type::Option(_) | Type::Patch(_) if value.is_null() => {}
            Type::Option(inner) | Type::Patch(inner) | Type::Boxed(inner) => {
                self.value(inner, bounds, value, place);
            }
            Type::List(inner) => self.list(inner, bounds, value, place),
            Type::Map(inner) => match value {
                Value::Object(entries) => {
                    for (key, value) in entries {
                        self.value(inner, bounds, value, &below(place, key));
                    }
                }
                _ => self.wrong_type(place, "an object", value),
            },
            Type::Named(name) => self.named(name, bounds, value, place),
            scalar => {
                if let Err((kind, message)) = scalar::check(self.api.encodings, scalar, bounds, value) {
                    self.find(place, kind, message);
                }
            }
        }
    }

    /// Checks the values of fields or parameters, and what must hold between them.
    pub(crate) fn fields<'f>(
        &mut self,
        fields: impl Iterator<Item = &'f ir::Field> + Clone,
        rules: &[ir::Rule],
        values: &Map<String, Value>,
        place: &str,
    ) {
        for field in fields.clone() {
            match values.get(&field.wire) {
                Some(value) => self.value(&field.ty, &field.bounds, value, &below(place, &field.wire)),
                None if field.required => self.missing(&below(place, &field.wire)),
                None => {}
            }
        }
        for name in values.keys() {
            if !fields.clone().any(|field| field.wire == *name) {
                let known: Vec<_> = fields.clone().map(|field| field.wire.as_str()).collect();
                let message = match known.as_slice() {
                    [] => "is not known: nothing is expected here".to_owned(),
                    known => format!("is not known: expected {}", one_of(known)),
                };
                self.find(&below(place, name), ViolationKind::Unknown, message);
            }
        }
        if self.strictness == Strictness::Full {
            for (field, message) in rules.iter().flat_map(|rule| broken(rule, values)) {
                self.find(&below(place, &field), ViolationKind::Rule, message);
            }
        }
    }

    /// Forgets what was found that may be owed to the vendor's own description of queries.
    pub(crate) fn forgive_texts(&mut self) {
        if self.strictness == Strictness::Loose {
            self.found.retain(|found| !matches!(found.kind, ViolationKind::Format | ViolationKind::Enum));
        }
    }

    /// Notes that something is not there.
    pub(crate) fn missing(&mut self, place: &str) {
        self.find(place, ViolationKind::Required, "is required".to_owned());
    }

    pub(crate) fn find(&mut self, place: &str, kind: ViolationKind, message: String) {
        self.found.push(Violation { field: place.to_owned(), kind, message });
    }

    fn wrong_type(&mut self, place: &str, expected: &str, value: &Value) {
        let (kind, message) = scalar::wrong_type(expected, value);
        self.find(place, kind, message);
    }

    fn list(&mut self, inner: &Type, bounds: &Bounds, value: &Value, place: &str) {
        let Value::Array(items) = value else { return self.wrong_type(place, "a list", value) };
        let too_few = bounds.min_items.filter(|min| items.len() < *min as usize);
        let too_many = bounds.max_items.filter(|max| items.len() > *max as usize);
        if let Some(min) = too_few {
            self.find(place, ViolationKind::Length, format!("must have at least {min} items"));
        }
        if let Some(max) = too_many {
            self.find(place, ViolationKind::Length, format!("must have at most {max} items"));
        }
        let bounds = Bounds { min_items: None, max_items: None, ..bounds.clone() };
        for (index, item) in items.iter().enumerate() {
            self.value(inner, &bounds, item, &format!("{place}[{index}]"));
        }
    }

    fn named(&mut self, name: &ir::Name, bounds: &Bounds, value: &Value, place: &str) {
        let api = self.api;
        match api.definition(name) {
            Some(Definition::Id(id)) => {
                let ty = match id.repr {
                    ir::IdRepr::I64 => Type::I64,
                    ir::IdRepr::Text => Type::String,
                };
                let bounds = Bounds {
                    min_length: bounds.min_length.or(id.bounds.min_length),
                    max_length: bounds.max_length.or(id.bounds.max_length),
                    ..bounds.clone()
                };
                self.value(&ty, &bounds, value, place);
            }
            Some(Definition::Enum(item)) => match value {
                Value::String(text) if item.values.iter().any(|value| value.wire == *text) => {}
                Value::String(_) => {
                    let known: Vec<_> = item.values.iter().map(|value| value.wire.as_str()).collect();
                    self.find(place, ViolationKind::Enum, format!("must be {}", one_of(&known)));
                }
                _ => self.wrong_type(place, "a text", value),
            },
            Some(Definition::Model(model)) => match value {
                Value::Object(values) => self.fields(model.fields.iter(), &model.rules, values, place),
                _ => self.wrong_type(place, "an object", value),
            },
            Some(Definition::Union(union)) => self.union(union, value, place),
            None => {}
        }
    }

    fn union(&mut self, union: &ir::Union, value: &Value, place: &str) {
        let known: Vec<_> = union.variants.iter().map(|variant| variant.wire.as_str()).collect();
        let variant = |wire: &str| union.variants.iter().find(|variant| variant.wire == wire);
        match (&union.tagging, value) {
            (ir::Tagging::Tag(tag), Value::Object(values)) => {
                let mut values = values.clone();
                match values.remove(tag) {
                    Some(Value::String(wire)) => match variant(&wire) {
                        Some(variant) => {
                            self.value(&variant.ty, &Bounds::default(), &Value::Object(values), place);
                        }
                        None => {
                            let message = format!("must be {}", one_of(&known));
                            self.find(&below(place, tag), ViolationKind::Enum, message);
                        }
                    },
                    Some(other) => self.wrong_type(&below(place, tag), "a text", &other),
                    None => self.missing(&below(place, tag)),
                }
            }
            (ir::Tagging::Keyed, Value::Object(values)) => match values.iter().next() {
                Some((key, value)) if values.len() == 1 => match variant(key) {
                    Some(variant) => {
                        self.value(&variant.ty, &Bounds::default(), value, &below(place, key));
                    }
                    None => {
                        let message = format!("is not known: expected {}", one_of(&known));
                        self.find(&below(place, key), ViolationKind::Unknown, message);
                    }
                },
                _ => {
                    let message = format!("must have exactly one property: {}", one_of(&known));
                    self.find(place, ViolationKind::Rule, message);
                }
            },
            (ir::Tagging::Tag(_) | ir::Tagging::Keyed, _) => self.wrong_type(place, "an object", value),
            (ir::Tagging::Shape, _) => match variant(shape(value)) {
                // A decimal that is told by its shape is a number.
                Some(ir::Variant { ty: Type::Decimal, .. }) => {
                    self.value(&Type::Number, &Bounds::default(), value, place);
                }
                Some(variant) => self.value(&variant.ty, &Bounds::default(), value, place),
                None => self.wrong_type(place, &format!("a {}", known.join(" or a ")), value),
            },
        }
    }
}

/// The kind of a JSON value as unions by shape name it.
fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn below(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn one_of(known: &[&str]) -> String {
    match known {
        [] => "nothing".to_owned(),
        [only] => format!("`{only}`"),
        several => format!("one of {}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests;
