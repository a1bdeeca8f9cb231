//! What answers calls from a state of its own.
//!
//! Routes, validation and shapes come from the spec; what is written by hand here is what a broker does.
//! [`BookDesk`] knows some operations by name, each a small function in the module of its group, and
//! tells facts, which `shape` writes as the spec of the API says. All other operations are answered from
//! the spec alone.

mod book_desk;
mod documents;
mod fact;
mod shape;
mod studio;
#[cfg(test)]
mod tests;
mod trading;
mod visit;

pub use self::book_desk::BookDesk;
use crate::call::{Answer, Call};

/// Answers calls from a state of its own.
pub trait Desk: Send + Sync {
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

/// Who holds all accounts.
const ENTITY: i64 = 2_001;

/// What Studio calls the number of an account, beside the digits that are its identifier there.
fn account_name(number: i64) -> String {
    format!("CS{number:08}")
}

/// The number of an account in either of Studio's ways.
fn account_number(name: &str) -> Option<i64> {
    name.strip_prefix("CS").unwrap_or(name).parse().ok()
}
