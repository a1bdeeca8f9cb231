//! Arbitrary JSON of every type of the spec, for property tests.

use clear_street_spec::ir::{self, DateEncoding, DecimalEncoding, Definition, TimestampEncoding};
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// How deep models hold optional models; below, only what is required is there.
const DEPTH: usize = 3;

/// Strategies for the types of one API.
#[derive(Debug)]
pub struct Values<'a> {
    api: &'a ir::Api,
}

impl<'a> Values<'a> {
    /// Knows all types of an API.
    pub fn new(api: &'a ir::Api) -> Self {
        Self { api }
    }

    /// JSON values that a type of this name must decode and encode again unchanged.
    ///
    /// # Panics
    ///
    /// If the API has no such type.
    pub fn of(&self, name: &str) -> BoxedStrategy<Value> {
        self.named(self.api.definition_called(name), 0)
    }

    #[allow(clippy::panic, reason = "only tests call it")]
    fn named(&self, definition: Option<Definition<'a>>, depth: usize) -> BoxedStrategy<Value> {
        match definition {
            Some(Definition::Id(id)) => match id.repr {
                ir::IdRepr::I64 => any::<i64>().prop_map(Value::from).boxed(),
                ir::IdRepr::Text => text(),
            },
            Some(Definition::Enum(item)) => enumeration(item),
            Some(Definition::Model(model)) => self.model(model, depth),
            Some(Definition::Union(union)) => self.union(union, depth),
            None => panic!("the spec has no such type"),
        }
    }

    fn ty(&self, ty: &ir::Type, depth: usize) -> BoxedStrategy<Value> {
        match ty {
            ir::Type::Bool => any::<bool>().prop_map(Value::from).boxed(),
            ir::Type::I32 => any::<i32>().prop_map(Value::from).boxed(),
            ir::Type::I64 => any::<i64>().prop_map(Value::from).boxed(),
            ir::Type::U32 => any::<u32>().prop_map(Value::from).boxed(),
            ir::Type::U64 => any::<u64>().prop_map(Value::from).boxed(),
            ir::Type::F64 => proptest::num::f64::NORMAL.prop_map(Value::from).boxed(),
            ir::Type::String => text(),
            ir::Type::Decimal => match self.api.encodings.decimal {
                DecimalEncoding::String => {
                    decimal().prop_map(|decimal| Value::from(decimal.to_string())).boxed()
                }
                DecimalEncoding::Number => number(),
            },
            ir::Type::Number => number(),
            ir::Type::Date => {
                let encoding = self.api.encodings.date;
                (1900_i16..2200, 1_i8..=12, 1_i8..=28)
                    .prop_map(move |(year, month, day)| match encoding {
                        DateEncoding::Iso8601 => json!(jiff::civil::date(year, month, day).to_string()),
                        DateEncoding::Yyyymmdd => {
                            json!(i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(day))
                        }
                    })
                    .boxed()
            }
            ir::Type::Timestamp => match self.api.encodings.timestamp {
                TimestampEncoding::Rfc3339 => {
                    timestamp().prop_map(|time| Value::from(time.to_string())).boxed()
                }
                TimestampEncoding::UnixMillis => {
                    timestamp().prop_map(|time| json!(time.as_millisecond())).boxed()
                }
            },
            ir::Type::Zoned => zoned(),
            ir::Type::Duration => any::<u32>()
                .prop_map(|seconds| json!(jiff::SignedDuration::from_secs(seconds.into()).to_string()))
                .boxed(),
            ir::Type::Uuid => {
                any::<u128>().prop_map(|bits| json!(uuid::Uuid::from_u128(bits).to_string())).boxed()
            }
            ir::Type::Bytes => Just(json!("AQL/")).boxed(),
            ir::Type::Json => any_json(),
            ir::Type::Option(inner) | ir::Type::Patch(inner) | ir::Type::Boxed(inner) => {
                self.ty(inner, depth)
            }
            ir::Type::List(inner) => vec(self.ty(inner, depth), 0..3).prop_map(Value::from).boxed(),
            ir::Type::Map(inner) => vec((".{0,5}", self.ty(inner, depth)), 0..3)
                .prop_map(|entries| Value::Object(entries.into_iter().collect()))
                .boxed(),
            ir::Type::Named(name) => self.named(self.api.definition(name), depth),
        }
    }

    fn model(&self, model: &ir::Model, depth: usize) -> BoxedStrategy<Value> {
        let mut fields: BoxedStrategy<Map<String, Value>> = Just(Map::new()).boxed();
        for field in &model.fields {
            if !field.required && depth >= DEPTH {
                continue;
            }
            let value = self.ty(&field.ty, depth.saturating_add(1));
            let value = if field.required {
                value.prop_map(Some).boxed()
            } else {
                prop_oneof![3 => value.prop_map(Some), 1 => Just(None), 1 => Just(Some(Value::Null))].boxed()
            };
            let wire = field.wire.clone();
            fields = (fields, value)
                .prop_map(move |(mut fields, value)| {
                    if let Some(value) = value {
                        fields.insert(wire.clone(), value);
                    }
                    fields
                })
                .boxed();
        }
        fields.prop_map(Value::Object).boxed()
    }

    fn union(&self, union: &ir::Union, depth: usize) -> BoxedStrategy<Value> {
        let variants = union.variants.iter().map(|variant| {
            let wire = variant.wire.clone();
            let payload = self.ty(&variant.ty, depth.saturating_add(1));
            match &union.tagging {
                ir::Tagging::Tag(tag) => {
                    let tag = tag.clone();
                    payload
                        .prop_map(move |mut payload| {
                            if let Value::Object(fields) = &mut payload {
                                fields.insert(tag.clone(), json!(wire));
                            }
                            payload
                        })
                        .boxed()
                }
                ir::Tagging::Keyed => {
                    payload.prop_map(move |payload| json!({ wire.as_str(): payload })).boxed()
                }
                ir::Tagging::Shape if wire == "number" => number(),
                ir::Tagging::Shape => payload,
            }
        });
        proptest::strategy::Union::new(variants).boxed()
    }
}

/// Listed values, and for an open enum others.
fn enumeration(item: &ir::Enum) -> BoxedStrategy<Value> {
    let listed: Vec<Value> = item.values.iter().map(|value| json!(value.wire)).collect();
    let listed = proptest::sample::select(listed);
    if item.open { prop_oneof![4 => listed, 1 => text()].boxed() } else { listed.boxed() }
}

fn text() -> BoxedStrategy<Value> {
    prop_oneof![".{0,12}", Just(r#"quote " slash \ tab	 é 漢 🦀"#.to_owned())].prop_map(Value::from).boxed()
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0_u32..=18).prop_map(|(digits, scale)| Decimal::new(digits, scale))
}

/// A JSON number that a float holds exactly, because the test's own JSON reads floats.
fn number() -> BoxedStrategy<Value> {
    any::<i32>().prop_map(|number| json!(f64::from(number) / 8.0)).boxed()
}

fn timestamp() -> impl Strategy<Value = jiff::Timestamp> {
    (-2_000_000_000_i64..4_000_000_000, 0_i32..1_000_000_000).prop_map(|(seconds, nanoseconds)| {
        jiff::Timestamp::new(seconds, nanoseconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    })
}

fn zoned() -> BoxedStrategy<Value> {
    (timestamp(), -12_i8..=14)
        .prop_map(|(time, hours)| {
            let offset = jiff::tz::offset(hours);
            json!(time.display_with_offset(offset).to_string())
        })
        .boxed()
}

fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![Just(json!(true)), any::<i64>().prop_map(Value::from), text()];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((".{0,5}", inner), 0..3).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
    .boxed()
}
