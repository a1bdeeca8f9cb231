//! Values without parts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clear_street_spec::ir::{Bounds, DateEncoding, DecimalEncoding, Encodings, TimestampEncoding, Type};
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, civil};
use rust_decimal::Decimal;
use serde_json::Value;

use super::ViolationKind;
use crate::encode;

type Checked = Result<(), (ViolationKind, String)>;

/// Checks a value of a type that has no parts.
pub(super) fn check(encodings: Encodings, ty: &Type, bounds: &Bounds, value: &Value) -> Checked {
    match ty {
        Type::Bool => value.is_boolean().then_some(()).ok_or_else(|| wrong_type("true or false", value)),
        Type::I32 => whole(bounds, value, i32::MIN.into(), i32::MAX.into()),
        Type::I64 => whole(bounds, value, i64::MIN, i64::MAX),
        Type::U32 => whole(bounds, value, 0, u32::MAX.into()),
        Type::U64 => match value.as_u64() {
            Some(number) => i64::try_from(number).map_or(Ok(()), |number| range(bounds, number.into())),
            None => whole(bounds, value, 0, i64::MAX),
        },
        Type::F64 => value.is_number().then_some(()).ok_or_else(|| wrong_type("a number", value)),
        Type::String => length(bounds, text(value)?),
        Type::Decimal if encodings.decimal == DecimalEncoding::String => {
            let text = text(value)?;
            length(bounds, text)?;
            let decimal = Decimal::from_str_exact(text);
            range(bounds, decimal.map_err(|_| format("a decimal number such as 150.25"))?)
        }
        Type::Decimal | Type::Number => {
            let Value::Number(number) = value else { return Err(wrong_type("a number", value)) };
            let text = number.to_string();
            let decimal = Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text));
            range(bounds, decimal.map_err(|_| format("a number of at most 28 digits"))?)
        }
        Type::Date => date(encodings.date, value),
        Type::Timestamp => timestamp(encodings.timestamp, value),
        Type::Zoned => {
            parsed::<Timestamp>(value, "a time with its offset, such as 2025-10-31T09:30:00-04:00")
        }
        Type::Duration => duration(text(value)?),
        Type::Uuid => match uuid::Uuid::try_parse(text(value)?) {
            Ok(_) => Ok(()),
            Err(_) => Err(format("a UUID")),
        },
        Type::Bytes => match STANDARD.decode(text(value)?) {
            Ok(_) => Ok(()),
            Err(_) => Err(format("base64")),
        },
        Type::Json
        | Type::Option(_)
        | Type::Patch(_)
        | Type::List(_)
        | Type::Map(_)
        | Type::Boxed(_)
        | Type::Named(_) => Ok(()),
    }
}

pub(super) fn wrong_type(expected: &str, value: &Value) -> (ViolationKind, String) {
    let is = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    (ViolationKind::Type, format!("must be {expected}, and is {is}"))
}

fn format(expected: &str) -> (ViolationKind, String) {
    (ViolationKind::Format, format!("must be {expected}"))
}

fn text(value: &Value) -> Result<&str, (ViolationKind, String)> {
    value.as_str().ok_or_else(|| wrong_type("a text", value))
}

fn whole(bounds: &Bounds, value: &Value, least: i64, greatest: i64) -> Checked {
    let Some(number) = value.as_i64() else { return Err(wrong_type("a whole number", value)) };
    if number < least || number > greatest {
        return Err((ViolationKind::Range, format!("must be between {least} and {greatest}")));
    }
    range(bounds, number.into())
}

fn range(bounds: &Bounds, number: Decimal) -> Checked {
    if let Some(min) = bounds.min.filter(|min| number < Decimal::from(*min)) {
        return Err((ViolationKind::Range, format!("must be at least {min}")));
    }
    if let Some(max) = bounds.max.filter(|max| number > Decimal::from(*max)) {
        return Err((ViolationKind::Range, format!("must be at most {max}")));
    }
    Ok(())
}

fn length(bounds: &Bounds, text: &str) -> Checked {
    let length = text.chars().count();
    if let Some(min) = bounds.min_length.filter(|min| length < *min as usize) {
        return Err((ViolationKind::Length, format!("must have at least {min} characters")));
    }
    if let Some(max) = bounds.max_length.filter(|max| length > *max as usize) {
        return Err((ViolationKind::Length, format!("must have at most {max} characters")));
    }
    Ok(())
}

fn parsed<T: std::str::FromStr>(value: &Value, expected: &str) -> Checked {
    text(value)?.parse::<T>().map(|_| ()).map_err(|_| format(expected))
}

fn date(encoding: DateEncoding, value: &Value) -> Checked {
    match encoding {
        DateEncoding::Iso8601 => parsed::<civil::Date>(value, "a day such as 2025-10-31"),
        DateEncoding::Yyyymmdd => {
            let number = value.as_i64().ok_or_else(|| wrong_type("a day such as 20251031", value))?;
            encode::date_of_number(number).map(|_| ()).ok_or_else(|| format("a day such as 20251031"))
        }
    }
}

fn timestamp(encoding: TimestampEncoding, value: &Value) -> Checked {
    match encoding {
        TimestampEncoding::Rfc3339 => parsed::<Timestamp>(value, "a time such as 2025-10-31T14:30:00Z"),
        TimestampEncoding::UnixMillis => {
            let expected = "milliseconds since the beginning of 1970";
            let number = value.as_i64().ok_or_else(|| wrong_type(expected, value))?;
            Timestamp::from_millisecond(number).map(|_| ()).map_err(|_| format(expected))
        }
    }
}

fn duration(text: &str) -> Checked {
    let in_days = |span: Span| span.to_duration(SpanRelativeTo::days_are_24_hours());
    let known = text.parse::<SignedDuration>().or_else(|_| text.parse::<Span>().and_then(in_days));
    known.map(|_| ()).map_err(|_| format("a duration such as PT1H30M"))
}
