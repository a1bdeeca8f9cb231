//! Sending one request and receiving its answer; the only place that knows the HTTP library.
//!
//! What is sent is complete and what comes back is plain data, so that whatever is built above
//! (repeating, deadlines, other transports) needs nothing of the library.

mod base_url;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};

pub(crate) use self::base_url::BaseUrl;
use crate::headers::{Header, Headers};
use crate::operation::Method;

/// A request, ready to be sent, as often as is wanted.
#[derive(Clone)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    /// Encoded already: it is sent as it is.
    pub(crate) url: String,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Option<Vec<u8>>,
    /// From the first byte of the connection to the last byte of the answer.
    pub(crate) timeout: Duration,
}

/// An answer, whatever its status.
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
pub(crate) struct TransportError {
    pub(crate) fault: Fault,
    /// Status and headers, if it broke only after them.
    pub(crate) head: Option<(u16, Headers)>,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
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
}

/// How connections are made.
#[derive(Clone, Debug)]
pub(crate) struct TransportSettings {
    pub(crate) https_only: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_limit: usize,
}

/// A pool of connections. Cheap to clone; clones share it.
#[derive(Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
    response_limit: usize,
}

impl Transport {
    /// A pool without connections.
    pub(crate) fn new(settings: &TransportSettings) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let client = reqwest::Client::builder()
            .https_only(settings.https_only)
            .connect_timeout(settings.connect_timeout)
            // A redirect would carry an order, or its answer, to a place that nobody chose.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Whether something is sent again is never decided here.
            .retry(reqwest::retry::never())
            // The environment is read by `from_env` alone.
            .no_proxy()
            .build()?;
        Ok(Self { client, response_limit: settings.response_limit })
    }

    /// Sends a request once and receives its answer, whatever its status.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let request = prepare(request)?;
        let mut response = self.client.execute(request).await.map_err(|error| classify(error, None))?;
        let status = response.status().as_u16();
        let headers: Headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        match self.read(&mut response).await {
            Ok(body) => Ok(HttpResponse { status, headers, body }),
            Err(Unread::TooLarge) => {
                Err(TransportError { fault: Fault::TooLarge, head: Some((status, headers)), source: None })
            }
            Err(Unread::Broken(error)) => Err(classify(error, Some((status, headers)))),
        }
    }

    /// Reads the body, decompressed, up to the limit.
    async fn read(&self, response: &mut reqwest::Response) -> Result<Vec<u8>, Unread> {
        let announced =
            response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if announced > self.response_limit {
            return Err(Unread::TooLarge);
        }
        let mut body = Vec::with_capacity(announced.min(MAX_RESERVED));
        while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
            if chunk.len() > self.response_limit.saturating_sub(body.len()) {
                return Err(Unread::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// No more than this is reserved on the word of a header alone.
const MAX_RESERVED: usize = 1 << 20;

enum Unread {
    TooLarge,
    Broken(reqwest::Error),
}

/// Translates a request for the library.
fn prepare(request: HttpRequest) -> Result<reqwest::Request, TransportError> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let url = request.url.parse().map_err(refused)?;
    let mut prepared = reqwest::Request::new(method, url);
    for header in &request.headers {
        let name = HeaderName::from_bytes(header.name().as_bytes()).map_err(refused)?;
        let mut value = HeaderValue::from_str(header.value()).map_err(refused)?;
        value.set_sensitive(header.is_sensitive());
        prepared.headers_mut().append(name, value);
    }
    *prepared.body_mut() = request.body.map(reqwest::Body::from);
    *prepared.timeout_mut() = Some(request.timeout);
    Ok(prepared)
}

fn refused(error: impl StdError + Send + Sync + 'static) -> TransportError {
    TransportError { fault: Fault::Refused, head: None, source: Some(Box::new(error)) }
}

/// Says what a failure of the library means.
fn classify(error: reqwest::Error, head: Option<(u16, Headers)>) -> TransportError {
    let fault = if error.is_builder() {
        Fault::Refused
    } else if error.is_connect() {
        Fault::Connect
    } else if error.is_timeout() {
        Fault::Timeout
    } else {
        Fault::Broken
    };
    // The URL may hold what is nobody's business.
    TransportError { fault, head, source: Some(Box::new(error.without_url())) }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("response_limit", &self.response_limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_told_what_is_secret() {
        let request = HttpRequest {
            method: Method::Get,
            url: "http://localhost/".to_owned(),
            headers: vec![Header::bearer("id.secret").unwrap()],
            body: None,
            timeout: Duration::from_secs(1),
        };
        let prepared = prepare(request).unwrap_or_else(|_| panic!("it can be sent"));
        assert!(prepared.headers().values().all(HeaderValue::is_sensitive));
        assert!(!format!("{prepared:?}").contains("secret"));
    }
}
