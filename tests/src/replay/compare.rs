//! Whether a value survived a decode and an encode.
//!
//! Null and absent are the same; decimals, instants and durations compare by value, because the
//! same value can be written in several ways.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::tree::Tree;

/// A value that did not survive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// JSON path: `$.data[0].price`.
    pub path: String,
    /// What was recorded.
    pub before: String,
    /// What came out.
    pub after: String,
}

/// All differences between a recorded value and what came out.
pub fn differences(before: &Tree, after: &Tree) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("$", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Tree, after: &Tree, found: &mut Vec<Difference>) {
    match (before, after) {
        (Tree::Object(before), Tree::Object(after)) => {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                let before = before.get(key).unwrap_or(&Tree::Null);
                let after = after.get(key).unwrap_or(&Tree::Null);
                compare(&format!("{path}.{key}"), before, after, found);
            }
        }
        (Tree::List(before), Tree::List(after)) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                compare(&format!("{path}[{index}]"), before, after, found);
            }
        }
        _ if same_scalar(before, after) => {}
        _ => {
            found.push(Difference { path: path.to_owned(), before: before.summary(), after: after.summary() })
        }
    }
}

fn same_scalar(before: &Tree, after: &Tree) -> bool {
    if before == after {
        return true;
    }
    let (Some(before), Some(after)) = (text(before), text(after)) else {
        return false;
    };
    match (decimal(before), decimal(after)) {
        (Some(before), Some(after)) => return before == after,
        (None, None) => {}
        _ => return false,
    }
    let instants = (before.parse::<jiff::Timestamp>(), after.parse::<jiff::Timestamp>());
    if let (Ok(before), Ok(after)) = instants {
        return before == after;
    }
    matches!((duration(before), duration(after)), (Some(before), Some(after)) if before == after)
}

fn text(tree: &Tree) -> Option<&str> {
    match tree {
        Tree::Number(text) | Tree::Text(text) => Some(text),
        _ => None,
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

fn duration(text: &str) -> Option<jiff::SignedDuration> {
    let span: jiff::Span = text.parse().ok()?;
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_the_same() {
        let cases = [
            (r#"{"a":null}"#, r#"{}"#),
            (r#"{"a":1.50}"#, r#"{"a":"1.5"}"#),
            (r#"["1.500"]"#, r#"["1.5"]"#),
            (r#""2025-10-31T10:00:00-04:00""#, r#""2025-10-31T14:00:00Z""#),
            (r#""PT60M""#, r#""PT1H""#),
            (r#"9007199254740993"#, r#"9007199254740993"#),
        ];
        for (before, after) in cases {
            let found = differences(&Tree::parse(before).unwrap(), &Tree::parse(after).unwrap());
            assert_eq!(found, [], "{before} and {after}");
        }
    }

    #[test]
    fn values_that_differ() {
        let cases = [
            (r#"{"a":{"b":[1,2]}}"#, r#"{"a":{"b":[1,3]}}"#, "$.a.b[1]"),
            (r#"{"a":[1]}"#, r#"{"a":[]}"#, "$.a"),
            (r#"{"a":[]}"#, r#"{}"#, "$.a"),
            (r#"9007199254740993"#, r#"9007199254740992"#, "$"),
            (r#""NEW""#, r#""FILLED""#, "$"),
            (r#"true"#, r#""true""#, "$"),
            (r#""2025-10-31T10:00:00.000000001Z""#, r#""2025-10-31T10:00:00Z""#, "$"),
        ];
        for (before, after, path) in cases {
            let found = differences(&Tree::parse(before).unwrap(), &Tree::parse(after).unwrap());
            assert_eq!(found.len(), 1, "{before} and {after}");
            assert_eq!(found[0].path, path);
        }
    }
}
