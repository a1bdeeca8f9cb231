//! Texts that are no value of an enum.

use std::fmt;

/// A text that is not one of an enum's values, as [`FromStr`](std::str::FromStr) of every enum
/// reports it.
///
/// Answers are more tolerant: an open enum keeps what it does not know as
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
