//! Facts in the shape of an API's types.
//!
//! The spec says which fields there are and how they are written. A fact that no field holds is left out,
//! and a required field without a fact gets a value that is made from the spec: so a new field needs no edit
//! here.

use clear_street_spec::ir::{self, IdRepr, Type};
use jiff::Timestamp;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value, json};

use super::fact::{Fact, Facts};
use crate::encode;
use crate::generate::{Fullness, Generator};

/// Writes facts as one API does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    api: &'a ir::Api,
    /// What made values are about.
    now: Timestamp,
}

impl<'a> Shape<'a> {
    pub(super) const fn new(api: &'a ir::Api, now: Timestamp) -> Self {
        Self { api, now }
    }

    /// A fact as a value of a type; if it does not fit, or is absent, a value that is made.
    pub(super) fn value(&self, ty: &Type, fact: &Fact) -> Value {
        let value = match (ty, fact) {
            (Type::Option(_) | Type::Patch(_), Fact::Absent) => Some(Value::Null),
            (Type::Option(inner) | Type::Patch(inner) | Type::Boxed(inner), fact) => {
                Some(self.value(inner, fact))
            }
            (_, Fact::Json(value)) => Some(value.clone()),
            (Type::List(inner), Fact::List(items)) => {
                Some(items.iter().map(|item| self.value(inner, item)).collect())
            }
            (Type::Named(name), fact) => match (self.api.definition(name), fact) {
                (Some(ir::Definition::Model(model)), Fact::Object(facts)) => {
                    Some(self.model(ty, model, facts))
                }
                (Some(ir::Definition::Union(union)), Fact::Object(facts)) => self.union(union, facts),
                (Some(ir::Definition::Enum(item)), Fact::Text(text)) => enumerated(item, text),
                (Some(ir::Definition::Id(id)), fact) => identifier(id, fact),
                _ => None,
            },
            (scalar, fact) => self.scalar(scalar, fact),
        };
        value.unwrap_or_else(|| self.made(ty))
    }

    fn model(&self, ty: &Type, model: &ir::Model, facts: &Facts) -> Value {
        let mut made = None;
        let mut values = Map::new();
        for field in &model.fields {
            let value = match facts.get(&field.wire) {
                Some(fact) => self.value(&field.ty, fact),
                None if field.required => {
                    let made = made.get_or_insert_with(|| self.made(ty));
                    made.get(&field.wire).cloned().unwrap_or_default()
                }
                None => continue,
            };
            values.insert(field.wire.clone(), value);
        }
        Value::Object(values)
    }

    /// A union is told as its only property: the variant's name.
    fn union(&self, union: &ir::Union, facts: &Facts) -> Option<Value> {
        let mut told = union.variants.iter().filter_map(|variant| Some((variant, facts.get(&variant.wire)?)));
        let (variant, fact) = told.next()?;
        Some(match (&union.tagging, self.value(&variant.ty, fact)) {
            (ir::Tagging::Tag(tag), Value::Object(mut values)) => {
                values.insert(tag.clone(), json!(variant.wire));
                Value::Object(values)
            }
            (ir::Tagging::Keyed, value) => json!({ variant.wire.as_str(): value }),
            (_, value) => value,
        })
    }

    fn scalar(&self, ty: &Type, fact: &Fact) -> Option<Value> {
        let encodings = self.api.encodings;
        Some(match (ty, fact) {
            (Type::Decimal, Fact::Decimal(decimal)) => encode::decimal(encodings, *decimal),
            (Type::Number | Type::F64, Fact::Decimal(decimal)) => encode::number(*decimal),
            (Type::I32 | Type::I64 | Type::U32 | Type::U64, Fact::Decimal(decimal)) => {
                json!(decimal.to_i64()?)
            }
            (Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::Number, Fact::Int(number)) => {
                json!(number)
            }
            (Type::Timestamp, Fact::Time(time)) => encode::timestamp(encodings, *time),
            (Type::Date, Fact::Date(date)) => encode::date(encodings, *date),
            (Type::Zoned, Fact::Zoned(zoned)) => json!(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
            (Type::Duration, Fact::Duration(duration)) => json!(duration.to_string()),
            (Type::String, Fact::Text(text)) => json!(text),
            (Type::String, Fact::Int(number)) => json!(number.to_string()),
            (Type::Bool, Fact::Bool(bool)) => json!(bool),
            _ => return None,
        })
    }

    /// A value that is made from the spec.
    fn made(&self, ty: &Type) -> Value {
        Generator::new(self.api, 0, self.now, Fullness::Most).sample(ty)
    }
}

/// The value of an enum that a text names in whatever case.
fn enumerated(item: &ir::Enum, text: &str) -> Option<Value> {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
    let is_same = |wire: &str| wire.bytes().map(plain).eq(text.bytes().map(plain));
    let value = item.values.iter().find(|value| is_same(&value.wire))?;
    Some(json!(value.wire))
}

fn identifier(id: &ir::Id, fact: &Fact) -> Option<Value> {
    match (id.repr, fact) {
        (IdRepr::I64, Fact::Int(number)) => Some(json!(number)),
        (IdRepr::I64, Fact::Text(text)) => Some(json!(text.parse::<i64>().ok()?)),
        (IdRepr::Text, Fact::Int(number)) => Some(json!(number.to_string())),
        (IdRepr::Text, Fact::Text(text)) => Some(json!(text)),
        _ => None,
    }
}
