//! Values without parts.

use clear_street_spec::ir::{Bounds, Encodings, Type};
use jiff::tz::{self, TimeZone};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::At;
use super::seed::Seed;
use super::subject::Subject;
use super::words::{self, Amount};
use crate::encode;

/// A value of a type that has no parts.
pub(super) fn value(encodings: Encodings, ty: &Type, at: &At<'_>) -> Value {
    let At { name, bounds, seed, subject, nth, .. } = *at;
    match ty {
        Type::Bool => json!(seed.below(2) == 0),
        Type::I32 | Type::I64 | Type::U32 | Type::U64 => json!(whole(name, bounds, seed, subject)),
        Type::Decimal => encode::decimal(encodings, decimal(name, bounds, seed, subject)),
        Type::Number | Type::F64 => encode::number(decimal(name, bounds, seed, subject)),
        Type::Date => encode::date(encodings, moment(name, subject, nth).to_zoned(TimeZone::UTC).date()),
        Type::Timestamp => encode::timestamp(encodings, moment(name, subject, nth)),
        Type::Zoned => json!(moment(name, subject, nth).display_with_offset(tz::offset(-4)).to_string()),
        Type::Duration => {
            let minutes = seed.rng().i64(5..600);
            json!(SignedDuration::from_mins(minutes).to_string())
        }
        Type::Uuid => {
            let bytes = seed.rng().u128(..).to_be_bytes();
            json!(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
        }
        Type::Bytes => json!("AQL/"),
        Type::Json => json!({ "value": seed.below(100) }),
        Type::String => json!(fitted(text(name, subject), bounds)),
        Type::Option(_) | Type::Patch(_) | Type::List(_) | Type::Map(_) | Type::Boxed(_) | Type::Named(_) => {
            Value::Null
        }
    }
}

/// When something called so happens; those of a list are a week apart.
fn moment(name: &str, subject: &Subject, nth: usize) -> Timestamp {
    let weeks = i32::try_from(nth).unwrap_or(i32::MAX);
    let weeks = SignedDuration::from_hours(7 * 24).saturating_mul(weeks);
    let minutes = SignedDuration::from_mins(words::moment(name)).saturating_add(weeks);
    subject.moment.saturating_add(minutes).unwrap_or(subject.moment)
}

fn text(name: &str, subject: &Subject) -> String {
    if words::is_symbol(name) {
        return subject.instrument.symbol.clone();
    }
    if let Some(text) = words::text(name) {
        return text.to_owned();
    }
    let words = words::words(name);
    if subject.is_instrument && words.iter().any(|word| matches!(word.as_str(), "name" | "description")) {
        return subject.instrument.name.clone();
    }
    let words = words.join(" ");
    let number = subject.index + 1;
    if words.is_empty() { format!("Text {number}") } else { format!("Some {words} {number}") }
}

fn fitted(text: String, bounds: &Bounds) -> String {
    let most = bounds.max_length.map_or(usize::MAX, |most| most as usize);
    let least = bounds.min_length.unwrap_or_default() as usize;
    let missing = least.saturating_sub(text.chars().count());
    text.chars().chain(std::iter::repeat_n('.', missing)).take(most).collect()
}

fn whole(name: &str, bounds: &Bounds, seed: Seed, subject: &Subject) -> i64 {
    let words = words::words(name);
    let number = match words::amount(name) {
        _ if words.iter().any(|word| word == "year") => 2025,
        Amount::Quantity(part) => part_of(subject.quantity, part),
        Amount::Percent => seed.rng().i64(1..=100),
        Amount::Multiplier => 100,
        Amount::Count if words.iter().any(|word| word == "volume") => seed.rng().i64(100_000..=90_000_000),
        _ => seed.rng().i64(1..=20),
    };
    // The same as `clamp`, which must not be asked if nothing lies between the bounds.
    number.min(bounds.max.unwrap_or(i64::MAX)).max(bounds.min.unwrap_or(i64::MIN))
}

fn decimal(name: &str, bounds: &Bounds, seed: Seed, subject: &Subject) -> Decimal {
    let mut rng = seed.rng();
    let number = match words::amount(name) {
        // Ten-thousandths of cents, rounded to cents.
        Amount::Price(part) => Decimal::new(part_of(subject.instrument.cents, part.div_euclid(100)), 2),
        Amount::Quantity(part) => Decimal::from(part_of(subject.quantity, part)),
        Amount::Ratio => Decimal::new(rng.i64(1..10_000), 4),
        Amount::Percent => Decimal::new(rng.i64(1..10_000), 2),
        Amount::Result => Decimal::new(rng.i64(-500_000..=500_000), 2),
        Amount::Count => Decimal::from(rng.i64(1..=1_000)),
        Amount::Multiplier => Decimal::from(100),
        Amount::Money => Decimal::new(rng.i64(10_000..=100_000_000), 2),
        Amount::Fortune => Decimal::from(rng.i64(1_000_000..=900_000_000) * 1_000),
    };
    let number = bounds.max.map_or(number, |max| number.min(max.into()));
    bounds.min.map_or(number, |min| number.max(min.into()))
}

/// Some hundredths of a number.
fn part_of(number: i64, hundredths: i64) -> i64 {
    (number * hundredths).div_euclid(100)
}
