//! What the outcome of one attempt says.

use crate::error::{Delivery, Error, Result};
use crate::record::Value;
use crate::response::Response;

/// What the outcome of one attempt says.
pub(super) enum Verdict<T> {
    /// The server answered rows, with success or in part.
    Rows(Response<Vec<T>>),
    /// The server refused all of it, and said so in each row.
    Refusal(Vec<T>, Error),
    /// It had no effect.
    Nothing(Error),
    /// It may have had its effect.
    Doubt(Error, Again),
}

/// Whether the same may be sent once more if it is nowhere to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Yes,
    /// The server had it and answered: it would answer the same again.
    No,
}

impl<T: Value> Verdict<T> {
    pub(super) fn new(outcome: Result<Response<Vec<T>>>) -> Self {
        let error = match outcome {
            Ok(response) => return Self::Rows(response),
            Err(error) => error,
        };
        match (error.delivery(), error.status()) {
            (Delivery::NotSent, _) => Self::Nothing(error),
            (Delivery::MaybeSent, None | Some(..=299 | 502 | 504)) => Self::Doubt(error, Again::Yes),
            (_, status) => Self::answered(error, status.unwrap_or_default()),
        }
    }

    fn answered(error: Error, status: u16) -> Self {
        if status >= 300
            && let Ok(Some(rows)) = error.data::<Vec<T>>()
            && !rows.is_empty()
        {
            return Self::Refusal(rows, error);
        }
        match status {
            // A server that fails does not know what it did; a success that cannot be read is one.
            200..300 | 408 | 500.. => Self::Doubt(error, Again::No),
            _ => Self::Nothing(error),
        }
    }
}
