//! Submits rows with keys, so that a lost response never duplicates an order.
//!
//! The key identifies a row. It is set before the first attempt, and every attempt has the same bytes. If
//! an attempt ends in doubt, the rows are looked up by their keys. A row that is not found stays
//! [`RowOutcome::Unknown`]: a list can lag and a request can wait in a queue, so absence proves nothing.
//!
//! - `rows`: the rows to submit, with their keys.
//! - `evidence`: what a row from the server proves about a submitted row.
//! - `progress`: the state of every row so far.
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
pub use self::submit::SubmissionFuture;
