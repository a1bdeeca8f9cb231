//! Operations as data: what the generated code says about each endpoint.

use std::fmt;

pub use crate::api::{Api, Authentication, Pagination, RateLimit};
use crate::record::{Bounds, Rule, Value};

/// One endpoint of an API, as the specification describes it.
///
/// Every request type has one, `GetOrders::OPERATION` for instance, and every API lists all of
/// them in `OPERATIONS`.
///
/// ```
/// # use clear_street::operation::{Method, Operation};
/// fn describe(operation: &Operation) -> String {
///     format!("{}: {} {}", operation.name, operation.method, operation.path)
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Operation {
    /// The API that it belongs to.
    pub api: &'static Api,
    /// The vendor's name of it: `get_orders`.
    pub name: &'static str,
    /// The group of operations that it is in: `orders`.
    pub group: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path with placeholders: `/v1/accounts/{account_id}/orders`.
    pub path: &'static str,
    /// Path parameters in the order of the path, then query parameters.
    pub parameters: &'static [Parameter],
    /// Rules between the parameters.
    pub(crate) rules: &'static [Rule],
    /// Whether it has a body.
    pub body: BodyKind,
    /// Whether and how it may be retried after a failure.
    pub repeat: Repeat,
    /// With [`Repeat::Keyed`]: the field of the body's rows that identifies a repeated row.
    pub key: Option<&'static str>,
    /// With [`Repeat::Keyed`]: how to look its rows up.
    pub lookup: Option<&'static Lookup>,
    /// Success status.
    pub status: u16,
    /// Status of a partial success.
    pub partial: Option<u16>,
    /// Documented error statuses, ascending.
    pub errors: &'static [u16],
    /// The statuses of `errors` whose body has the result's rows.
    pub rows: &'static [u16],
    /// Where the page token goes, if the result is a page.
    pub page_token: Option<PageToken>,
    /// Type of its result.
    pub(crate) answer: Answer,
}

impl Operation {
    /// The defaults of an operation: without parameters, body and result, and never retried.
    pub(crate) const fn base(api: &'static Api) -> Self {
        Self {
            api,
            name: "",
            group: "",
            method: Method::Get,
            path: "",
            parameters: &[],
            rules: &[],
            body: BodyKind::None,
            repeat: Repeat::Never,
            key: None,
            lookup: None,
            status: 200,
            partial: None,
            errors: &[],
            rows: &[],
            page_token: None,
            answer: Answer::nothing(),
        }
    }
}

/// HTTP methods that the APIs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method as in a request line: `GET`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a request may be sent again after a failure that may have reached the server.
///
/// The HTTP method does not tell: closing a position is a DELETE that creates an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// It changes nothing: safe to retry after any failure.
    Read,
    /// Idempotent: safe to retry after any failure.
    Idempotent,
    /// Every row has a key: retried only after a look-up, and only if the caller allows it.
    Keyed,
    /// Never retried automatically; only the caller can decide.
    Never,
}

/// How to look the rows of a keyed operation up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lookup {
    /// The operation that lists the rows. Its path takes the same parameters.
    pub list: &'static Operation,
    /// The field of its rows that holds the key.
    pub key: &'static str,
    /// Index of its parameter that takes keys.
    pub keys: Option<usize>,
    /// Index of its parameter that excludes rows older than an instant.
    pub since: Option<usize>,
    /// The field of its rows that holds the status.
    pub status: &'static str,
    /// Statuses of rows that are in effect, or can still be.
    pub live: &'static [&'static str],
    /// Statuses of rows that were in effect and are over.
    pub done: &'static [&'static str],
    /// Statuses of rows that never were in effect.
    pub refused: &'static [&'static str],
    /// Error statuses that can mean that the server already knows the key.
    pub known_key: &'static [u16],
}

/// Whether an operation has a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// It has none.
    None,
    /// It is optional.
    Optional,
    /// It is required.
    Required,
}

/// Where the page token of a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PageToken {
    /// Into the parameter at this index.
    Parameter(usize),
    /// Into a field of the body's object.
    Body,
}

/// Where a parameter is in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the path, as one segment.
    Path,
    /// In the query.
    Query,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Parameter {
    /// Name on the wire.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Whether a request without it is refused.
    pub required: bool,
    /// Whether its value is personal.
    pub sensitive: bool,
    pub(crate) bounds: Bounds,
}

#[allow(dead_code, reason = "what the specification can say, whether or not an operation needs it")]
impl Parameter {
    /// A placeholder of the path: always required.
    pub(crate) const fn path(name: &'static str) -> Self {
        Self::new(name, Place::Path, true)
    }

    /// A query parameter, optional until [`required`](Self::required).
    pub(crate) const fn query(name: &'static str) -> Self {
        Self::new(name, Place::Query, false)
    }

    const fn new(name: &'static str, place: Place, required: bool) -> Self {
        Self { name, place, required, sensitive: false, bounds: Bounds::NONE }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    pub(crate) const fn min(mut self, min: i64) -> Self {
        self.bounds.min = Some(min);
        self
    }

    pub(crate) const fn max(mut self, max: i64) -> Self {
        self.bounds.max = Some(max);
        self
    }

    pub(crate) const fn min_length(mut self, length: u32) -> Self {
        self.bounds.min_length = Some(length);
        self
    }

    pub(crate) const fn max_length(mut self, length: u32) -> Self {
        self.bounds.max_length = Some(length);
        self
    }

    pub(crate) const fn min_items(mut self, items: u32) -> Self {
        self.bounds.min_items = Some(items);
        self
    }

    pub(crate) const fn max_items(mut self, items: u32) -> Self {
        self.bounds.max_items = Some(items);
        self
    }
}

/// The type that an operation's result is decoded as.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    blank: Option<fn() -> Box<dyn Value>>,
}

impl Answer {
    /// The operation answers a value.
    pub(crate) const fn of<T: Value + 'static>() -> Self {
        Self { blank: Some(|| Box::new(T::blank())) }
    }

    /// The operation answers nothing but success.
    pub(crate) const fn nothing() -> Self {
        Self { blank: None }
    }

    /// Whether the operation answers nothing but success.
    pub(crate) const fn is_nothing(self) -> bool {
        self.blank.is_none()
    }

    /// A place to decode a result into.
    pub(crate) fn blank(self) -> Box<dyn Value> {
        self.blank.map_or_else(|| Box::new(()) as Box<dyn Value>, |blank| blank())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.blank.is_some() { "Value" } else { "Nothing" })
    }
}
