//! Sends one request and receives its response; the only module that knows the HTTP library.
//!
//! Requests and responses are plain data, so that everything above (retries, deadlines, other transports)
//! needs no type of the library.

mod base_url;
mod body;
mod certificates;
mod connect;
mod connections;
mod fault;
mod header;
#[cfg(test)]
pub(crate) mod memory;
mod resolve;
mod settings;
mod tls;
mod watch;

use std::error::Error as StdError;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io, iter};

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout_at};
pub(crate) use url::Url;

pub(crate) use self::base_url::BaseUrl;
pub use self::certificates::RootCertificates;
use self::connections::Connections;
pub(crate) use self::fault::{Fault, TransportError};
pub(crate) use self::header::Header;
#[cfg(feature = "stream")]
pub(crate) use self::resolve::looked_up;
pub(crate) use self::settings::{ProxySettings, TransportSettings};
#[cfg(feature = "stream")]
pub(crate) use self::tls::config as tls_config;
use self::watch::{Watch, Watched};
use crate::error::Delivery;
use crate::headers::Headers;
use crate::operation::{Method, Repeat};

type BoxError = Box<dyn StdError + Send + Sync>;

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
    /// If a connection has not begun to write the request by then, it fails as
    /// [`Fault::Timeout`], not sent.
    pub(crate) begin_before: Option<Instant>,
    /// Which idle connections it may use.
    pub(crate) class: ConnectionClass,
}

/// How long an idle connection is still good for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionClass {
    /// Requests that may be repeated: a connection that turns out to be closed costs a repetition.
    Reads,
    /// Orders and all other writes: a connection that turns out to be closed leaves them in doubt.
    Orders,
}

impl From<Repeat> for ConnectionClass {
    fn from(repeat: Repeat) -> Self {
        match repeat {
            Repeat::Read | Repeat::Idempotent => Self::Reads,
            Repeat::Keyed | Repeat::Never => Self::Orders,
        }
    }
}

/// An answer, whatever its status.
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// Pools of connections. Cheap to clone; clones share them.
#[derive(Clone)]
pub(crate) struct Transport {
    connections: Arc<Connections>,
    response_limit: usize,
    /// As many permits as requests may be on their way at once.
    permits: Option<Arc<Semaphore>>,
    /// Takes the place of the library.
    #[cfg(test)]
    memory: Option<Arc<dyn memory::MemoryServer>>,
}

impl Transport {
    /// No connections to this server yet.
    pub(crate) fn new(settings: &TransportSettings, server: &BaseUrl) -> Result<Self, BoxError> {
        Ok(Self {
            connections: Arc::new(Connections::new(settings, settings.connector(server)?)),
            response_limit: settings.response_limit,
            permits: settings.permits().map(Arc::new),
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
        let class = request.class;
        let limits = Limits { deadline, connect: request.connect_timeout, begin: request.begin_before };
        let (watch, request) = prepare(request).map_err(|failure| failure.explain(true, None))?;
        let permitted = deadline.into_iter().chain(limits.begin).min();
        let _permit = self.permit(permitted).await.map_err(|failure| failure.explain(true, None))?;
        let pool = self.connections.pool(class);
        let answer = begin(pool.request(request), &watch, limits).await;
        // What held the request has ended or is dropped: its fate is decided.
        let response = answer.map_err(|failure| failure.explain(watch.revoke(), None))?;
        let (head, body) = response.into_parts();
        if let Some(timeout) = announced_timeout(&head.headers) {
            self.connections.announce(timeout);
        }
        let headers = received(&head.headers);
        match within(deadline, self.read(&head.headers, body, deadline)).await {
            Ok(body) => Ok(HttpResponse { status: head.status.as_u16(), headers, body }),
            Err(failure) => Err(failure.explain(false, Some((head.status.as_u16(), headers)))),
        }
    }

    /// Gives up all connections: requests from now on use new ones. Requests on the way are not
    /// disturbed.
    pub(crate) fn give_up_connections(&self) {
        self.connections.give_up();
    }

    /// Waits until there may be one more request.
    async fn permit(&self, deadline: Option<Instant>) -> Result<Option<SemaphorePermit<'_>>, Failure> {
        let Some(permits) = &self.permits else { return Ok(None) };
        // It fails only for a semaphore that was closed, which this one never is.
        within(deadline, async { Ok(permits.acquire().await.ok()) }).await
    }

    /// Reads the body, decompressed, up to the limit. It looks at the time itself as well, because a
    /// body of which there is always more to read leaves a timer no turn.
    async fn read(
        &self,
        headers: &HeaderMap,
        mut body: Incoming,
        deadline: Option<Instant>,
    ) -> Result<Vec<u8>, Failure> {
        let announced = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let announced = announced.unwrap_or_default();
        if announced > self.response_limit {
            return Err(Failure::TooLarge);
        }
        let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        let mut received = body::Received::new(encoding, announced.min(MAX_RESERVED), self.response_limit);
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            // The rest are trailers.
            let Ok(chunk) = frame.map_err(|error| Failure::Broken(error.into()))?.into_data() else {
                continue;
            };
            for part in chunk.chunks(PART) {
                received.push(part)?;
                consume_budget().await;
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return Err(Failure::Slow);
                }
            }
        }
        Ok(received.finish()?)
    }
}

/// By when a request must have come how far.
#[derive(Clone, Copy)]
struct Limits {
    deadline: Option<Instant>,
    connect: Duration,
    begin: Option<Instant>,
}

/// Sends the request and receives the head of the answer.
async fn begin(
    sending: legacy::ResponseFuture,
    watch: &Watch,
    limits: Limits,
) -> Result<http::Response<Incoming>, Failure> {
    let mut sending = pin!(sending);
    let connected = Instant::now().checked_add(limits.connect);
    let begun = connected.into_iter().chain(limits.begin).min();
    // One timer at a time: until the request must have begun, then for the rest.
    if let Some(begun) = begun.filter(|begun| limits.deadline.is_none_or(|end| *begun < end)) {
        match timeout_at(begun, &mut sending).await {
            Ok(answer) => return answer.map_err(|error| limits.broken(error)),
            Err(_) if watch.is_begun() => {}
            Err(_) if limits.begin == Some(begun) => return Err(Failure::Slow),
            Err(_) => return Err(Failure::SlowConnect(limits.connect)),
        }
    }
    within(limits.deadline, async { sending.await.map_err(|error| limits.broken(error)) }).await
}

impl Limits {
    /// What an error of the library means.
    fn broken(&self, error: legacy::Error) -> Failure {
        if is_head_too_large(&error) {
            Failure::HeadTooLarge(error.into())
        } else if is_unprocessed(&error) {
            // The next attempt uses another connection.
            if let Some(connection) = error.connect_info() {
                connection.poison();
            }
            Failure::Unprocessed(error.into())
        } else if self.begin.is_some_and(|end| Instant::now() >= end) {
            Failure::Late(error.into())
        } else {
            Failure::Broken(error.into())
        }
    }
}

/// Whether the answer has too many headers for the library.
fn is_head_too_large(error: &legacy::Error) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref()).any(hyper::Error::is_parse_too_large)
}

/// Whether the server says, in the words of HTTP/2, that it has not processed the request (RFC 9113,
/// sections 6.8 and 8.7): it refused the stream, or is going away and the stream is above the last one
/// that it takes. The library gives the error of a GOAWAY to no stream below.
fn is_unprocessed(error: &legacy::Error) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (refused || error.is_go_away())
    })
}

/// The error and what caused it.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| (*error).source())
}

fn announced_timeout(headers: &HeaderMap) -> Option<Duration> {
    connections::announced_timeout(headers.get("keep-alive")?.to_str().ok()?)
}

/// A body is decompressed in parts of this size, and the time is looked at after each.
const PART: usize = 16 << 10;

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

pub(crate) fn received(headers: &HeaderMap) -> Headers {
    headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()))).collect()
}

/// What went wrong, before it is known how far the request came.
enum Failure {
    /// The time for the request was up.
    Slow,
    /// The time for making a connection was up.
    SlowConnect(Duration),
    Broken(BoxError),
    /// As `Broken`, or because the request was revoked when its time to begin was over.
    Late(BoxError),
    /// The library cannot send such a request.
    Refused(BoxError),
    /// The server has not processed the request.
    Unprocessed(BoxError),
    TooLarge,
    HeadTooLarge(BoxError),
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
            Self::HeadTooLarge(error) => (Fault::HeadTooLarge, delivery, Some(error)),
            Self::Unprocessed(error) => (Fault::Broken, Delivery::NotSent, Some(error)),
            Self::Refused(error) => (Fault::Refused, Delivery::NotSent, Some(error)),
            Self::SlowConnect(limit) if unsent => {
                (Fault::Connect, delivery, Some(connect::slow(limit).into()))
            }
            Self::Slow | Self::SlowConnect(_) => (Fault::Timeout, delivery, None),
            Self::Late(_) if unsent => (Fault::Timeout, delivery, None),
            Self::Broken(error) | Self::Late(error) => {
                let fault = if unsent { Fault::Connect } else { Fault::Broken };
                (fault, delivery, Some(error))
            }
        };
        TransportError { fault, delivery, head, source }
    }
}

/// Translates a request for the library.
fn prepare(request: HttpRequest) -> Result<(Watch, http::Request<Watched>), Failure> {
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    };
    let uri: http::Uri = request.url.as_str().parse().map_err(|error| Failure::Refused(Box::new(error)))?;
    let body = request.body.unwrap_or_default();
    // Servers and proxies insist on it (RFC 9110, section 8.6), and the library leaves it out.
    let has_length = matches!(request.method, Method::Post | Method::Put | Method::Patch) && body.is_empty();
    let (watch, body) = Watch::new(body, request.begin_before);
    let mut prepared = http::Request::new(body);
    *prepared.method_mut() = method;
    *prepared.uri_mut() = uri;
    let headers = prepared.headers_mut();
    for header in &request.headers {
        header.append_to(headers);
    }
    if has_length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok((watch, prepared))
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("response_limit", &self.response_limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
