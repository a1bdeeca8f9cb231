//! Values of fields in the form of an API's types.
//!
//! The spec says which fields there are and how they are written. A value that no field holds is left out,
//! and a required field without a value gets a value that is made from the spec: so a new field needs no edit
//! here.

use clear_street_spec::ir::{self, IdRepr, Type};
use jiff::Timestamp;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value, json};

use super::field_values::{FieldValue, FieldValues};
use crate::encode;
use crate::generate::{Fullness, Generator};

/// Writes values as one API does.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpecEncoder<'a> {
    api: &'a ir::Api,
    /// What made values are about.
    now: Timestamp,
}

impl<'a> SpecEncoder<'a> {
    pub(super) const fn new(api: &'a ir::Api, now: Timestamp) -> Self {
        Self { api, now }
    }

    /// A value in the form of a type; if it does not fit, or is absent, a value that is made.
    pub(super) fn value(&self, ty: &Type, value: &FieldValue) -> Value {
        let value = match (ty, value) {
            (Type::Option(_) | Type::Patch(_), FieldValue::Absent) => Some(Value::Null),
            (Type::Option(inner) | Type::Patch(inner) | Type::Boxed(inner), value) => {
                Some(self.value(inner, value))
            }
            (_, FieldValue::Json(value)) => Some(value.clone()),
            (Type::List(inner), FieldValue::List(items)) => {
                Some(items.iter().map(|item| self.value(inner, item)).collect())
            }
            (Type::Named(name), value) => match (self.api.definition(name), value) {
                (Some(ir::Definition::Model(model)), FieldValue::Object(fields)) => {
                    Some(self.model(ty, model, fields))
                }
                (Some(ir::Definition::Union(union)), FieldValue::Object(fields)) => self.union(union, fields),
                (Some(ir::Definition::Enum(item)), FieldValue::Text(text)) => enumerated(item, text),
                (Some(ir::Definition::Id(id)), value) => identifier(id, value),
                _ => None,
            },
            (scalar, value) => self.scalar(scalar, value),
        };
        value.unwrap_or_else(|| self.made(ty))
    }

    fn model(&self, ty: &Type, model: &ir::Model, fields: &FieldValues) -> Value {
        let mut made = None;
        let mut values = Map::new();
        for field in &model.fields {
            let value = match fields.get(&field.wire) {
                Some(value) => self.value(&field.ty, value),
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
    fn union(&self, union: &ir::Union, fields: &FieldValues) -> Option<Value> {
        let mut told =
            union.variants.iter().filter_map(|variant| Some((variant, fields.get(&variant.wire)?)));
        let (variant, value) = told.next()?;
        Some(match (&union.tagging, self.value(&variant.ty, value)) {
            (ir::Tagging::Tag(tag), Value::Object(mut values)) => {
                values.insert(tag.clone(), json!(variant.wire));
                Value::Object(values)
            }
            (ir::Tagging::Keyed, value) => json!({ variant.wire.as_str(): value }),
            (_, value) => value,
        })
    }

    fn scalar(&self, ty: &Type, value: &FieldValue) -> Option<Value> {
        let encodings = self.api.encodings;
        Some(match (ty, value) {
            (Type::Decimal, FieldValue::Decimal(decimal)) => encode::decimal(encodings, *decimal),
            (Type::Number | Type::F64, FieldValue::Decimal(decimal)) => encode::number(*decimal),
            (Type::I32 | Type::I64 | Type::U32 | Type::U64, FieldValue::Decimal(decimal)) => {
                json!(decimal.to_i64()?)
            }
            (Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::Number, FieldValue::Int(number)) => {
                json!(number)
            }
            (Type::Timestamp, FieldValue::Time(time)) => encode::timestamp(encodings, *time),
            (Type::Date, FieldValue::Date(date)) => encode::date(encodings, *date),
            (Type::Duration, FieldValue::Duration(duration)) => json!(duration.to_string()),
            (Type::String | Type::Zoned, FieldValue::Text(text)) => json!(text),
            (Type::String, FieldValue::Int(number)) => json!(number.to_string()),
            (Type::Bool, FieldValue::Bool(bool)) => json!(bool),
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

fn identifier(id: &ir::Id, value: &FieldValue) -> Option<Value> {
    match (id.repr, value) {
        (IdRepr::I64, FieldValue::Int(number)) => Some(json!(number)),
        (IdRepr::I64, FieldValue::Text(text)) => Some(json!(text.parse::<i64>().ok()?)),
        (IdRepr::Text, FieldValue::Int(number)) => Some(json!(number.to_string())),
        (IdRepr::Text, FieldValue::Text(text)) => Some(json!(text)),
        _ => None,
    }
}
