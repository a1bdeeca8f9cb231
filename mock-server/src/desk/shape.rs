//! Facts in the shape of an API's types.
//!
//! The spec says which fields there are and how they are written. A fact that no field holds is left out,
//! and a required field without a fact gets a value that is valid: so a new field needs no edit here.

use clear_street_codegen::ir::{self, DateEncoding, DecimalEncoding, IdRepr, TimestampEncoding, Type};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Number, Value, json};

use super::fact::{Fact, Facts};

/// Writes facts as one API does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    api: &'a ir::Api,
}

impl<'a> Shape<'a> {
    pub(super) const fn new(api: &'a ir::Api) -> Self {
        Self { api }
    }

    /// A fact as a value of a type; if it does not fit, or is absent, some value of the type.
    pub(super) fn value(&self, ty: &Type, fact: &Fact) -> Value {
        match (ty, fact) {
            (Type::Option(_) | Type::Patch(_), Fact::Absent) => Value::Null,
            (Type::Option(inner) | Type::Patch(inner) | Type::Boxed(inner), fact) => self.value(inner, fact),
            (_, Fact::Json(value)) => value.clone(),
            (Type::List(inner), Fact::List(items)) => {
                items.iter().map(|item| self.value(inner, item)).collect()
            }
            (Type::Named(name), fact) => match self.api.definition(name) {
                Some(ir::Definition::Model(model)) => self.model(model, fact),
                Some(ir::Definition::Enum(item)) => enumerated(item, fact),
                Some(ir::Definition::Id(id)) => identifier(id, fact),
                Some(ir::Definition::Union(union)) => self.union(union, fact),
                None => Value::Null,
            },
            (scalar, fact) => self.scalar(scalar, fact).unwrap_or_else(|| self.blank(scalar)),
        }
    }

    fn model(&self, model: &ir::Model, fact: &Fact) -> Value {
        let none = Facts::new();
        let facts = if let Fact::Object(facts) = fact { facts } else { &none };
        let mut values = Map::new();
        for field in &model.fields {
            let fact = facts.get(&field.wire);
            if fact.is_some() || field.required {
                values.insert(field.wire.clone(), self.value(&field.ty, fact.unwrap_or(&Fact::Absent)));
            }
        }
        Value::Object(values)
    }

    /// A union is told as its only property: the variant's name.
    fn union(&self, union: &ir::Union, fact: &Fact) -> Value {
        let told = |variant: &&ir::Variant| matches!(fact, Fact::Object(facts) if facts.get(&variant.wire).is_some());
        let Some(variant) = union.variants.iter().find(told).or(union.variants.first()) else {
            return Value::Null;
        };
        let fact = if let Fact::Object(facts) = fact { facts.get(&variant.wire) } else { None };
        match (&union.tagging, self.value(&variant.ty, fact.unwrap_or(&Fact::Absent))) {
            (ir::Tagging::Tag(tag), Value::Object(mut values)) => {
                values.insert(tag.clone(), json!(variant.wire));
                Value::Object(values)
            }
            (ir::Tagging::Keyed, value) => json!({ variant.wire.as_str(): value }),
            (_, value) => value,
        }
    }

    fn scalar(&self, ty: &Type, fact: &Fact) -> Option<Value> {
        let encodings = self.api.encodings;
        Some(match (ty, fact) {
            (Type::Decimal, Fact::Decimal(decimal)) if encodings.decimal == DecimalEncoding::String => {
                json!(decimal.to_string())
            }
            (Type::Decimal | Type::Number | Type::F64, Fact::Decimal(decimal)) => number(*decimal)?,
            (Type::I32 | Type::I64 | Type::U32 | Type::U64, Fact::Decimal(decimal)) => {
                json!(decimal.to_i64()?)
            }
            (Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::Number, Fact::Int(number)) => {
                json!(number)
            }
            (Type::Timestamp, Fact::Time(time)) => match encodings.timestamp {
                TimestampEncoding::Rfc3339 => json!(time.to_string()),
                TimestampEncoding::UnixMillis => json!(time.as_millisecond()),
            },
            (Type::Date, Fact::Date(date)) => match encodings.date {
                DateEncoding::Iso8601 => json!(date.to_string()),
                DateEncoding::Yyyymmdd => {
                    json!(
                        i32::from(date.year()) * 10_000
                            + i32::from(date.month()) * 100
                            + i32::from(date.day())
                    )
                }
            },
            (Type::Zoned, Fact::Zoned(zoned)) => json!(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
            (Type::Duration, Fact::Duration(duration)) => json!(duration.to_string()),
            (Type::String, Fact::Text(text)) => json!(text),
            (Type::String, Fact::Int(number)) => json!(number.to_string()),
            (Type::Bool, Fact::Bool(bool)) => json!(bool),
            _ => return None,
        })
    }

    /// A value that says nothing.
    fn blank(&self, ty: &Type) -> Value {
        let encodings = self.api.encodings;
        match ty {
            Type::Bool => json!(false),
            Type::Decimal if encodings.decimal == DecimalEncoding::String => json!("0"),
            Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::F64 | Type::Number | Type::Decimal => {
                json!(0)
            }
            Type::Timestamp if encodings.timestamp == TimestampEncoding::UnixMillis => {
                json!(1_710_547_200_000_i64)
            }
            Type::Timestamp | Type::Zoned => json!("2025-01-01T00:00:00Z"),
            Type::Date if encodings.date == DateEncoding::Yyyymmdd => json!(20_250_101),
            Type::Date => json!("2025-01-01"),
            Type::Duration => json!("PT0S"),
            Type::Uuid => json!("00000000-0000-4000-8000-000000000000"),
            Type::String | Type::Bytes => json!(""),
            Type::List(_) => json!([]),
            Type::Map(_) => json!({}),
            _ => Value::Null,
        }
    }
}

/// A decimal as a JSON number.
fn number(decimal: Decimal) -> Option<Value> {
    match decimal.to_i64().filter(|_| decimal.is_integer()) {
        Some(whole) => Some(json!(whole)),
        None => Number::from_f64(decimal.to_f64()?).map(Value::Number),
    }
}

/// The value of an enum that a text names in whatever case, or the first.
fn enumerated(item: &ir::Enum, fact: &Fact) -> Value {
    let plain = |text: &str| text.replace('-', "_").to_ascii_lowercase();
    let named = |text: &String| item.values.iter().find(|value| plain(&value.wire) == plain(text));
    let value = if let Fact::Text(text) = fact { named(text) } else { None };
    value.or(item.values.first()).map_or(Value::Null, |value| json!(value.wire))
}

fn identifier(id: &ir::Id, fact: &Fact) -> Value {
    match (id.repr, fact) {
        (IdRepr::I64, Fact::Int(number)) => json!(number),
        (IdRepr::I64, Fact::Text(text)) => json!(text.parse::<i64>().unwrap_or_default()),
        (IdRepr::I64, _) => json!(0),
        (IdRepr::Text, Fact::Int(number)) => json!(number.to_string()),
        (IdRepr::Text, Fact::Text(text)) => json!(text),
        (IdRepr::Text, _) => json!("none"),
    }
}
