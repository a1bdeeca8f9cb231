//! Reads responses: a result, or an error.

use std::borrow::Cow;

use super::framed::ResponseBody;
use super::{Metadata, Parts};
use crate::api::{Api, Frame};
use crate::authentication::Credentials;
use crate::error::{ApiError, Delivery, Error, ErrorKind, ErrorResponse, Result};
use crate::error::{REQUEST_ID, SHORT, excerpt, redirection, shown, shown_up_to};
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
    let mut framed = ResponseBody::new(operation.api, (!operation.answer.is_nothing()).then_some(data));
    match receive(&mut framed, response.status, &response.body) {
        Ok(()) => {}
        // Nothing in the answer is needed: its status says all.
        Err(Fault::Undecodable(_)) if operation.answer.is_nothing() => framed.forget(),
        Err(fault) => return Err(failure(operation, response, credentials, fault)),
    }
    let ResponseBody { error, metadata, .. } = framed;
    let HttpResponse { status, headers, body } = response;
    // What an error repeats of a secret must not be shown, whatever else succeeded.
    let error = error.and_then(|error| match credentials.scrub(&body) {
        Cow::Borrowed(_) => Some(error.bounded()),
        Cow::Owned(clean) => explanation(operation.api, &clean).0,
    });
    let mut metadata = metadata.unwrap_or_default();
    metadata.request_id = request_id(metadata.request_id, &headers, credentials);
    Ok(Parts { status, headers, metadata, error, body })
}

/// The request's number such that it may be shown: from the metadata, or else from the headers.
fn request_id(found: Option<String>, headers: &Headers, credentials: &Credentials) -> Option<String> {
    let id = found.or_else(|| headers.get(REQUEST_ID).map(str::to_owned))?;
    let clean = credentials.scrub_text(&id);
    match shown_up_to(&clean, SHORT) {
        Cow::Borrowed(shown) if shown.len() == id.len() => Some(id),
        shown => Some(shown.into_owned()),
    }
}

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

/// Takes the answer of a request that succeeded; else says why it did not.
fn receive(framed: &mut ResponseBody<'_>, status: u16, body: &[u8]) -> Result<(), Fault> {
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
    let (body, fault) = match credentials.scrub(&body) {
        Cow::Borrowed(_) => (body, fault),
        Cow::Owned(clean) => {
            let fault = again(operation, status, &clean, fault);
            (clean, fault)
        }
    };
    let headers = scrubbed(headers, credentials);
    let is_redirect = (300..400).contains(&status);
    let (error, metadata) =
        if is_redirect { (None, Metadata::default()) } else { explanation(operation.api, &body) };
    let request_id = request_id(metadata.request_id, &headers, credentials);
    let received = ErrorResponse { status, headers, body, request_id, error };
    let accepted = accepts(operation, status) && !matches!(fault, Fault::Refused);
    let unreadable = if accepted { ErrorKind::AcceptedUnreadable } else { ErrorKind::Response };
    complain(fault, unreadable, &received)
        .operating(operation)
        .delivered(Delivery::of_status(status))
        .answered(received)
}

/// The same fault in a body without secrets. It quotes what was found, perhaps only the beginning of
/// it: what is left of a secret then cannot be recognised any more.
fn again(operation: &Operation, status: u16, body: &[u8], fault: Fault) -> Fault {
    if !matches!(fault, Fault::Undecodable(_)) {
        return fault;
    }
    let mut value = operation.answer.blank();
    match receive(&mut ResponseBody::new(operation.api, Some(&mut *value)), status, body) {
        Err(Fault::Undecodable(error)) => Fault::Undecodable(error),
        _ => Fault::Undecodable(DecodeError {
            path: "$".to_owned(),
            message: "the answer cannot be read, and holds a secret that is not shown".to_owned(),
        }),
    }
}

fn scrubbed(headers: Headers, credentials: &Credentials) -> Headers {
    let is_clean = |(_, value): (&str, &str)| matches!(credentials.scrub_text(value), Cow::Borrowed(_));
    if headers.iter().all(is_clean) {
        return headers;
    }
    headers.iter().map(|(name, value)| (name, credentials.scrub_text(value))).collect()
}

/// Whether this status says that the server has done something.
pub(crate) fn accepts(operation: &Operation, status: u16) -> bool {
    is_success(status) && operation.repeat != Repeat::Read
}

/// The error of a fault; `unreadable` is the kind of those that are not the server's.
fn complain(fault: Fault, unreadable: ErrorKind, received: &ErrorResponse) -> Error {
    match fault {
        Fault::Refused if (300..400).contains(&received.status) => {
            Error::new(ErrorKind::Api, redirection(&received.headers))
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
    Error::new(kind, shown(&error.message)).at(shown_up_to(&error.path, SHORT))
}

/// With the beginning of the body and what it is said to be.
fn with_excerpt(what: &str, received: &ErrorResponse) -> String {
    let kind = received.headers.get("content-type").unwrap_or("unknown content type");
    let kind = shown_up_to(kind, SHORT);
    match excerpt(&received.body) {
        body if body.is_empty() => format!("{what}, without a body"),
        body => format!("{what} ({kind}): {body}"),
    }
}

/// What a body says about the error: in the envelope, or, as some servers in between do, by itself.
fn explanation(api: &'static Api, body: &[u8]) -> (Option<ApiError>, Metadata) {
    if matches!(api.frame, Frame::Bare(_)) {
        return (bare(api, body).map(ApiError::bounded), Metadata::default());
    }
    let mut framed = ResponseBody::new(api, None);
    if framed.decode(body).is_err() {
        return (None, Metadata::default());
    }
    let unexplained = framed.is_foreign() || framed.error.as_ref().is_some_and(ApiError::is_empty);
    let bare = if unexplained { bare(api, body) } else { None };
    (bare.or(framed.error).map(ApiError::bounded), framed.metadata.unwrap_or_default())
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

impl Error {
    /// The rows that some operations answer with an error, one for each row sent.
    ///
    /// `T` is the operation's result type. None if the answer has no rows.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Response`] if the rows are there but are no `T`.
    pub fn data<T: Value>(&self) -> Result<Option<T>> {
        let (Some(api), Some(body)) = (self.api(), self.body()) else { return Ok(None) };
        let mut data = T::blank();
        Ok(read_rows(api, body, &mut data)?.then_some(data))
    }
}

/// Reads the result's rows out of the body of an error; false if it has none.
fn read_rows(api: &'static Api, body: &[u8], data: &mut dyn Value) -> Result<bool> {
    if matches!(api.frame, Frame::Bare(_)) {
        return Ok(false);
    }
    let mut framed = ResponseBody::new(api, Some(data));
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
        let mut framed = ResponseBody::new(self.api, place);
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
