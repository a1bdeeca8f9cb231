//! How a stream ends, and what is missing in it, as errors of this crate.

use std::fmt;

use super::machine::{Failure, Gap, GapReason, State};
use crate::error::{Error, ErrorKind};

/// The end of a stream.
pub(super) fn ended(failure: Failure) -> Error {
    Error::new(ErrorKind::Stream, format!("the stream has ended: {failure}"))
        .caused_by(Some(Box::new(failure)))
}

/// Messages that will not come, where all are wanted.
pub(super) fn missing(gap: Gap) -> Error {
    Error::new(ErrorKind::Gap, gap.to_string()).caused_by(Some(Box::new(gap)))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthorized(words) => return write!(f, "the credentials or the account were refused: {words}"),
            Self::Certificate => "the server's certificate is not trusted",
            Self::TooLarge => "the server keeps sending messages above the size limit",
            Self::GaveUp => "it was not live within the attempts or the time that were set",
        })
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("messages are missing")?;
        if let Some(after) = self.after {
            write!(f, " after {after}")?;
        }
        if let Some(before) = self.before {
            write!(f, " before {before}")?;
        }
        f.write_str(match self.reason {
            GapReason::NotInReplay => ": the server's replay does not contain them",
            GapReason::TooOld => ": the server's replay contains more old messages than were delivered",
            GapReason::NumbersBeganAnew => ": the server numbers its messages anew",
        })
    }
}

impl std::error::Error for Gap {}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::Replaying => "replaying",
            Self::Live => "live",
            Self::Recovering => "recovering",
            Self::Waiting => "waiting for the next attempt to connect",
            Self::Closed => "closed",
            Self::Failed => "failed",
        })
    }
}
