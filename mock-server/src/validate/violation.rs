//! What can be wrong with a request.

use std::fmt;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The parameter, or the place in the body: `[0].limit_price`; empty for the body as a whole.
    pub field: String,
    /// What kind of mistake it is.
    pub kind: ViolationKind,
    /// What is wrong, for people: `must be at least 1`.
    pub message: String,
}

/// What kind of mistake a violation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ViolationKind {
    /// Something that must be there is not.
    Required,
    /// A value of another kind: a text where a number belongs.
    Type,
    /// None of the listed values.
    Enum,
    /// A number too small or too great.
    Range,
    /// A text too short or too long, a list with too few or too many items.
    Length,
    /// A text that is not what it stands for: no date, no decimal.
    Format,
    /// Something that the API does not have.
    Unknown,
    /// What must hold between fields does not.
    Rule,
}

impl ViolationKind {
    /// As it stands in an answer: `REQUIRED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "REQUIRED",
            Self::Type => "TYPE",
            Self::Enum => "ENUM",
            Self::Range => "RANGE",
            Self::Length => "LENGTH",
            Self::Format => "FORMAT",
            Self::Unknown => "UNKNOWN",
            Self::Rule => "RULE",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = if self.field.is_empty() { "the body" } else { &self.field };
        write!(f, "{field}: {}", self.message)
    }
}
