//! What an answer means.

use super::framed::Framed;
use super::{Metadata, Parts};
use crate::api::{Api, Frame};
use crate::authentication::Credentials;
use crate::error::{ApiError, Delivery, Error, ErrorKind, Received, Result, excerpt};
use crate::headers::Headers;
use crate::operation::{Operation, Repeat};
use crate::record::{self, DecodeError, Value, View};
use crate::transport::HttpResponse;

/// Reads the answer to an operation: its result into `data`, all else into what is returned.
pub(crate) fn read(
    operation: &Operation,
    response: HttpResponse,
    credentials: &Credentials,
    data: &mut dyn Value,
) -> Result<Parts> {
    let mut framed = Framed::new(operation.api, (!operation.answer.is_nothing()).then_some(data));
    match receive(&mut framed, response.status, &response.body) {
        Ok(()) => {}
        // Nothing in the answer is needed: its status says all.
        Err(Fault::Undecodable(_)) if operation.answer.is_nothing() => framed.forget(),
        Err(fault) => return Err(failure(operation, response, credentials, fault)),
    }
    let Framed { error, metadata, .. } = framed;
    let HttpResponse { status, headers, body } = response;
    // What an error repeats of the secret must not be shown, whatever else succeeded.
    let error = match error {
        Some(_) => explanation(operation.api, &credentials.scrub(body.clone())).0,
        None => None,
    };
    let mut metadata = metadata.unwrap_or_default();
    if metadata.request_id.is_none() {
        metadata.request_id = headers.get(REQUEST_ID).map(str::to_owned);
    }
    Ok(Parts { status, headers, metadata, error, body })
}

const REQUEST_ID: &str = "x-request-id";

/// Why an answer is no success.
enum Fault {
    /// By its status, or by the error in it.
    Refused,
    /// It should have a body.
    Empty,
    /// It should have a result.
    NoResult,
    /// It is not what it should be.
    Undecodable(DecodeError),
}

impl Fault {
    /// Without the secret, in case that it stands where something else was expected.
    fn scrubbed(self, credentials: &Credentials) -> Self {
        let clean =
            |text: String| String::from_utf8_lossy(&credentials.scrub(text.into_bytes())).into_owned();
        match self {
            Self::Undecodable(error) => {
                Self::Undecodable(DecodeError { path: clean(error.path), message: clean(error.message) })
            }
            other => other,
        }
    }
}

/// Takes the answer of a request that succeeded; else says why it did not.
fn receive(framed: &mut Framed<'_>, status: u16, body: &[u8]) -> Result<(), Fault> {
    if !is_success(status) {
        return Err(Fault::Refused);
    }
    if framed.needs_no_body() {
        return Ok(());
    }
    let optional = framed.data_is_optional();
    if body.is_empty() {
        return if optional { Ok(()) } else { Err(Fault::Empty) };
    }
    framed.decode(body).map_err(Fault::Undecodable)?;
    match &framed.error {
        _ if framed.has_data() => Ok(()),
        Some(_) => Err(Fault::Refused),
        None if optional => Ok(()),
        None => Err(Fault::NoResult),
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// The error of a request that was answered, but not with success.
fn failure(operation: &Operation, response: HttpResponse, credentials: &Credentials, fault: Fault) -> Error {
    let HttpResponse { status, headers, body } = response;
    let (body, fault) = (credentials.scrub(body), fault.scrubbed(credentials));
    let (error, metadata) = explanation(operation.api, &body);
    let request_id = metadata.request_id.or_else(|| headers.get(REQUEST_ID).map(str::to_owned));
    let received = Received { status, headers, body, request_id, error };
    let accepted = accepts(operation, status) && !matches!(fault, Fault::Refused);
    let unreadable = if accepted { ErrorKind::AcceptedUnreadable } else { ErrorKind::Response };
    complain(fault, unreadable, &received).operating(operation).delivered(delivery(status)).answered(received)
}

/// Whether this status says that the server has done something.
pub(crate) fn accepts(operation: &Operation, status: u16) -> bool {
    is_success(status) && operation.repeat != Repeat::Read
}

/// The head of an answer whose body is of no use.
pub(crate) fn head(status: u16, headers: Headers) -> Received {
    let request_id = headers.get(REQUEST_ID).map(str::to_owned);
    Received { status, headers, request_id, ..Received::default() }
}

/// A server that failed, or a gateway that has no answer, may have done it nevertheless.
pub(crate) fn delivery(status: u16) -> Delivery {
    match status {
        408 | 500.. => Delivery::MaybeSent,
        _ => Delivery::Answered,
    }
}

/// The error of a fault; `unreadable` is the kind of those that are not the server's.
fn complain(fault: Fault, unreadable: ErrorKind, received: &Received) -> Error {
    match fault {
        Fault::Refused if (300..400).contains(&received.status) => {
            Error::new(ErrorKind::Api, "the server redirects elsewhere, which is not followed")
        }
        Fault::Refused => {
            let message =
                with_excerpt("the server answered with an error that it does not explain", received);
            Error::new(ErrorKind::Api, message)
        }
        Fault::Empty => incomplete(unreadable, "body"),
        Fault::NoResult => incomplete(unreadable, "result"),
        Fault::Undecodable(error) if received.body.trim_ascii_start().starts_with(b"{") => {
            undecodable(unreadable, error)
        }
        Fault::Undecodable(_) => {
            Error::new(unreadable, with_excerpt("the answer is no JSON object", received))
        }
    }
}

fn incomplete(kind: ErrorKind, part: &str) -> Error {
    Error::new(kind, format!("the answer has no {part}"))
}

fn undecodable(kind: ErrorKind, error: DecodeError) -> Error {
    Error::new(kind, error.message).at(error.path)
}

/// With the beginning of the body and what it is said to be.
fn with_excerpt(what: &str, received: &Received) -> String {
    let kind = received.headers.get("content-type").unwrap_or("unknown content type");
    match excerpt(&received.body) {
        body if body.is_empty() => format!("{what}, without a body"),
        body => format!("{what} ({kind}): {body}"),
    }
}

/// What a body says about the error: in the envelope, or, as some servers in between do, by itself.
fn explanation(api: &'static Api, body: &[u8]) -> (Option<ApiError>, Metadata) {
    if matches!(api.frame, Frame::Bare(_)) {
        return (bare(api, body), Metadata::default());
    }
    let mut framed = Framed::new(api, None);
    if framed.decode(body).is_err() {
        return (None, Metadata::default());
    }
    let unexplained = framed.is_foreign() || framed.error.as_ref().is_some_and(ApiError::is_empty);
    let bare = if unexplained { bare(api, body) } else { None };
    (bare.or(framed.error), framed.metadata.unwrap_or_default())
}

/// An error without an envelope: as the API writes its own, or else as most do.
fn bare(api: &Api, body: &[u8]) -> Option<ApiError> {
    let decoded = |mut error: ApiError| {
        record::decode(body, error.slot()).ok()?;
        (!error.is_empty()).then_some(error)
    };
    let problem = match api.frame {
        Frame::Envelope(_) => None,
        Frame::Bare(_) => decoded(ApiError::blank_problem()),
    };
    problem.or_else(|| decoded(ApiError::blank()))
}

/// Reads the result's rows out of the body of an error; false if it has none.
pub(crate) fn read_rows(api: &'static Api, body: &[u8], data: &mut dyn Value) -> Result<bool> {
    if matches!(api.frame, Frame::Bare(_)) {
        return Ok(false);
    }
    let mut framed = Framed::new(api, Some(data));
    framed.decode(body).map_err(|error| undecodable(ErrorKind::Response, error))?;
    Ok(framed.has_data())
}

impl Operation {
    /// Decodes a recorded body as this operation's answer with this status, and encodes it again.
    ///
    /// What is in the body and not in what is returned is what this crate does not know. The
    /// statuses of success and those of [`rows`](Self::rows) have the operation's result, all
    /// others the server's error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Response`] with the JSON path of what is not as the specification says.
    ///
    /// ```no_run
    /// # fn replay(operation: &clear_street::operation::Operation) -> clear_street::Result<()> {
    /// let body = std::fs::read("orders.json").unwrap_or_default();
    /// println!("{}", String::from_utf8_lossy(&operation.recode(200, &body)?));
    /// # Ok(()) }
    /// ```
    pub fn recode(&self, status: u16, body: &[u8]) -> Result<Vec<u8>> {
        let has_result = is_success(status) || self.rows.contains(&status);
        let mut value = self.answer.blank();
        let place = (has_result && !self.answer.is_nothing()).then_some(&mut *value);
        let mut framed = Framed::new(self.api, place);
        if body.is_empty() && !is_success(status) {
            return Ok(Vec::new());
        }
        if matches!(self.api.frame, Frame::Bare(_)) && !has_result {
            let error = bare(self.api, body)
                .ok_or_else(|| incomplete(ErrorKind::Response, "explanation").operating(self))?;
            return encode(self, error.view());
        }
        let received = match is_success(status) {
            true => receive(&mut framed, status, body),
            false => framed.decode(body).map_err(Fault::Undecodable),
        };
        match received {
            // A success that is an error is recorded as it came.
            Ok(()) | Err(Fault::Refused) => {}
            Err(Fault::Empty) => return Err(incomplete(ErrorKind::Response, "body").operating(self)),
            Err(Fault::NoResult) => return Err(incomplete(ErrorKind::Response, "result").operating(self)),
            Err(Fault::Undecodable(error)) => {
                return Err(undecodable(ErrorKind::Response, error).operating(self));
            }
        }
        if body.is_empty() || framed.needs_no_body() {
            return Ok(body.to_vec());
        }
        match framed.is_foreign().then(|| bare(self.api, body)).flatten() {
            Some(error) => encode(self, error.view()),
            None => encode(self, framed.view()),
        }
    }
}

fn encode(operation: &Operation, view: View<'_>) -> Result<Vec<u8>> {
    record::encode(view, operation.api.encoding).map_err(|invalid| {
        Error::new(ErrorKind::Response, invalid.message).at(invalid.path).operating(operation)
    })
}
