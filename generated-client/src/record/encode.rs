//! Writing views.

use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

use super::check::unwritable;
use super::text::{scalar, short_decimal};
use super::{
    DateEncoding, DecimalEncoding, Encoding, Invalid, Record, Tagging, TimestampEncoding, Union, View,
};

/// Writes a view as JSON. Models write their values as their table says, everything else as
/// `encoding` says.
///
/// # Errors
/// If a value has no text in this encoding; [`check`](super::check) finds it with its path.
pub(crate) fn encode(view: View<'_>, encoding: &Encoding) -> Result<Vec<u8>, Invalid> {
    serde_json::to_vec(&Encode::new(view, *encoding))
        .map_err(|error| Invalid { path: "$".to_owned(), message: error.to_string() })
}

/// The values of a parameter: none if it is absent, several if it is a list. What is neither a
/// scalar nor a list is its JSON.
pub(crate) fn texts(view: View<'_>, encoding: &Encoding) -> Vec<String> {
    match view {
        View::Absent | View::Null => Vec::new(),
        View::List(list) => list.items().flat_map(|item| texts(item, encoding)).collect(),
        _ => vec![match scalar(view, encoding) {
            Some(text) => text.into_owned(),
            None => json_text(view, encoding),
        }],
    }
}

/// The JSON of a view as text; what cannot be written is null.
fn json_text(view: View<'_>, encoding: &Encoding) -> String {
    serde_json::to_string(&Encode::new(view, *encoding)).unwrap_or_else(|_| "null".to_owned())
}

/// Writes a view through any serializer.
pub(super) struct Encode<'a> {
    view: View<'a>,
    encoding: Encoding,
}

impl<'a> Encode<'a> {
    pub(super) fn new(view: View<'a>, encoding: Encoding) -> Self {
        Self { view, encoding }
    }
}

impl Serialize for Encode<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { view, encoding } = *self;
        match view {
            View::Absent | View::Null => serializer.serialize_none(),
            View::Bool(value) => serializer.serialize_bool(value),
            View::I64(value) => serializer.serialize_i64(value),
            View::U64(value) => serializer.serialize_u64(value),
            View::Text(value) => serializer.serialize_str(value),
            View::Decimal(value) => match encoding.decimal {
                DecimalEncoding::String => match short_decimal(value, &mut [0; 24]) {
                    Some(text) => serializer.serialize_str(text),
                    None => serializer.serialize_str(value.array_string().as_ref()),
                },
                DecimalEncoding::Number => number(value.to_string(), serializer),
            },
            View::F64(_) | View::Timestamp(_) | View::Date(_) => limited(view, encoding, serializer),
            View::Duration(value) => serializer.collect_str(&value),
            View::Uuid(value) => serializer.collect_str(value),
            View::Zoned(_) | View::Bytes(_) => text(view, encoding, serializer),
            View::Json(value) => value.serialize(serializer),
            View::List(list) => {
                let mut sequence = serializer.serialize_seq(Some(list.len()))?;
                for item in list.items() {
                    sequence.serialize_element(&Self::new(item, encoding))?;
                }
                sequence.end()
            }
            View::Map(map) => {
                let mut object = serializer.serialize_map(Some(map.len()))?;
                for (key, value) in map.entries() {
                    object.serialize_entry(key, &Self::new(value, encoding))?;
                }
                object.end()
            }
            View::Record(record) => {
                let mut object = serializer.serialize_map(None)?;
                fields(record, None, &mut object)?;
                object.end()
            }
            View::Union(union) => variant(union, encoding, serializer),
        }
    }
}

/// What some encodings cannot express.
fn limited<S: Serializer>(view: View<'_>, encoding: Encoding, serializer: S) -> Result<S::Ok, S::Error> {
    if let Some(reason) = unwritable(view, &encoding) {
        return Err(S::Error::custom(reason));
    }
    match view {
        View::F64(value) => serializer.serialize_f64(value),
        View::Timestamp(value) if encoding.timestamp == TimestampEncoding::UnixMillis => {
            serializer.serialize_i64(value.as_millisecond())
        }
        View::Timestamp(value) => serializer.collect_str(&value),
        View::Date(value) if encoding.date == DateEncoding::Iso8601 => serializer.collect_str(&value),
        _ => number(scalar(view, &encoding).unwrap_or_default().into_owned(), serializer),
    }
}

/// What is always written as text.
fn text<S: Serializer>(view: View<'_>, encoding: Encoding, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&scalar(view, &encoding).unwrap_or_default())
}

/// A number with all its digits.
fn number<S: Serializer>(text: String, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
}

/// Writes the fields that are there, except the one named `tag`.
fn fields<M: SerializeMap>(record: &dyn Record, tag: Option<&str>, object: &mut M) -> Result<(), M::Error> {
    let table = record.table();
    for (index, field) in table.fields.iter().enumerate() {
        match record.view_at(index) {
            None | Some(View::Absent) => {}
            Some(_) if tag == Some(field.name) => {}
            Some(view) => object.serialize_entry(field.name, &Encode::new(view, table.encoding_of(field)))?,
        }
    }
    Ok(())
}

fn variant<S: Serializer>(union: &dyn Union, encoding: Encoding, serializer: S) -> Result<S::Ok, S::Error> {
    let table = union.table();
    let payload = union.payload();
    let name = union.variant().and_then(|variant| table.variants.get(variant));
    let Some(name) = name else {
        return Encode::new(payload, encoding).serialize(serializer);
    };
    match table.tagging {
        Tagging::Tag(tag) => {
            let View::Record(record) = payload else {
                return Err(S::Error::custom("a variant beside its tag must be a model"));
            };
            let mut object = serializer.serialize_map(None)?;
            object.serialize_entry(tag, name)?;
            fields(record, Some(tag), &mut object)?;
            object.end()
        }
        Tagging::Keyed => {
            let mut object = serializer.serialize_map(Some(1))?;
            object.serialize_entry(name, &Encode::new(payload, *table.encoding))?;
            object.end()
        }
        Tagging::Shape => {
            let encoding = Encoding { decimal: DecimalEncoding::Number, ..*table.encoding };
            Encode::new(payload, encoding).serialize(serializer)
        }
    }
}
