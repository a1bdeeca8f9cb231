//! Why a request has no response.

use super::BoxError;
use crate::error::{Delivery, Error, ErrorKind, ErrorResponse};
use crate::headers::Headers;

/// Why there is no answer.
pub(crate) struct TransportError {
    pub(crate) fault: Fault,
    /// `NotSent` only if no connection was given the body of the request, or if the server says by its
    /// protocol that it did not process the request.
    pub(crate) delivery: Delivery,
    /// Status and headers, if it broke only after them.
    pub(crate) head: Option<(u16, Headers)>,
    pub(crate) source: Option<BoxError>,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The library refused the request; nothing was sent.
    Refused,
    /// There was no connection; nothing was sent.
    Connect,
    /// The time was up.
    Timeout,
    /// The connection broke.
    Broken,
    /// The answer is larger than allowed.
    TooLarge,
    /// The answer has more headers than allowed, so that not even its status is known.
    HeadTooLarge,
    /// The answer is not compressed as it says.
    Corrupt,
}

impl TransportError {
    /// The error that says so; of no operation yet.
    pub(crate) fn into_error(self) -> Error {
        let Self { fault, delivery, head, source } = self;
        let (kind, message) = match fault {
            Fault::Refused => (ErrorKind::Invalid, "the request cannot be sent"),
            Fault::Connect => (ErrorKind::Connect, "there is no connection to the server"),
            Fault::Timeout if delivery == Delivery::NotSent => {
                (ErrorKind::Timeout, "the time was up before the request was sent")
            }
            Fault::Timeout => (ErrorKind::Timeout, "the time was up before the answer was complete"),
            Fault::Broken if delivery == Delivery::NotSent => {
                (ErrorKind::Connection, "the server closed the connection and did not process the request")
            }
            Fault::Broken => (ErrorKind::Connection, "the connection broke before the answer was complete"),
            Fault::HeadTooLarge => (
                ErrorKind::TooLarge,
                "the answer has more than 1,000 headers, or headers of more than 256 KiB",
            ),
            Fault::TooLarge => (ErrorKind::TooLarge, "the answer is larger than the client accepts"),
            Fault::Corrupt => (ErrorKind::Response, "the answer is not compressed as it says"),
        };
        let error = Error::new(kind, message).caused_by(source);
        match head {
            Some((status, headers)) => {
                let known =
                    if delivery == Delivery::Answered { Delivery::of_status(status) } else { delivery };
                error.delivered(known).answered(ErrorResponse::head(status, headers))
            }
            None => error.delivered(delivery),
        }
    }
}
