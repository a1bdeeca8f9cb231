//! One sample value per type: as a Rust expression and as the JSON that it must become.
//!
//! Both are made from the IR alone, so that the generated crate is held against the spec and not
//! against itself.

use std::collections::{BTreeMap, BTreeSet};

use clear_street_spec::ir;
use clear_street_spec::language::{DateEncoding, DecimalEncoding, TimestampEncoding};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use serde_json::{Value, json};

/// How deep optional fields are filled in; below, only what is required is there.
const DEPTH: usize = 3;

/// A value in both of its forms.
pub(super) struct Sample {
    /// Rust that makes it, with paths from outside of the crate.
    pub expression: TokenStream,
    /// What it is on the wire.
    pub json: Value,
}

/// What a sample has besides what its constructor takes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fill {
    Everything,
    Required,
}

/// Makes samples of the types of one API.
pub(super) struct Samples<'a> {
    api: &'a ir::Api,
    pub(super) fill: Fill,
}

impl<'a> Samples<'a> {
    pub(super) fn new(api: &'a ir::Api, fill: Fill) -> Self {
        Self { api, fill }
    }

    /// A sample of a type, within the bounds of the field that holds it.
    pub(super) fn of(&self, ty: &ir::Type, bounds: &ir::Bounds) -> Sample {
        self.at(ty, bounds, 0)
    }

    fn at(&self, ty: &ir::Type, bounds: &ir::Bounds, depth: usize) -> Sample {
        let encodings = self.api.encodings;
        match ty {
            ir::Type::Bool => sample(quote!(true), json!(true)),
            ir::Type::I32 | ir::Type::I64 | ir::Type::U32 | ir::Type::U64 => {
                let number = whole(bounds);
                let literal = Literal::i64_unsuffixed(number);
                sample(quote!(#literal), json!(number))
            }
            ir::Type::F64 => sample(quote!(1.5), json!(1.5)),
            ir::Type::String => sample(quote!(String::from("some text & more")), json!("some text & more")),
            ir::Type::Decimal | ir::Type::Number => {
                let json = match encodings.decimal {
                    DecimalEncoding::String if *ty == ir::Type::Decimal => json!("150.250"),
                    _ => json!(150.25),
                };
                sample(quote!(rust_decimal::Decimal::new(150_250, 3)), json)
            }
            ir::Type::Date => {
                let json = match encodings.date {
                    DateEncoding::Iso8601 => json!("2025-10-31"),
                    DateEncoding::Yyyymmdd => json!(20_251_031),
                };
                sample(quote!(jiff::civil::date(2025, 10, 31)), json)
            }
            ir::Type::Timestamp => match encodings.timestamp {
                TimestampEncoding::Rfc3339 => sample(
                    quote!("2025-10-31T14:30:00.123456789Z".parse::<jiff::Timestamp>().unwrap()),
                    json!("2025-10-31T14:30:00.123456789Z"),
                ),
                TimestampEncoding::UnixMillis => sample(
                    quote!(jiff::Timestamp::from_millisecond(1_761_921_000_123).unwrap()),
                    json!(1_761_921_000_123_i64),
                ),
            },
            ir::Type::Zoned => sample(
                quote!(
                    jiff::civil::date(2025, 10, 31)
                        .at(10, 30, 0, 500_000_000)
                        .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(-4)))
                        .unwrap()
                ),
                json!("2025-10-31T10:30:00.5-04:00"),
            ),
            ir::Type::Duration => sample(quote!(jiff::SignedDuration::from_secs(5_400)), json!("PT1H30M")),
            ir::Type::Uuid => sample(
                quote!(uuid::Uuid::from_u128(0x0193_a1b2_c3d4_7e5f_8a9b_0c1d_2e3f_4a5b)),
                json!("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"),
            ),
            ir::Type::Bytes => sample(quote!(vec![1_u8, 2, 255]), json!("AQL/")),
            ir::Type::Json => sample(
                quote!(r#"{"nested":[1,null,"x"]}"#.parse::<clear_street::Json>().unwrap()),
                json!({"nested": [1, null, "x"]}),
            ),
            ir::Type::Option(inner) => self.at(inner, bounds, depth),
            ir::Type::Patch(inner) => {
                let Sample { expression, json } = self.at(inner, bounds, depth);
                sample(quote!(clear_street::Patch::Set(#expression)), json)
            }
            ir::Type::List(inner) => {
                let Sample { expression, json } = self.at(inner, &ir::Bounds::default(), depth);
                sample(quote!(vec![#expression]), json!([json]))
            }
            ir::Type::Map(inner) => {
                let Sample { expression, json } = self.at(inner, &ir::Bounds::default(), depth);
                sample(
                    quote!(std::collections::BTreeMap::from([(String::from("key"), #expression)])),
                    json!({"key": json}),
                )
            }
            // Arguments are taken without their box.
            ir::Type::Boxed(inner) => self.at(inner, bounds, depth),
            ir::Type::Named(name) => self.named(name, depth),
        }
    }

    fn named(&self, name: &ir::Name, depth: usize) -> Sample {
        let path = self.path(name);
        match self.api.definition(name) {
            Some(ir::Definition::Id(id)) => match id.repr {
                ir::IdRepr::I64 => sample(quote!(#path::new(7)), json!(7)),
                ir::IdRepr::Text => sample(quote!(#path::new("a/b c")), json!("a/b c")),
            },
            Some(ir::Definition::Enum(item)) => match item.values.first() {
                Some(value) => {
                    let variant = ident(&value.rust);
                    sample(quote!(#path::#variant), json!(value.wire))
                }
                None => sample(quote!(#path), Value::Null),
            },
            Some(ir::Definition::Model(model)) => self.model(&path, model, depth),
            Some(ir::Definition::Union(union)) => self.union(&path, union, depth),
            None => sample(quote!(#path), Value::Null),
        }
    }

    fn model(&self, path: &TokenStream, model: &ir::Model, depth: usize) -> Sample {
        let left_out = self.left_out(model, depth);
        let mut json = serde_json::Map::new();
        let mut expressions = Vec::new();
        for (index, field) in model.fields.iter().enumerate() {
            let present = field.required || !left_out.contains(field.wire.as_str());
            let value = present.then(|| self.at(&field.ty, &field.bounds, depth.saturating_add(1)));
            if let Some(value) = value {
                json.insert(field.wire.clone(), value.json);
                expressions.push((index, value.expression));
            }
        }
        let mut expressions: BTreeMap<usize, TokenStream> = expressions.into_iter().collect();
        let mut expression = quote!(#path);
        if let Some(new) = model.constructors.first() {
            let name = ident(&new.rust);
            let arguments: Vec<_> = new.takes.iter().filter_map(|index| expressions.remove(index)).collect();
            expression = quote!(#path::#name(#(#arguments),*));
        }
        for setter in &model.setters {
            if let Some(argument) = expressions.remove(&setter.field) {
                let name = ident(&setter.rust);
                expression = quote!(#expression.#name(#argument));
            }
        }
        sample(expression, Value::Object(json))
    }

    /// The optional fields that a sample must not have: too deep, not wanted, or against a rule.
    fn left_out<'m>(&self, model: &'m ir::Model, depth: usize) -> BTreeSet<&'m str> {
        if self.fill == Fill::Everything && depth < DEPTH {
            return self.rejected_by(&model.rules, &model.fields);
        }
        let optional = model.fields.iter().filter(|field| !field.required);
        optional.map(|field| field.wire.as_str()).collect()
    }

    /// The fields that rules forbid beside samples of all others: of those that exclude each other all
    /// but the first, and those that do not go with the sample of another.
    pub(super) fn rejected_by<'m>(
        &self,
        rules: &'m [ir::Rule],
        fields: impl IntoIterator<Item = &'m ir::Field> + Clone,
    ) -> BTreeSet<&'m str> {
        let holds = |(name, values): &(String, Vec<String>)| {
            let field = fields.clone().into_iter().find(|field| field.wire == *name);
            field.is_some_and(|field| values.contains(&text(&self.of(&field.ty, &field.bounds).json)))
        };
        let rejected = rules.iter().flat_map(|rule| match rule {
            ir::Rule::ExactlyOne(fields) | ir::Rule::AtMostOne(fields) => fields.get(1..).unwrap_or_default(),
            ir::Rule::When { conditions, forbid, .. } if conditions.iter().all(holds) => forbid,
            ir::Rule::When { .. } | ir::Rule::AtLeastOne(_) => &[],
        });
        rejected.map(String::as_str).collect()
    }

    fn union(&self, path: &TokenStream, union: &ir::Union, depth: usize) -> Sample {
        let Some(variant) = union.variants.first() else {
            return sample(quote!(#path), Value::Null);
        };
        let Sample { expression, json: payload } =
            self.at(&variant.ty, &ir::Bounds::default(), depth.saturating_add(1));
        let name = ident(&variant.rust);
        let json = match (&union.tagging, payload) {
            (ir::Tagging::Tag(tag), Value::Object(mut fields)) => {
                fields.insert(tag.clone(), json!(variant.wire));
                Value::Object(fields)
            }
            (ir::Tagging::Keyed, payload) => json!({ variant.wire.as_str(): payload }),
            (ir::Tagging::Shape, Value::String(text)) if variant.wire == "number" => {
                serde_json::from_str(&text).unwrap_or(Value::Null)
            }
            (_, payload) => payload,
        };
        sample(quote!(#path::#name(#expression)), json)
    }

    fn path(&self, name: &ir::Name) -> TokenStream {
        let api = ident(&self.api.name);
        let module = ident(&name.module);
        let rust = ident(&name.rust);
        quote!(clear_street::#api::#module::#rust)
    }
}

/// An identifier from an escaped name of the IR.
pub(super) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, proc_macro2::Span::call_site()),
        None => format_ident!("{name}"),
    }
}

fn sample(expression: TokenStream, json: Value) -> Sample {
    Sample { expression, json }
}

/// A scalar or list as one text before percent-encoding.
pub(super) fn text(json: &Value) -> String {
    match json {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A whole number within bounds.
fn whole(bounds: &ir::Bounds) -> i64 {
    let number = bounds.min.unwrap_or(7).max(7);
    bounds.max.map_or(number, |max| number.min(max))
}
