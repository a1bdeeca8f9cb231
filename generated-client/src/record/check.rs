//! What the server would refuse, found before it is sent.

#[cfg(test)]
mod tests;

use std::fmt;

use rust_decimal::Decimal;

use super::path::Path;
use super::text::scalar;
use super::{Bounds, DateEncoding, Encoding, Record, Rule, Tagging, TimestampEncoding, Union, View};

/// What is wrong with a value that was to be sent, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    /// JSON path: `$[0].limit_price`.
    pub path: String,
    /// What is wrong: `` `limit_price` must be at least 0``.
    pub message: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Checks the bounds and rules of all models in a value.
///
/// # Errors
/// The first field that is out of bounds or breaks a rule.
pub(crate) fn check(view: View<'_>, encoding: &Encoding) -> Result<(), Invalid> {
    check_bounds("value", view, &Bounds::NONE, encoding)
}

/// Checks a value against bounds of its own, and all models in it. `name` is what the message
/// calls it.
///
/// # Errors
/// The first value that is out of bounds or breaks a rule.
pub(crate) fn check_bounds(
    name: &str,
    view: View<'_>,
    bounds: &Bounds,
    encoding: &Encoding,
) -> Result<(), Invalid> {
    value(name, view, bounds, encoding).map_err(Fault::finish)
}

/// Checks rules between fields or parameters. `lookup` gives the value of a name.
///
/// # Errors
/// The first rule that is broken.
pub(crate) fn check_rules<'a>(rules: &[Rule], lookup: &dyn Fn(&str) -> View<'a>) -> Result<(), Invalid> {
    rules.iter().try_for_each(|rule| check_rule(rule, lookup)).map_err(Fault::finish)
}

/// Why a value cannot be written in this encoding.
pub(super) fn unwritable(view: View<'_>, encoding: &Encoding) -> Option<&'static str> {
    match view {
        View::F64(value) if !value.is_finite() => Some("must be a finite number"),
        View::Timestamp(value)
            if encoding.timestamp == TimestampEncoding::UnixMillis
                && value.as_nanosecond() % 1_000_000 != 0 =>
        {
            Some("must be a whole number of milliseconds")
        }
        View::Date(value)
            if encoding.date == DateEncoding::Yyyymmdd && !(1000..=9999).contains(&value.year()) =>
        {
            Some("must be a day of the years 1000 to 9999")
        }
        _ => None,
    }
}

struct Fault {
    path: Path,
    message: String,
}

impl Fault {
    fn new(message: String) -> Self {
        Self { path: Path::default(), message }
    }

    fn field(mut self, name: &'static str) -> Self {
        self.path.field(name);
        self
    }

    fn finish(self) -> Invalid {
        Invalid { path: self.path.to_string(), message: self.message }
    }
}

fn value(name: &str, view: View<'_>, bounds: &Bounds, encoding: &Encoding) -> Result<(), Fault> {
    let broken = unwritable(view, encoding).map(str::to_owned).or_else(|| out_of_bounds(view, bounds));
    if let Some(reason) = broken {
        return Err(Fault::new(format!("`{name}` {reason}")));
    }
    match view {
        View::List(list) => list.items().enumerate().try_for_each(|(index, item)| {
            value(name, item, bounds, encoding).map_err(|mut fault| {
                fault.path.index(index);
                fault
            })
        }),
        View::Map(map) => map.entries().try_for_each(|(key, entry)| {
            value(name, entry, bounds, encoding).map_err(|mut fault| {
                fault.path.key(key);
                fault
            })
        }),
        View::Record(record) => model(record),
        View::Union(union) => variant(union),
        _ => Ok(()),
    }
}

fn model(record: &dyn Record) -> Result<(), Fault> {
    let table = record.table();
    for (index, field) in table.fields.iter().enumerate() {
        if let Some(view) = record.view_at(index) {
            value(field.name, view, &field.bounds, table.encoding).map_err(|mut fault| {
                if field.sensitive {
                    fault.path.redact();
                }
                fault.field(field.name)
            })?;
        }
    }
    let lookup = |name: &str| {
        table
            .fields
            .iter()
            .position(|field| field.name == name)
            .and_then(|index| record.view_at(index))
            .unwrap_or(View::Absent)
    };
    table.rules.iter().try_for_each(|rule| check_rule(rule, &lookup))
}

fn variant(union: &dyn Union) -> Result<(), Fault> {
    let table = union.table();
    let Some(index) = union.variant() else {
        return Ok(());
    };
    let name = table.variants.get(index).copied().unwrap_or_default();
    value(name, union.payload(), &Bounds::NONE, table.encoding).map_err(|fault| match table.tagging {
        Tagging::Keyed => fault.field(name),
        Tagging::Tag(_) | Tagging::Shape => fault,
    })
}

fn out_of_bounds(view: View<'_>, bounds: &Bounds) -> Option<String> {
    match view {
        View::I64(value) => outside(Decimal::from(value), bounds),
        View::U64(value) => outside(Decimal::from(value), bounds),
        View::Decimal(value) => outside(value, bounds).or_else(|| too_many_digits(value, bounds)),
        #[expect(clippy::cast_precision_loss, reason = "bounds are small; a float is compared as one")]
        View::F64(value) => match (bounds.min, bounds.max) {
            (Some(min), _) if value < min as f64 => Some(format!("must be at least {min}")),
            (_, Some(max)) if value > max as f64 => Some(format!("must be at most {max}")),
            _ => None,
        },
        View::Text(text) if bounds.min_length.is_some() || bounds.max_length.is_some() => {
            sized(text.chars().count(), (bounds.min_length, bounds.max_length), "character")
        }
        View::List(list) => sized(list.len(), (bounds.min_items, bounds.max_items), "item"),
        View::Map(map) => sized(map.len(), (bounds.min_items, bounds.max_items), "entry"),
        _ => None,
    }
}

fn outside(value: Decimal, bounds: &Bounds) -> Option<String> {
    match (bounds.min, bounds.max) {
        (Some(min), _) if value < Decimal::from(min) => Some(format!("must be at least {min}")),
        (_, Some(max)) if value > Decimal::from(max) => Some(format!("must be at most {max}")),
        _ => None,
    }
}

/// The length of a decimal is that of its text.
fn too_many_digits(value: Decimal, bounds: &Bounds) -> Option<String> {
    let lengths = (bounds.min_length, bounds.max_length);
    if lengths == (None, None) { None } else { sized(value.to_string().len(), lengths, "character") }
}

fn sized(size: usize, (min, max): (Option<u32>, Option<u32>), unit: &str) -> Option<String> {
    let over = |bound: u32| usize::try_from(bound).is_ok_and(|bound| size > bound);
    let under = |bound: u32| usize::try_from(bound).is_ok_and(|bound| size < bound);
    let (word, bound) = match (min, max) {
        (Some(min), _) if under(min) => ("least", min),
        (_, Some(max)) if over(max) => ("most", max),
        _ => return None,
    };
    let units = match (unit, bound) {
        (unit, 1) => unit.to_owned(),
        ("entry", _) => "entries".to_owned(),
        (unit, _) => format!("{unit}s"),
    };
    Some(format!("must have at {word} {bound} {units}, has {size}"))
}

fn check_rule<'a>(rule: &Rule, lookup: &dyn Fn(&str) -> View<'a>) -> Result<(), Fault> {
    let present = |name: &&str| !matches!(lookup(name), View::Absent);
    let all_present = |names: &[&'static str]| -> Vec<&'static str> {
        names.iter().copied().filter(|name| present(name)).collect()
    };
    let broken = |message: String| Err(Fault::new(message));
    match rule {
        Rule::ExactlyOne(names) => match all_present(names).as_slice() {
            [_] => Ok(()),
            [] => broken(format!("one of {} is required", list(names, "or"))),
            set => broken(format!("only one of {} may be set, not {}", list(names, "and"), list(set, "and"))),
        },
        Rule::AtLeastOne(names) => match all_present(names).as_slice() {
            [] => broken(format!("at least one of {} is required", list(names, "and"))),
            _ => Ok(()),
        },
        Rule::AtMostOne(names) => match all_present(names).as_slice() {
            [] | [_] => Ok(()),
            set => broken(format!("only one of {} may be set, not {}", list(names, "and"), list(set, "and"))),
        },
        Rule::When { conditions, require, forbid } => {
            let Some(reason) = holds(conditions, lookup) else {
                return Ok(());
            };
            if let Some(name) = require.iter().find(|name| !present(name)) {
                let fault = Fault::new(format!("`{name}` is required when {reason}"));
                return Err(fault.field(name));
            }
            match forbid.iter().find(|name| present(name)) {
                Some(name) => {
                    let fault = Fault::new(format!("`{name}` must not be set when {reason}"));
                    Err(fault.field(name))
                }
                None => Ok(()),
            }
        }
    }
}

/// Whether all conditions hold, in words: `` `order_type` is LIMIT``.
fn holds<'a>(
    conditions: &[(&'static str, &'static [&'static str])],
    lookup: &dyn Fn(&str) -> View<'a>,
) -> Option<String> {
    let words: Option<Vec<String>> = conditions
        .iter()
        .map(|(name, values)| {
            let view = lookup(name);
            let text = scalar(view, &Encoding::TEXT)?;
            values.contains(&text.as_ref()).then(|| format!("`{name}` is {text}"))
        })
        .collect();
    words.map(|words| words.join(" and "))
}

/// `` `a`, `b` and `c` ``
fn list(names: &[&str], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}
