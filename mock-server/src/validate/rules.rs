//! What must hold between fields.

use clear_street_spec::ir::Rule;
use serde_json::{Map, Value};

/// Whether a field is there: null is as good as absent.
pub(crate) fn is_present(values: &Map<String, Value>, name: &str) -> bool {
    values.get(name).is_some_and(|value| !value.is_null())
}

/// Whether all conditions of a rule hold.
pub(crate) fn applies(conditions: &[(String, Vec<String>)], values: &Map<String, Value>) -> bool {
    conditions.iter().all(|(name, wanted)| {
        values.get(name).is_some_and(|value| match value {
            Value::String(text) => wanted.contains(text),
            other => wanted.contains(&other.to_string()),
        })
    })
}

/// The fields that break a rule, each with what is wrong.
pub(super) fn broken(rule: &Rule, values: &Map<String, Value>) -> Vec<(String, String)> {
    let present = |fields: &[String]| fields.iter().filter(|name| is_present(values, name)).count();
    let first = |fields: &[String]| fields.first().cloned().unwrap_or_default();
    match rule {
        Rule::ExactlyOne(fields) if present(fields) != 1 => {
            vec![(first(fields), format!("exactly one of {} must be given", fields.join(", ")))]
        }
        Rule::AtLeastOne(fields) if present(fields) == 0 => {
            vec![(first(fields), format!("at least one of {} must be given", fields.join(", ")))]
        }
        Rule::AtMostOne(fields) if present(fields) > 1 => {
            vec![(first(fields), format!("at most one of {} may be given", fields.join(", ")))]
        }
        Rule::When { conditions, require, forbid } if applies(conditions, values) => {
            let told: Vec<_> = conditions.iter().map(|(name, _)| shown(values, name)).collect();
            let told = told.join(" and ");
            let missing = require.iter().filter(|name| !is_present(values, name));
            let excess = forbid.iter().filter(|name| is_present(values, name));
            let missing = missing.map(|name| (name.clone(), format!("is required with {told}")));
            let excess = excess.map(|name| (name.clone(), format!("must not be given with {told}")));
            missing.chain(excess).collect()
        }
        Rule::ExactlyOne(_) | Rule::AtLeastOne(_) | Rule::AtMostOne(_) | Rule::When { .. } => Vec::new(),
    }
}

/// `order_type LIMIT`
fn shown(values: &Map<String, Value>, name: &str) -> String {
    match values.get(name) {
        Some(Value::String(text)) => format!("{name} {text}"),
        Some(other) => format!("{name} {other}"),
        None => name.to_owned(),
    }
}
