//! Sending one request and receiving its answer; the only place that knows the HTTP library.
//!
//! What is sent is complete and what comes back is plain data, so that whatever is built above
//! (repeating, deadlines, other transports) needs nothing of the library.

mod base_url;
mod body;
mod certificates;
mod header;
#[cfg(test)]
pub(crate) mod memory;
mod settings;
mod watch;

use std::error::Error as StdError;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

pub(crate) use reqwest::Url;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

pub(crate) use self::base_url::BaseUrl;
pub use self::certificates::RootCertificates;
pub(crate) use self::header::Header;
pub(crate) use self::settings::TransportSettings;
use self::watch::Watch;
use crate::error::Delivery;
use crate::headers::Headers;
use crate::operation::Method;

/// A request, ready to be sent, as often as is wanted.
#[derive(Clone)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Option<Vec<u8>>,
    /// Longest wait for a connection.
    pub(crate) connect_timeout: Duration,
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
    /// `NotSent` only if not one byte of the request was written to a connection.
    pub(crate) delivery: Delivery,
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
    /// The answer is not compressed as it says.
    Corrupt,
}

/// A pool of connections. Cheap to clone; clones share it.
#[derive(Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
    response_limit: usize,
    /// As many permits as requests may be on their way at once.
    permits: Option<Arc<Semaphore>>,
    /// Takes the place of the library.
    #[cfg(test)]
    memory: Option<Arc<dyn memory::MemoryServer>>,
}

impl Transport {
    /// A pool without connections.
    pub(crate) fn new(
        settings: &TransportSettings,
        https_only: bool,
    ) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        Ok(Self {
            client: settings.client(https_only)?,
            response_limit: settings.response_limit,
            permits: settings.concurrent_requests.map(|count| Arc::new(Semaphore::new(count))),
            #[cfg(test)]
            memory: settings.memory.clone(),
        })
    }

    /// Sends a request once and receives its answer, whatever its status.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        #[cfg(test)]
        if let Some(memory) = &self.memory {
            return memory::send(memory, request).await;
        }
        let deadline = Instant::now().checked_add(request.timeout);
        let connect_timeout = request.connect_timeout;
        let (watch, request) = prepare(request);
        let _permit = self.permit(deadline).await.map_err(|failure| failure.explain(true, None))?;
        let answer = self.begin(request, &watch, connect_timeout, deadline).await;
        // What held the request has ended or is dropped: its fate is decided.
        let mut response = answer.map_err(|failure| failure.explain(watch.is_unsent(), None))?;
        let status = response.status().as_u16();
        let headers = received(response.headers());
        match within(deadline, self.read(&mut response)).await {
            Ok(body) => Ok(HttpResponse { status, headers, body }),
            Err(failure) => Err(failure.explain(false, Some((status, headers)))),
        }
    }

    /// Waits until there may be one more request.
    async fn permit(&self, deadline: Option<Instant>) -> Result<Option<SemaphorePermit<'_>>, Failure> {
        let Some(permits) = &self.permits else { return Ok(None) };
        // It fails only for a semaphore that was closed, which this one never is.
        within(deadline, async { Ok(permits.acquire().await.ok()) }).await
    }

    /// Sends the request and receives the head of the answer.
    async fn begin(
        &self,
        request: reqwest::Request,
        watch: &Watch,
        connect_timeout: Duration,
        deadline: Option<Instant>,
    ) -> Result<reqwest::Response, Failure> {
        let mut sending = pin!(self.client.execute(request));
        watch.arm();
        let connected = Instant::now().checked_add(connect_timeout);
        // One timer at a time: until there must be a connection, then for the rest.
        if let Some(connected) = connected.filter(|connected| deadline.is_none_or(|end| *connected < end)) {
            match timeout_at(connected, &mut sending).await {
                Ok(answer) => return answer.map_err(Failure::Broken),
                Err(_) if watch.is_begun() => {}
                Err(_) => return Err(Failure::SlowConnect(connect_timeout)),
            }
        }
        within(deadline, async { sending.await.map_err(Failure::Broken) }).await
    }

    /// Reads the body, decompressed, up to the limit.
    async fn read(&self, response: &mut reqwest::Response) -> Result<Vec<u8>, Failure> {
        let announced =
            response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if announced > self.response_limit {
            return Err(Failure::TooLarge);
        }
        let encoding = response.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        let mut body = body::Received::new(encoding, announced.min(MAX_RESERVED), self.response_limit);
        while let Some(chunk) = response.chunk().await.map_err(Failure::Broken)? {
            body.push(&chunk)?;
        }
        Ok(body.finish()?)
    }
}

/// No more than this is reserved on the word of a header alone.
const MAX_RESERVED: usize = 1 << 20;

/// What a future gives, if it gives it in time. A deadline beyond all time is none.
async fn within<T>(
    deadline: Option<Instant>,
    future: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match deadline {
        Some(deadline) => timeout_at(deadline, future).await.unwrap_or(Err(Failure::Slow)),
        None => future.await,
    }
}

fn received(headers: &HeaderMap) -> Headers {
    headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect()
}

/// What went wrong, before it is known how far the request came.
enum Failure {
    /// The time for the request was up.
    Slow,
    /// The time for making a connection was up.
    SlowConnect(Duration),
    Broken(reqwest::Error),
    TooLarge,
    Corrupt(io::Error),
}

impl From<body::Fault> for Failure {
    fn from(fault: body::Fault) -> Self {
        match fault {
            body::Fault::TooLarge => Self::TooLarge,
            body::Fault::Corrupt(error) => Self::Corrupt(error),
        }
    }
}

impl Failure {
    fn explain(self, unsent: bool, head: Option<(u16, Headers)>) -> TransportError {
        let delivery = if unsent { Delivery::NotSent } else { Delivery::MaybeSent };
        let (fault, delivery, source) = match self {
            Self::TooLarge => (Fault::TooLarge, Delivery::Answered, None),
            Self::Corrupt(error) => (Fault::Corrupt, Delivery::Answered, Some(error.into())),
            Self::SlowConnect(time) if unsent => {
                let late = io::Error::new(io::ErrorKind::TimedOut, format!("not connected within {time:?}"));
                (Fault::Connect, delivery, Some(late.into()))
            }
            Self::Slow | Self::SlowConnect(_) => (Fault::Timeout, delivery, None),
            Self::Broken(error) => {
                let fault = match unsent {
                    true if error.is_builder() => Fault::Refused,
                    true => Fault::Connect,
                    false => Fault::Broken,
                };
                // The URL may hold what is nobody's business.
                (fault, delivery, Some(error.without_url().into()))
            }
        };
        TransportError { fault, delivery, head, source }
    }
}

/// Translates a request for the library.
fn prepare(request: HttpRequest) -> (Watch, reqwest::Request) {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut prepared = reqwest::Request::new(method, request.url);
    for header in &request.headers {
        header.append_to(prepared.headers_mut());
    }
    let (watch, body) = Watch::new(request.body.unwrap_or_default());
    *prepared.body_mut() = Some(reqwest::Body::wrap(body));
    (watch, prepared)
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
            url: "http://localhost/".parse().unwrap(),
            headers: vec![Header::bearer("id.secret").unwrap()],
            body: None,
            connect_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
        };
        let (_, prepared) = prepare(request);
        assert!(prepared.headers().values().all(HeaderValue::is_sensitive));
        assert!(!format!("{prepared:?}").contains("secret"));
    }
}
