//! Responses.

mod framed;
mod metadata;
mod read;

use std::any::Any;
use std::fmt;

pub use self::metadata::Metadata;
pub(crate) use self::read::{accepts, read};
use crate::error::{ApiError, Error, ErrorKind, Result};
use crate::headers::Headers;
use crate::record::{OptionSlot, Slot, Value, View};

/// The response to a request that succeeded, at least partially.
///
/// ```
/// # use clear_street::Response;
/// fn show<T: std::fmt::Debug>(response: Response<T>) {
///     if let Some(error) = response.error() {
///         println!("only in part: {error}");
///     }
///     println!("{:?}, request id {:?}", response.data, response.request_id());
/// }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Response<T> {
    /// The result.
    pub data: T,
    parts: Box<Parts>,
}

/// All of a response except its typed result.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) metadata: Metadata,
    pub(crate) error: Option<ApiError>,
    pub(crate) body: Vec<u8>,
}

impl Parts {
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.metadata.request_id.as_deref()
    }
}

impl<T> Response<T> {
    pub(crate) fn new(data: T, parts: Parts) -> Self {
        Self { data, parts: Box::new(parts) }
    }

    /// From a result whose type only the operation knows.
    pub(crate) fn of(data: Box<dyn Any>, parts: Box<Parts>) -> Result<Self>
    where
        T: 'static,
    {
        match data.downcast() {
            Ok(data) => Ok(Self { data: *data, parts }),
            Err(_) => Err(Error::new(ErrorKind::Response, "the operation has a result of another type")),
        }
    }

    /// The result alone.
    #[must_use]
    pub fn into_data(self) -> T {
        self.data
    }

    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.parts.status
    }

    /// HTTP headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.parts.headers
    }

    /// The server's id of the request, which the vendor's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.parts.request_id()
    }

    /// Page tokens and counts.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.parts.metadata
    }

    /// What is missing, if the request succeeded only partially (status 207).
    #[must_use]
    pub fn error(&self) -> Option<&ApiError> {
        self.parts.error.as_ref()
    }

    /// The raw body, including everything that this crate does not know.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.parts.body
    }
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("data", &self.data)
            .field("status", &self.parts.status)
            .field("metadata", &self.parts.metadata)
            .field("error", &self.parts.error)
            .finish_non_exhaustive()
    }
}

/// The result of operations that return no value.
impl Value for () {
    fn blank() -> Self {}

    fn slot(&mut self) -> Slot<'_> {
        Slot::Option(self)
    }

    fn view(&self) -> View<'_> {
        View::Absent
    }
}

impl OptionSlot for () {
    fn clear(&mut self) {}

    fn fill(&mut self) -> Option<Slot<'_>> {
        None
    }
}
