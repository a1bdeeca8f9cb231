//! Makes connections: name lookup, TCP, proxy, TLS and upgrade, each within its time limit; and limits
//! how often a client dials.
//!
//! A failure names its stage. Redirects are not followed: the token must only go to the host that was
//! configured.

#[cfg(test)]
pub(super) mod tests;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{self, ClientConfig, pki_types::ServerName};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

use super::connection::{ByteStream, Connection};
use super::machine::{DialFailure, Settings, Stage};
use crate::error::{Error, ErrorKind, retry_after};
use crate::transport::{BaseUrl, TransportSettings, looked_up, received, tls_config};

/// After this time without a connection to one address the next one is tried beside it: an address
/// that answers nothing costs a moment, not the whole attempt.
const HEAD_START: Duration = Duration::from_millis(250);

/// What the system keeps of what the server does not take, in bytes. A stream writes a subscription
/// and a few pings; with more room, a server that reads nothing would not be noticed by them for hours.
const SEND_BUFFER: u32 = 16 << 10;

/// Makes connections to one server. In tests without sockets there is another one.
pub(crate) trait Dial: Send + Sync + 'static {
    /// Makes a connection. Each stage may take half of [`Settings::dial_timeout`]; the caller limits the whole.
    /// Dropping the future gives up.
    fn dial(&self, settings: &Settings) -> impl Future<Output = Dialled<Connection>> + Send;
}

/// A server on the network.
pub(crate) struct Server {
    host: Host,
    /// A proxy, and the request that has it connect to the server. It is for what is encrypted: it could
    /// read what is not.
    proxy: Option<(Host, Request<String>)>,
    /// The request for the upgrade, without its key.
    upgrade: Request<String>,
}

/// A host to connect to.
struct Host {
    /// Name or address, without brackets.
    name: String,
    port: u16,
    /// None to this machine, without TLS.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// A connection that is being made.
type ByteBox = Box<dyn ByteStream>;

type Dialled<T> = Result<T, DialFailure>;

impl Server {
    /// The server with this URL: `wss`, or `ws` to this machine. Of the settings it takes the
    /// certificates and the proxy; `user_agent` has to be text that a header can hold.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] if the URL is not allowed, or no certificates can be found to trust.
    pub(crate) fn new(url: &str, user_agent: &str, settings: &TransportSettings) -> Result<Arc<Self>, Error> {
        let url = parse(url, settings)?;
        let uri: Uri = url.as_str().parse().map_err(|_| misconfigured("the stream's URL has no host"))?;
        let (name, authority) = uri.host().zip(uri.authority()).unzip();
        let tls =
            url.is_https().then(|| tls_config(&settings.root_certificates)).transpose().map_err(|error| {
                misconfigured("there are no certificates to trust").caused_by(Some(Box::new(error)))
            })?;
        let host = Host::new(&uri, tls.as_ref())?;
        let proxy = match settings.proxy_to(&url).map_err(misconfigured)? {
            Some(route) => {
                let server = format!("{}:{}", name.unwrap_or_default(), host.port);
                let mut connect = Request::connect(&server).header("Host", &server);
                if let Some(authorization) = route.authorization {
                    connect = connect.header("Proxy-Authorization", authorization);
                }
                Some((Host::new(&route.uri, tls.as_ref())?, complete(connect)?))
            }
            None => None,
        };
        let upgrade = Request::get(uri.path())
            .header("Host", authority.map_or("", |authority| authority.as_str()))
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("User-Agent", user_agent);
        Ok(Arc::new(Self { host, proxy, upgrade: complete(upgrade)? }))
    }

    /// Asks for the upgrade. Returns what was read behind the answer, too.
    async fn upgrade(&self, stream: ByteBox) -> Dialled<(ByteBox, Bytes)> {
        let (key, mut request) = (generate_key(), self.upgrade.clone());
        let value = HeaderValue::try_from(&key).map_err(|_| DialFailure::Failed(Stage::Upgrade))?;
        request.headers_mut().insert("Sec-WebSocket-Key", value);
        let (answer, stream, early) =
            exchange(stream, request).await.map_err(|error| match error.is_parse() {
                true => DialFailure::Handshake("not HTTP, or a head that is too long"),
                false => DialFailure::Failed(Stage::Upgrade),
            })?;
        check(&answer, &key)?;
        Ok((stream, early))
    }
}

impl Dial for Arc<Server> {
    async fn dial(&self, settings: &Settings) -> Dialled<Connection> {
        let half = settings.dial_timeout.mul_f64(0.5);
        let first = self.proxy.as_ref().map_or(&self.host, |(proxy, _)| proxy);
        let addresses = keep(Stage::Resolve, half, resolve(first)).await?;
        let mut stream: ByteBox = Box::new(keep(Stage::Tcp, half, connect(addresses)).await?);
        if let Some((proxy, connect)) = &self.proxy {
            stream = keep(Stage::Proxy, half, proxy.encrypt(stream)).await?;
            stream = keep(Stage::Proxy, half, tunnel(stream, connect.clone())).await?;
        }
        stream = keep(Stage::Tls, half, self.host.encrypt(stream)).await?;
        let (stream, early) = keep(Stage::Upgrade, half, self.upgrade(stream)).await?;
        Ok(Connection::new(stream, &early, settings).await)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("host", &self.host.name).finish_non_exhaustive()
    }
}

impl Host {
    /// With TLS where the URI says so.
    fn new(uri: &Uri, tls: Option<&ClientConfig>) -> Result<Self, Error> {
        let name = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let tls = tls.filter(|_| uri.scheme_str() == Some("https"));
        let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        let Some(mut config) = tls.cloned() else { return Ok(Self { name, port, tls: None }) };
        // HTTP/2 has no upgrade.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let certified = ServerName::try_from(name.clone())
            .map_err(|_| misconfigured("the URL of the stream has no host that a certificate can name"))?;
        Ok(Self { name, port, tls: Some((TlsConnector::from(Arc::new(config)), certified)) })
    }

    async fn encrypt(&self, stream: ByteBox) -> Dialled<ByteBox> {
        let Some((connector, certified)) = &self.tls else { return Ok(stream) };
        match connector.connect(certified.clone(), stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(match error.get_ref().and_then(|error| error.downcast_ref()) {
                Some(rustls::Error::InvalidCertificate(_)) => DialFailure::Certificate,
                _ => DialFailure::Failed(Stage::Tls),
            }),
        }
    }
}

/// Reads the URL of a stream, by the same rules as that of requests.
///
/// # Errors
/// [`ErrorKind::Configuration`] if it is not allowed.
pub(crate) fn parse(url: &str, settings: &TransportSettings) -> Result<BaseUrl, Error> {
    let url = url.trim();
    // Where requests go over http, streams go over ws; the libraries know the former.
    let http = match url.split_at_checked(2) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => format!("http{rest}"),
        _ => url.to_owned(),
    };
    settings.base_url(&http).map_err(|problem| misconfigured(format!("the URL of the stream {problem}")))
}

fn complete(request: http::request::Builder) -> Result<Request<String>, Error> {
    request.body(String::new()).map_err(|error| misconfigured(format!("the stream's request: {error}")))
}

fn misconfigured(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

/// The addresses of a host, in the order that the system prefers.
async fn resolve(host: &Host) -> Dialled<Vec<SocketAddr>> {
    let found = lookup_host((looked_up(&host.name), host.port)).await;
    Ok(found.map_err(|_| DialFailure::Failed(Stage::Resolve))?.collect())
}

/// A connection to the first address that answers.
async fn connect(addresses: Vec<SocketAddr>) -> Dialled<TcpStream> {
    // Those that are under way end when it is dropped.
    let mut tries = JoinSet::new();
    for address in addresses {
        tries.spawn(connect_to(address));
        if let Ok(Some(Ok(Ok(stream)))) = timeout(HEAD_START, tries.join_next()).await {
            return Ok(stream);
        }
    }
    while let Some(tried) = tries.join_next().await {
        if let Ok(Ok(stream)) = tried {
            return Ok(stream);
        }
    }
    Err(DialFailure::Failed(Stage::Tcp))
}

async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    socket.set_send_buffer_size(SEND_BUFFER)?;
    // What is written is small and wanted at once.
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

/// Has a proxy connect to the server; what is read and written after that is the server's.
async fn tunnel(stream: ByteBox, connect: Request<String>) -> Dialled<ByteBox> {
    let (answer, stream, _) =
        exchange(stream, connect).await.map_err(|_| DialFailure::Failed(Stage::Proxy))?;
    match answer.status() {
        // Nothing was read behind it: a server says nothing before TLS.
        status if status.is_success() => Ok(stream),
        // A refusal is the proxy's, not the server's: its status says nothing of a token.
        status => Err(DialFailure::Proxy { status: status.as_u16() }),
    }
}

/// Makes the last request of a connection that speaks something else after the answer. Returns what was
/// read behind that, too.
async fn exchange(
    stream: ByteBox,
    request: Request<String>,
) -> hyper::Result<(Response<Incoming>, ByteBox, Bytes)> {
    // Some servers know the names of headers in this form only.
    let (mut sender, mut connection) =
        http1::Builder::new().title_case_headers(true).handshake(TokioIo::new(stream)).await?;
    let mut answer = pin!(sender.send_request(request));
    let answer = poll_fn(|cx| {
        // If it fails, the answer does, with the same error.
        _ = connection.poll_without_shutdown(cx);
        answer.as_mut().poll(cx)
    });
    let answer = answer.await?;
    let parts = connection.into_parts();
    Ok((answer, parts.io.into_inner(), parts.read_buf))
}

/// Checks that the server agreed to the upgrade with this key, and to nothing that was not asked for.
fn check(answer: &Response<Incoming>, key: &str) -> Dialled<()> {
    let (status, headers) = (answer.status().as_u16(), received(answer.headers()));
    if status != 101 {
        return Err(DialFailure::Status { status, retry_after: retry_after(&headers) });
    }
    let has = |name: &str, wanted: &str| {
        let named = headers.iter().filter(|(known, _)| *known == name);
        named.flat_map(|(_, value)| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(wanted))
    };
    let accept = derive_accept_key(key.as_bytes());
    let rules = [
        (has("upgrade", "websocket") && has("connection", "upgrade"), "wrong `Upgrade` or `Connection`"),
        (headers.get("sec-websocket-accept") == Some(&accept), "wrong `Sec-WebSocket-Accept`"),
        (headers.get("sec-websocket-extensions").is_none(), "unasked `Sec-WebSocket-Extensions`"),
        (headers.get("sec-websocket-protocol").is_none(), "unasked `Sec-WebSocket-Protocol`"),
    ];
    let broken = rules.into_iter().find(|(is_kept, _)| !is_kept);
    broken.map_or(Ok(()), |(_, fault)| Err(DialFailure::Handshake(fault)))
}

/// Gives up a stage that is not over within this time.
async fn keep<T>(stage: Stage, limit: Duration, work: impl Future<Output = Dialled<T>>) -> Dialled<T> {
    timeout(limit, work).await.unwrap_or(Err(DialFailure::TimedOut(Some(stage))))
}

/// How many dials are possible at once, and the time after which one more is.
const BURST: u32 = 20;
const REFILL: Duration = Duration::from_secs(1);

/// A limit of dials, shared by all streams and sockets of a client: a token bucket of 60 dials a
/// minute with a burst of 20.
#[derive(Clone, Debug)]
pub(crate) struct DialLimit {
    /// The bucket is full at this moment, if nothing is taken until then.
    full: Arc<Mutex<Instant>>,
}

impl DialLimit {
    pub(crate) fn new() -> Self {
        Self { full: Arc::new(Mutex::new(Instant::now())) }
    }

    /// Waits for a permit to dial, and takes it. A caller that stops waiting takes none.
    pub(crate) async fn permit(&self) {
        // Held while it waits: permits are given in the order in which they were asked for.
        let mut full = self.full.lock().await;
        let missing = full.saturating_duration_since(Instant::now());
        sleep(missing.saturating_sub(REFILL * (BURST - 1))).await;
        let refilled = (*full).max(Instant::now());
        *full = refilled.checked_add(REFILL).unwrap_or(refilled);
    }
}
