//! Values as an API writes them.

use clear_street_spec::ir::{DateEncoding, DecimalEncoding, Encodings, TimestampEncoding};
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// A decimal: a text or a number.
pub(crate) fn decimal(encodings: Encodings, decimal: Decimal) -> Value {
    match encodings.decimal {
        DecimalEncoding::String => json!(decimal.to_string()),
        DecimalEncoding::Number => number(decimal),
    }
}

/// A decimal that is a number whatever the API does with others.
pub(crate) fn number(decimal: Decimal) -> Value {
    // The text of a decimal is that of a number.
    serde_json::from_str(&decimal.normalize().to_string()).unwrap_or_default()
}

pub(crate) fn timestamp(encodings: Encodings, time: Timestamp) -> Value {
    match encodings.timestamp {
        TimestampEncoding::Rfc3339 => json!(time.to_string()),
        TimestampEncoding::UnixMillis => json!(time.as_millisecond()),
    }
}

pub(crate) fn date(encodings: Encodings, date: Date) -> Value {
    match encodings.date {
        DateEncoding::Iso8601 => json!(date.to_string()),
        DateEncoding::Yyyymmdd => {
            json!(i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day()))
        }
    }
}

/// The day that a number such as 20251031 stands for.
pub(crate) fn date_of_number(number: i64) -> Option<Date> {
    let part = |part: i64| i8::try_from(part.rem_euclid(100)).ok();
    let year = i16::try_from(number.div_euclid(10_000)).ok()?;
    Date::new(year, part(number.div_euclid(100))?, part(number)?).ok()
}
