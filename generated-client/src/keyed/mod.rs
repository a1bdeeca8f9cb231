//! Submitting rows that carry a key, so that a lost answer never makes an order twice.
//!
//! The key makes a row recognisable. It is filled in before the first attempt, and the same bytes are
//! sent every time. If an attempt ends in doubt, the rows are looked up by their keys. A row that is
//! not found stays [`RowOutcome::Unknown`]: a list can lag and a request can wait in a queue, so that
//! absence cannot be proved.
//!
//! - `rows`: the rows to submit, with their keys.
//! - `evidence`: what a row that the server wrote says of a row that was submitted.
//! - `progress`: what is known of every row of a submission so far.
//! - `lookup`: reading the list, and whether a reading is complete.
//! - `submit`: the order of sending and looking up.
//! - `submission`: the result, and looking up again.

mod evidence;
mod lookup;
mod progress;
mod rows;
mod submission;
mod submit;

pub(crate) use self::rows::Rows;
pub use self::submission::{Row, RowOutcome, Submission};
pub use self::submit::Submitting;
