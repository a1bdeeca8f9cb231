//! What the server adds to the message of an error.

use std::collections::BTreeMap;
use std::fmt;

use super::shown;
use super::text::bound;
use crate::Json;
use crate::models::record;
use crate::record::{self, Value};

/// What the server adds to the message of an error.
///
/// ```
/// use clear_street::{Error, ErrorDetail};
///
/// fn explain(error: &Error) {
///     for detail in error.details() {
///         match detail {
///             ErrorDetail::Violation(violation) => println!("correct this: {violation}"),
///             ErrorDetail::Info(info) => println!("{} of {:?}", info.reason, info.domain),
///             other => println!("{other}"),
///         }
///     }
/// }
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ErrorDetail {
    /// A part of the request breaks a rule.
    Violation(Violation),
    /// Why it failed, for programs.
    Info(ErrorInfo),
    /// Anything else, unchanged.
    Other(Json),
}

/// A part of a request that breaks a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The kind of rule: the property `type`.
    pub kind: Option<String>,
    /// The part that breaks it, such as a field.
    pub subject: Option<String>,
    /// How it breaks it, for people.
    pub description: Option<String>,
}

/// Why a request failed, for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorInfo {
    /// Where the reason is defined.
    pub domain: Option<String>,
    /// The reason: the same text for the same cause.
    pub reason: String,
    /// Additional values, at most 8 KiB.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl ErrorDetail {
    /// The details in this JSON: a list of them, or one.
    pub(super) fn all(json: &Json) -> Vec<Self> {
        let mut details = Vec::<Json>::blank();
        match record::decode(json.text().as_bytes(), details.slot()) {
            Ok(()) => details.into_iter().map(Self::new).collect(),
            Err(_) => vec![Self::new(json.clone())],
        }
    }

    fn new(json: Json) -> Self {
        if let Some(violation) = read(&json, |violation: &Violation| violation.is_one()) {
            Self::Violation(violation.bounded())
        } else if let Some(info) = read(&json, |info: &ErrorInfo| !info.reason.is_empty()) {
            Self::Info(info.bounded())
        } else {
            Self::Other(json)
        }
    }
}

/// The JSON as a `T`, if it is one.
fn read<T: Value>(json: &Json, is_one: impl Fn(&T) -> bool) -> Option<T> {
    let mut value = T::blank();
    record::decode(json.text().as_bytes(), value.slot()).ok()?;
    is_one(&value).then_some(value)
}

/// All names and values of an error's metadata together, in bytes; more of them are dropped.
const LONGEST_METADATA: usize = 8192;

impl ErrorInfo {
    fn bounded(mut self) -> Self {
        bound(&mut self.domain);
        self.reason = shown(&self.reason).into_owned();
        self.metadata = self.metadata.map(bounded);
        self
    }
}

impl Violation {
    fn bounded(mut self) -> Self {
        for text in [&mut self.kind, &mut self.subject, &mut self.description] {
            bound(text);
        }
        self
    }

    fn is_one(&self) -> bool {
        [&self.subject, &self.description].into_iter().flatten().any(|text| !text.is_empty())
    }
}

impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Info(info) => info.fmt(f),
            Self::Other(json) => f.write_str(&shown(json.text())),
        }
    }
}

impl fmt::Debug for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&match self {
            Self::Violation(violation) => format!("{violation:?}"),
            Self::Info(info) => format!("{info:?}"),
            Self::Other(json) => format!("Other({})", json.text()),
        }))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.subject, &self.description, &self.kind];
        let mut parts = parts.into_iter().flatten().filter(|text| !text.is_empty());
        let mut text = parts.next().cloned().unwrap_or_default();
        text.extend(parts.next().map(|part| format!(": {part}")));
        text.extend(parts.next().map(|part| format!(" ({part})")));
        f.write_str(&shown(&text))
    }
}

impl fmt::Display for ErrorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.reason.clone();
        text.extend(
            self.domain.iter().filter(|domain| !domain.is_empty()).map(|domain| format!(" ({domain})")),
        );
        text.extend(self.metadata.iter().flatten().map(|(name, value)| format!(", {name}: {value}")));
        f.write_str(&shown(&text))
    }
}

/// The metadata of an error as far as it may be shown.
fn bounded(metadata: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut left = LONGEST_METADATA;
    let mut fits = |length: usize| {
        left = left.saturating_sub(length);
        left > 0
    };
    let entries = metadata.into_iter();
    let entries = entries.map(|(name, value)| (shown(&name).into_owned(), shown(&value).into_owned()));
    entries.take_while(|(name, value)| fits(name.len() + value.len())).collect()
}

record! { plain Violation { kind: "type" optional, subject: "subject" optional, description: "description" optional } }
record! { plain ErrorInfo { domain: "domain" optional, reason: "reason", metadata: "metadata" optional } }

#[cfg(test)]
mod tests {
    use super::*;

    fn details(json: &str) -> Vec<ErrorDetail> {
        ErrorDetail::all(&json.parse().unwrap())
    }

    #[test]
    fn details_are_told_apart_by_what_they_have() {
        let found = details(
            r#"[
                {"type": "RANGE", "subject": "quantity", "description": "must be positive", "new": 1},
                {"subject": "price"},
                {"@type": "x", "domain": "orders", "reason": "HALTED", "metadata": {"symbol": "A", "level": 2}},
                {"reason": "CLOSED", "metadata": null},
                {"retry_delay": "3s"},
                {"subject": {"field": "price"}},
                {"domain": "orders"},
                "text",
                null,
                [1]
            ]"#,
        );
        let [range, price, halted, closed, others @ ..] = found.as_slice() else { panic!("{found:?}") };
        let violation = |kind: Option<&str>, subject: &str, description: Option<&str>| {
            ErrorDetail::Violation(Violation {
                kind: kind.map(str::to_owned),
                subject: Some(subject.to_owned()),
                description: description.map(str::to_owned),
            })
        };
        assert_eq!(*range, violation(Some("RANGE"), "quantity", Some("must be positive")));
        assert_eq!(*price, violation(None, "price", None));
        let metadata = [("symbol", "A"), ("level", "2")].map(|(name, value)| (name.into(), value.into()));
        let (domain, reason) = (Some("orders".to_owned()), "HALTED".to_owned());
        assert_eq!(*halted, ErrorDetail::Info(ErrorInfo { domain, reason, metadata: Some(metadata.into()) }));
        assert!(matches!(closed, ErrorDetail::Info(info) if info.reason == "CLOSED"));
        assert!(others.iter().all(|other| matches!(other, ErrorDetail::Other(_))), "{others:?}");
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "quantity: must be positive (RANGE)",
                "price",
                "HALTED (orders), level: 2, symbol: A",
                "CLOSED",
                r#"{"retry_delay": "3s"}"#,
                r#"{"subject": {"field": "price"}}"#,
                r#"{"domain": "orders"}"#,
                r#""text""#,
                "null",
                "[1]",
            ]
        );
    }

    #[test]
    fn what_is_no_list_is_one_detail() {
        assert_eq!(details("[]"), []);
        assert!(matches!(&details(r#"{"reason": "HALTED"}"#)[..], [ErrorDetail::Info(_)]));
        assert!(matches!(&details("7")[..], [ErrorDetail::Other(_)]));
    }
}
