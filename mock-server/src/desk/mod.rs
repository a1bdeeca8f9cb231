//! What answers calls from a state of its own.

use crate::call::{Answer, Call};

/// Answers calls from a state of its own.
pub trait Desk: Send + Sync {
    /// What a call is answered, or `None` if the answer is to be made from the spec.
    fn answer(&self, call: &Call<'_>) -> Option<Answer>;

    /// Whether there is an account of this identifier, whose activity may be subscribed to.
    fn has_account(&self, account: &str) -> bool {
        let _ = account;
        true
    }
}
