//! Making connections for requests: name, TCP, proxy, TLS.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{HeaderValue, Uri};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;
use tower_service::Service;

use super::BoxError;
use super::resolve::Resolver;

type Tcp = HttpConnector<Resolver>;
type Plain = TokioIo<TcpStream>;

/// Makes connections to one server.
#[derive(Clone)]
pub(super) struct Connector(Arc<Inner>);

struct Inner {
    route: Route,
    timeout: Duration,
}

enum Route {
    /// Without TLS.
    Plain(Tcp),
    Tls(HttpsConnector<Tcp>),
    /// With TLS, through a proxy that cannot read it.
    Proxy(Box<HttpsConnector<Tunnel<HttpsConnector<Tcp>>>>),
}

/// The way to a proxy.
pub(crate) struct ProxyRoute {
    pub(crate) uri: Uri,
    pub(crate) authorization: Option<HeaderValue>,
}

impl Connector {
    /// Connections without TLS.
    pub(super) fn plain(timeout: Duration) -> Self {
        Self(Arc::new(Inner { route: Route::Plain(tcp(timeout)), timeout }))
    }

    /// Connections with TLS, which offer HTTP/2 if that is wanted.
    pub(super) fn tls(
        config: ClientConfig,
        http2: bool,
        proxy: Option<ProxyRoute>,
        timeout: Duration,
    ) -> Self {
        let mut to_server = config.clone();
        to_server.alpn_protocols = vec![b"http/1.1".to_vec()];
        if http2 {
            to_server.alpn_protocols.insert(0, b"h2".to_vec());
        }
        let route = match proxy {
            None => Route::Tls(HttpsConnector::from((tcp(timeout), to_server))),
            Some(ProxyRoute { uri, authorization }) => {
                let mut tunnel = Tunnel::new(uri, HttpsConnector::from((tcp(timeout), config)));
                if let Some(authorization) = authorization {
                    tunnel = tunnel.with_auth(authorization);
                }
                Route::Proxy(Box::new(HttpsConnector::from((tunnel, to_server))))
            }
        };
        Self(Arc::new(Inner { route, timeout }))
    }
}

fn tcp(timeout: Duration) -> Tcp {
    let mut tcp = HttpConnector::new_with_resolver(Resolver::new());
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // Shared by the addresses of a name, so that one that answers nothing leaves time for the others.
    tcp.set_connect_timeout(Some(timeout));
    // A connection whose peer is gone is noticed before a request is put on it.
    tcp.set_keepalive(Some(Duration::from_secs(15)));
    tcp.set_keepalive_interval(Some(Duration::from_secs(15)));
    tcp.set_keepalive_retries(Some(3));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    tcp.set_tcp_user_timeout(Some(Duration::from_secs(30)));
    tcp
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Stream>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            match timeout(inner.timeout, inner.route.connect(server)).await {
                Ok(wire) => Ok(TokioIo::new(Stream { wire: wire?, left: TURN })),
                Err(_) => Err(slow(inner.timeout).into()),
            }
        })
    }
}

impl Route {
    async fn connect(&self, server: Uri) -> Result<Wire, BoxError> {
        Ok(match self {
            Self::Plain(tcp) => Wire::Plain(tcp.clone().call(server).await?.into_inner()),
            Self::Tls(tls) => Wire::Tls(Box::new(TokioIo::new(tls.clone().call(server).await?))),
            Self::Proxy(tls) => Wire::Proxy(Box::new(TokioIo::new((**tls).clone().call(server).await?))),
        })
    }
}

/// The error of a connection that takes too long.
pub(super) fn slow(limit: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("not connected within {limit:?}"))
}

/// A connection that lets others have their turn.
///
/// The HTTP library reads for as long as there is something to read. A server that sends without end,
/// such as informational answers, would keep a thread busy for seconds, and with it the timer that
/// ends the request.
pub(super) struct Stream {
    wire: Wire,
    /// Bytes that may still be read in this turn.
    left: usize,
}

/// After so many bytes without a pause, reading pauses until the runtime has looked at its timers.
const TURN: usize = 64 << 10;

enum Wire {
    Plain(TcpStream),
    Tls(Box<TokioIo<MaybeHttpsStream<Plain>>>),
    Proxy(Box<TokioIo<MaybeHttpsStream<MaybeHttpsStream<Plain>>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match &self.wire {
            Wire::Plain(stream) => stream.connected(),
            Wire::Tls(stream) => stream.connected(),
            Wire::Proxy(stream) => stream.connected(),
        }
    }
}

/// Calls a method of whichever stream it is.
macro_rules! each {
    ($stream:expr, $name:ident ( $($argument:expr),* )) => {
        match &mut $stream.wire {
            Wire::Plain(stream) => Pin::new(stream).$name($($argument),*),
            Wire::Tls(stream) => Pin::new(&mut **stream).$name($($argument),*),
            Wire::Proxy(stream) => Pin::new(&mut **stream).$name($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            self.left = TURN;
            // It wakes the task again, after the timers.
            ready!(pin!(yield_now()).poll(context));
        }
        let before = buffer.filled().len();
        let read = each!(self, poll_read(context, buffer));
        // Where there was nothing to read, others have their turn anyway.
        let taken = buffer.filled().len() - before;
        self.left = if read.is_pending() { TURN } else { self.left.saturating_sub(taken) };
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        each!(self, poll_write(context, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, poll_shutdown(context))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(stream) => stream.is_write_vectored(),
            Wire::Tls(stream) => stream.is_write_vectored(),
            Wire::Proxy(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, poll_write_vectored(context, parts))
    }
}
