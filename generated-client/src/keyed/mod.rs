//! Submitting rows that carry a key of the caller's, so that a lost answer never makes an order twice.
//!
//! The key is what makes a row recognisable: it is filled in before the first attempt, and the same
//! bytes are sent every time. When an attempt ends in doubt, the rows are looked for by their keys;
//! only what is nowhere is sent once more; and what stays in doubt is called unknown. It is not
//! documented what the server answers to a key that it has seen already, so nothing follows from
//! that answer but that the rows must be looked for.
//!
//! - `rows`: the rows to submit, with their keys.
//! - `submit`: the order of sending and looking.
//! - `verdict`: what the outcome of one attempt says.
//! - `submission`: what the caller gets, and looking again.
//! - `read_back`: what is to be known of a kind of row; written by hand for each.

mod read_back;
mod rows;
mod submission;
mod submit;
mod verdict;

pub(crate) use self::read_back::ReadBack;
pub(crate) use self::rows::Rows;
pub use self::submission::{Row, RowOutcome, Submission};
pub use self::submit::Submitting;
