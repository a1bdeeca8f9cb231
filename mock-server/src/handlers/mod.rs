//! What answers calls from a state of its own.
//!
//! Routes, validation and the form of answers come from the spec; what is written by hand here is what a
//! broker does. [`ExchangeHandlers`] knows some operations by name, each a small function in the module of
//! its group, which tells values of fields; the encoder writes them as the spec of the API says. All other
//! operations are answered from the spec alone.

/// Makes a table of the functions that answer the operations of their names.
macro_rules! handlers {
    ($($name:ident),* $(,)?) => {
        pub(super) const HANDLERS: &[(&str, $crate::handlers::context::Handler)] =
            &[$((stringify!($name), $name)),*];
    };
}

mod context;
mod documents;
mod encoder;
mod exchange_handlers;
mod field_values;
mod studio;
mod terms;
#[cfg(test)]
mod tests;
mod trading;

use jiff::civil::{Date, date};

pub(crate) use self::exchange_handlers::ExchangeHandlers;
use crate::call::{Answer, Call};

/// Answers calls from a state of its own.
pub trait StatefulHandlers: Send + Sync {
    /// What a call is answered, or `None` if the answer is to be made from the spec.
    fn answer(&self, call: &Call<'_>) -> Option<Answer>;

    /// Lets happen what has happened by itself, up to what the clock shows. A server asks for it every
    /// second, and when its clock is moved by hand.
    fn advance(&self) {}

    /// Whether there is an account of this identifier, whose activity may be subscribed to.
    fn has_account(&self, account: &str) -> bool {
        let _ = account;
        true
    }
}

/// The entity that holds all accounts.
const ENTITY: i64 = 2_001;

/// The first day that either API knows.
const FIRST_DAY: Date = date(2015, 1, 1);
