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

/// Result of everything that this crate does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something failed: one type for everything.
///
/// [`kind`](Self::kind) says what happened, [`delivery`](Self::delivery) whether the request may
/// have had an effect. What the server said is part of the text of the error: at most 2 KiB of it,
/// with control characters escaped. Neither text nor `Debug` contain keys, secrets or tokens.
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
    answer: Option<Received>,
    history: History,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What the server answered, as far as it came.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) request_id: Option<String>,
    pub(crate) error: Option<ApiError>,
}

/// The header with the server's number for a request.
pub(crate) const REQUEST_ID: &str = "x-request-id";

impl Received {
    /// The head of an answer whose body is of no use.
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
    /// Something was deleted, perhaps by an earlier attempt, and is not there any more.
    pub(crate) gone: bool,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client cannot be made: a missing key, a base URL that is none.
    Configuration,
    /// There is no access token to send the request with; it was not sent.
    Authentication,
    /// The request breaks a rule that is known beforehand; it was not sent.
    Invalid,
    /// There were as many requests as the client sends in a second; this one was not sent. See
    /// [`rate_limit`](crate::rate_limit).
    RateLimit,
    /// There is no connection to the server; nothing was sent.
    Connect,
    /// The time was up before the answer was complete, or before a stream was live.
    Timeout,
    /// The connection broke before the answer was complete.
    Connection,
    /// The server answered with an error.
    Api,
    /// The server's answer is not what it should be; [`Error::path`] may say where.
    Response,
    /// The server accepted a write, but its answer is empty or cannot be read. The write has its
    /// effect: look at the server's state before acting again. [`Error::path`] may say where the
    /// fault is, [`Error::body`] has the answer.
    AcceptedUnreadable,
    /// The server's answer is larger than the client accepts.
    TooLarge,
    /// A list cannot be walked: its page tokens lead nowhere.
    Paging,
    /// A stream has ended for good. The source of the error, a `stream::Failure`, says why.
    Stream,
    /// Messages of a stream are missing and will not come any more, where all were wanted. The source
    /// of the error, a `stream::Gap`, says which.
    Gap,
}

/// Whether a request reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// It did not: no byte of it was written to a connection. It had no effect.
    NotSent,
    /// Unknown: it may have had its effect. The connection broke or the time was up after the
    /// request was begun and before its answer was complete, or the answer says that the server, or
    /// a gateway in front of it, failed (408 and all statuses from 500).
    MaybeSent,
    /// It did: the server answered with another status.
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

    pub(crate) fn answered(mut self, answer: Received) -> Self {
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

    /// Whether the server accepted the request and only its answer cannot be read
    /// ([`ErrorKind::AcceptedUnreadable`]): sending it again would act a second time.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.kind() == ErrorKind::AcceptedUnreadable
    }

    /// Name of the operation: `get_orders`. None for what is no operation, such as making a client.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// HTTP status, if one came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.answer.as_ref().map(|answer| answer.status)
    }

    /// The server's error code, which is the HTTP status for most errors.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.error_body()?.code()
    }

    /// What the server said, at most 2 KiB of it, with control characters escaped; else what this
    /// crate says.
    #[must_use]
    pub fn message(&self) -> &str {
        self.error_body().and_then(ApiError::message).unwrap_or(&self.0.message)
    }

    /// What the server added to its message: violations of fields and the like.
    #[must_use]
    pub fn details(&self) -> Vec<ErrorDetail> {
        self.error_body().map(ApiError::details).unwrap_or_default()
    }

    /// What the server said as problem details (RFC 9457), if the API writes its errors so.
    #[must_use]
    pub fn problem(&self) -> Option<&ProblemDetails> {
        self.error_body()?.problem()
    }

    /// The server's number for the request: what the vendor's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.answer.as_ref()?.request_id.as_deref()
    }

    /// How long the server asks to wait (`Retry-After`). None if it does not, or if what it asks for
    /// is neither a date nor a whole number of seconds below 2^64.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers()?)
    }

    /// How often the request was sent, or tried to be sent; 0 if it was refused beforehand.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.history.attempts
    }

    /// How long the call took: all attempts and the waiting between them.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.history.elapsed
    }

    /// Whether the server does not know what was to be deleted or cancelled (status 404), after an
    /// earlier attempt of the same call that may have done it: it most likely has.
    #[must_use]
    pub fn already_gone(&self) -> bool {
        self.0.history.gone
    }

    /// Headers of the answer, if one came.
    #[must_use]
    pub fn headers(&self) -> Option<&Headers> {
        self.0.answer.as_ref().map(|answer| &answer.headers)
    }

    /// Where in the request or the answer the fault is: `$.data[3].price`.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The answer's body as it came, but for credentials. It may hold personal data: the text of
    /// an error shows at most 2 KiB of it, and only if it is not understood.
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
