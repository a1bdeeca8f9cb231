//! The one error type.

mod body;
mod detail;
mod problem;
mod redact;
mod redirect;
mod retry_after;
mod text;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

pub use self::body::ApiError;
pub use self::detail::{ErrorDetail, ErrorInfo, Violation};
pub use self::problem::ProblemDetails;
pub(crate) use self::redact::{scrub, scrub_text};
pub(crate) use self::redirect::redirection;
pub(crate) use self::retry_after::retry_after;
pub(crate) use self::text::{SHORT, excerpt, shown, shown_up_to};
use crate::api::Api;
use crate::headers::Headers;
use crate::operation::Operation;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something failed: the one error type.
///
/// [`kind`](Self::kind) says what happened, and [`delivery`](Self::delivery) whether the request may have
/// had an effect. The text includes the server's message, at most 2 KiB of it, with control characters
/// escaped. Neither text nor `Debug` contain keys, secrets or tokens.
///
/// ```
/// use clear_street::{Delivery, Error, ErrorKind};
///
/// fn advice(error: &Error) -> &'static str {
///     match (error.kind(), error.delivery()) {
///         (ErrorKind::Invalid, _) => "correct the request",
///         (ErrorKind::Api, _) if error.status() == Some(429) => "slow down",
///         (_, Delivery::NotSent) => "nothing happened: try again",
///         (_, Delivery::MaybeSent) => "look whether it happened before trying again",
///         _ => "read the message",
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    delivery: Delivery,
    api: Option<&'static Api>,
    operation: Option<&'static str>,
    message: String,
    path: Option<String>,
    /// What the caller should know beside the message.
    note: Option<String>,
    answer: Option<ErrorResponse>,
    history: History,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What the server answered, as far as it came.
#[derive(Default)]
pub(crate) struct ErrorResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) request_id: Option<String>,
    pub(crate) error: Option<ApiError>,
}

/// The header with the server's number for a request.
pub(crate) const REQUEST_ID: &str = "x-request-id";

impl ErrorResponse {
    /// The head of a response whose body is unusable.
    pub(crate) fn head(status: u16, headers: Headers) -> Self {
        let request_id = headers.get(REQUEST_ID).map(|id| shown_up_to(id, SHORT).into_owned());
        Self { status, headers, request_id, ..Self::default() }
    }
}

/// What an error says of the attempts before it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct History {
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// Something was deleted, perhaps by an earlier attempt.
    pub(crate) gone: bool,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client cannot be built, for example because of a missing key or an invalid base URL.
    Configuration,
    /// There is no access token; the request was not sent.
    Authentication,
    /// The request breaks a known rule; it was not sent.
    Invalid,
    /// The client's rate limit is exhausted; the request was not sent. See
    /// [`rate_limit`](crate::rate_limit).
    RateLimit,
    /// The client could not connect to the server; nothing was sent.
    Connect,
    /// The time limit passed before the response was complete, or before a stream was live.
    Timeout,
    /// The connection broke before the response was complete.
    Connection,
    /// The server returned an error.
    Api,
    /// The response is not what it should be; [`Error::path`] may say where.
    Response,
    /// The server accepted a write, but the response is empty or cannot be decoded. The write had its
    /// effect: look at the server's state before acting again. [`Error::path`] may say where the fault is;
    /// [`Error::body`] has the response.
    AcceptedUnreadable,
    /// The response is larger than the client accepts.
    TooLarge,
    /// A list cannot be walked: its page tokens do not lead further.
    Paging,
    /// A stream has ended for good. The source of the error, a `stream::Failure`, says why.
    Stream,
    /// Messages of a stream are missing for good, and the caller wanted all of them. The source of the
    /// error, a `stream::Gap`, says which.
    Gap,
}

/// Whether a request reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// No: no byte was written to a connection. The request had no effect.
    NotSent,
    /// Unknown: the request may have had its effect. The connection broke or the time limit passed between
    /// its start and a complete response, or the status says that the server, or a gateway in front of it,
    /// failed (408 and all statuses from 500).
    MaybeSent,
    /// Yes: the server responded with another status.
    Answered,
}

impl Delivery {
    /// A server that failed, or a gateway that has no answer, may have done it nevertheless.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            408 | 500.. => Self::MaybeSent,
            _ => Self::Answered,
        }
    }
}

impl Error {
    /// An error before anything was sent.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            delivery: Delivery::NotSent,
            api: None,
            operation: None,
            message: message.into(),
            path: None,
            note: None,
            answer: None,
            history: History::default(),
            source: None,
        }))
    }

    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn operating(mut self, operation: &Operation) -> Self {
        self.0.api = Some(operation.api);
        self.0.operation = Some(operation.name);
        self
    }

    pub(crate) fn delivered(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    pub(crate) fn at(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(path.into());
        self
    }

    pub(crate) fn noting(mut self, note: String) -> Self {
        self.0.note = Some(note);
        self
    }

    pub(crate) fn answered(mut self, answer: ErrorResponse) -> Self {
        self.0.answer = Some(answer);
        self
    }

    pub(crate) fn caused_by(mut self, source: Option<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = source;
        self
    }

    pub(crate) fn after(mut self, history: History) -> Self {
        self.0.history = history;
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the request reached the server.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// Whether the server accepted the request and only its response cannot be decoded
    /// ([`ErrorKind::AcceptedUnreadable`]): sending it again would act twice.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.kind() == ErrorKind::AcceptedUnreadable
    }

    /// Name of the operation: `get_orders`. None for anything else, such as building a client.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// HTTP status, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.answer.as_ref().map(|answer| answer.status)
    }

    /// The server's error code, which is the HTTP status for most errors.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.error_body()?.code()
    }

    /// The server's message, at most 2 KiB of it, with control characters escaped; else this crate's own.
    #[must_use]
    pub fn message(&self) -> &str {
        self.error_body().and_then(ApiError::message).unwrap_or(&self.0.message)
    }

    /// Details of the server's message: violations of fields and the like.
    #[must_use]
    pub fn details(&self) -> Vec<ErrorDetail> {
        self.error_body().map(ApiError::details).unwrap_or_default()
    }

    /// The server's problem details (RFC 9457), if the API uses them.
    #[must_use]
    pub fn problem(&self) -> Option<&ProblemDetails> {
        self.error_body()?.problem()
    }

    /// The server's id of the request, which the vendor's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.answer.as_ref()?.request_id.as_deref()
    }

    /// How long the server asks to wait (`Retry-After`). None if it does not ask, or if the value is
    /// neither a date nor a whole number of seconds below 2^64.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers()?)
    }

    /// Number of attempts; 0 if the request was refused before the first.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.history.attempts
    }

    /// Duration of the call: all attempts and the waits between them.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.history.elapsed
    }

    /// Whether the server returned 404 for a deletion or cancellation after an earlier attempt of the same
    /// call that may have done it: most likely it has.
    #[must_use]
    pub fn already_gone(&self) -> bool {
        self.0.history.gone
    }

    /// Headers of the response, if there was one.
    #[must_use]
    pub fn headers(&self) -> Option<&Headers> {
        self.0.answer.as_ref().map(|answer| &answer.headers)
    }

    /// Where in the request or response the fault is: `$.data[3].price`.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The raw body of the response, without credentials. It may hold personal data: the text of an error
    /// shows at most 2 KiB of it, and only if it cannot be interpreted.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.0.answer.as_ref().map(|answer| answer.body.as_slice())
    }

    pub(crate) fn api(&self) -> Option<&'static Api> {
        self.0.api
    }

    fn error_body(&self) -> Option<&ApiError> {
        self.0.answer.as_ref()?.error.as_ref()
    }
}

const ACCEPTED: &str =
    "the server accepted the request, but its answer cannot be read (look before you act again): ";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.operation() {
            write!(f, "{operation}: ")?;
        }
        if let Some(status) = self.status() {
            write!(f, "status {status}: ")?;
        }
        if self.is_accepted() {
            f.write_str(ACCEPTED)?;
        }
        match self.error_body() {
            Some(error) if error.message().is_some() => error.fmt(f)?,
            Some(error) => {
                f.write_str(&shown(&[self.0.message.as_str(), &error.shown_details()].concat()))?;
            }
            None => f.write_str(&self.0.message)?,
        }
        if let Some(path) = self.path() {
            write!(f, " at {path}")?;
        }
        if let Some(note) = &self.0.note {
            write!(f, "; {note}")?;
        }
        if self.already_gone() {
            f.write_str("; an earlier attempt has most likely done it")?;
        }
        if let Some(id) = self.request_id() {
            write!(f, " (request id {id})")?;
        }
        match self.attempts() {
            0 | 1 => Ok(()),
            attempts => write!(f, " after {attempts} attempts in {:.1?}", self.elapsed()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("delivery", &self.delivery())
            .field("operation", &self.operation())
            .field("status", &self.status())
            .field("message", &self.message())
            .field("path", &self.path())
            .field("note", &self.0.note)
            .field("request_id", &self.request_id())
            .field("attempts", &self.attempts())
            .field("elapsed", &self.elapsed())
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
