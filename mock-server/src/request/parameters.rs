//! Parameters: from texts to values of their types.

use std::collections::BTreeMap;

use clear_street_spec::ir::{self, Definition, IdRepr, ListEncoding, Place, Type};
use clear_street_spec::ir::{DateEncoding, DecimalEncoding, TimestampEncoding};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::Found;
use crate::validate::{Validator, ViolationKind};

/// The parameters of path and query. What is not of its type stays a text, for the validator to see.
pub(super) fn read(found: &Found<'_>, query: &str, validator: &mut Validator<'_>) -> Map<String, Value> {
    // Values as they are written: the items of a list are separated before they are decoded.
    let mut given = BTreeMap::<String, Vec<&str>>::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        given.entry(decoded(name)).or_default().push(value);
    }
    let mut values = Map::new();
    for (name, value) in &found.path {
        let ty = type_of(found.operation, name, Place::Path);
        values.insert((*name).to_owned(), value_of(found.api, ty, value));
    }
    for (name, texts) in given {
        let ty = type_of(found.operation, &name, Place::Query);
        let value = match (list_item(ty), texts.as_slice()) {
            (Some(item), texts) => list(found.api, item, texts),
            (None, [text]) => value_of(found.api, ty, &decoded(text)),
            (None, texts) => {
                let message = format!("is given {} times, and is no list", texts.len());
                validator.find(&name, ViolationKind::Type, message);
                value_of(found.api, ty, &decoded(texts.first().copied().unwrap_or_default()))
            }
        };
        // A query cannot say anew what the path says: it is unknown there.
        if values.contains_key(&name) {
            validator.find(&name, ViolationKind::Unknown, "belongs into the path".to_owned());
        } else {
            values.insert(name, value);
        }
    }
    values
}

/// The type of a parameter; a text if there is none, which the validator says.
fn type_of<'a>(operation: &'a ir::Operation, name: &str, place: Place) -> &'a Type {
    let mut parameters = operation.parameters.iter();
    let known = parameters.find(|parameter| parameter.place == place && parameter.field.wire == name);
    known.map_or(&Type::String, |parameter| &parameter.field.ty)
}

fn list_item(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Option(inner) | Type::Patch(inner) | Type::Boxed(inner) => list_item(inner),
        Type::List(item) => Some(item),
        _ => None,
    }
}

/// A part of a query without its escapes.
fn decoded(part: &str) -> String {
    let spaced = part.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn list(api: &ir::Api, item: &Type, texts: &[&str]) -> Value {
    let parts = texts.iter().flat_map(|text| match api.encodings.list {
        ListEncoding::Comma if text.is_empty() => Vec::new(),
        ListEncoding::Comma => text.split(',').collect(),
        ListEncoding::Repeat => vec![*text],
    });
    parts.map(|text| value_of(api, item, &decoded(text))).collect()
}

/// The value that a text stands for.
fn value_of(api: &ir::Api, ty: &Type, text: &str) -> Value {
    let json = || match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => Some(value),
        _ => None,
    };
    let encodings = api.encodings;
    let is_json = match ty {
        Type::Option(inner) | Type::Patch(inner) | Type::Boxed(inner) => return value_of(api, inner, text),
        Type::Bool | Type::I32 | Type::I64 | Type::U32 | Type::U64 | Type::F64 | Type::Number => true,
        Type::Decimal => encodings.decimal == DecimalEncoding::Number,
        Type::Date => encodings.date == DateEncoding::Yyyymmdd,
        Type::Timestamp => encodings.timestamp == TimestampEncoding::UnixMillis,
        Type::Named(name) => {
            matches!(api.definition(name), Some(Definition::Id(ir::Id { repr: IdRepr::I64, .. })))
        }
        _ => false,
    };
    let value = if is_json { json() } else { None };
    value.unwrap_or_else(|| Value::from(text))
}
