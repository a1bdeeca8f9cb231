//! Strings that are not a value of an enum.

use std::fmt;

/// A string that is not a value of an enum: the error of every enum's [`FromStr`](std::str::FromStr).
///
/// Responses are more tolerant: an open enum keeps an unknown value as
/// [`Unrecognized`](crate::Unrecognized).
///
/// ```
/// use clear_street::trading::orders::Side;
///
/// assert_eq!("BUY".parse(), Ok(Side::Buy));
/// assert_eq!("HOLD".parse::<Side>().unwrap_err().to_string(), "`HOLD` is no `Side`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotListed {
    name: &'static str,
    text: Box<str>,
}

impl NotListed {
    /// `name` is that of the enum.
    pub(crate) fn new(name: &'static str, text: &str) -> Self {
        Self { name, text: text.into() }
    }
}

impl fmt::Display for NotListed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no `{}`", self.text, self.name)
    }
}

impl std::error::Error for NotListed {}
