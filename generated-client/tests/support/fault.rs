//! A server on loopback that does what no server should: for each connection a list of steps,
//! over TCP or TLS. It runs in a thread of its own, so that whatever runs in a test's runtime is
//! the client's.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "each test program uses a part of it, and fails where it fails"
)]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What the server does on a connection, one after the other. After the last it closes.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Receives a whole request and books it.
    Receive,
    /// Receives a request up to this many bytes of its body, and books nothing.
    ReceivePart(usize),
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes so many times, as far as the client takes them.
    Repeat(Vec<u8>, usize),
    /// Sends what is made of the last request.
    AnswerTo(fn(&str) -> Vec<u8>),
    /// Says and reads nothing more until the client is gone.
    Hold,
    /// Goes on only when `release` is called.
    Wait,
    /// Ends the connection with an RST.
    Reset,
    /// Ends the connection without the end of TLS.
    Cut,
}

impl Step {
    pub(crate) fn send(bytes: impl AsRef<[u8]>) -> Self {
        Self::Send(bytes.as_ref().to_vec())
    }

    /// A complete answer that leaves the connection open.
    pub(crate) fn answer(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::answer_with(status, &[("content-type", "application/json")], body)
    }

    /// A complete answer with these headers and a length.
    pub(crate) fn answer_with(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Self::Send([head.as_bytes(), body].concat())
    }
}

/// What the server saw so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Book {
    /// Connections accepted.
    pub(crate) connections: usize,
    /// Connections that are over, whoever ended them.
    pub(crate) ended: usize,
    /// Complete requests, head and body.
    pub(crate) requests: Vec<String>,
    /// Bytes received after the handshake.
    pub(crate) bytes: usize,
    /// Steps begun, on all connections.
    pub(crate) steps: usize,
    /// Connections that were brought to their `Hold`.
    pub(crate) holding: usize,
}

pub(crate) struct FaultServer {
    pub(crate) address: SocketAddr,
    scheme: &'static str,
    book: Arc<watch::Sender<Book>>,
    released: watch::Sender<bool>,
}

type Script = Arc<dyn Fn(usize) -> Vec<Step> + Send + Sync>;

impl FaultServer {
    /// A server without TLS; the function gives the steps of the connection with this number.
    pub(crate) fn plain(script: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(script))
    }

    /// The same steps on every connection.
    pub(crate) fn always(steps: impl Into<Vec<Step>>) -> Self {
        let steps = steps.into();
        Self::plain(move |_| steps.clone())
    }

    /// A server with TLS.
    pub(crate) fn tls(
        acceptor: TlsAcceptor,
        script: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Some(acceptor), Arc::new(script))
    }

    fn start(tls: Option<TlsAcceptor>, script: Script) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let book = Arc::new(watch::Sender::new(Book::default()));
        let released = watch::Sender::new(false);
        let (log, release) = (Arc::clone(&book), released.subscribe());
        in_thread(async move {
            listener.set_nonblocking(true).unwrap();
            let listener = TcpListener::from_std(listener).unwrap();
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                log.send_modify(|book| book.connections += 1);
                let connection =
                    Connection { steps: script(number), log: Arc::clone(&log), release: release.clone() };
                tokio::spawn(connection.run(stream, tls.clone()));
                number += 1;
            }
        });
        Self { address, scheme, book, released }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub(crate) fn book(&self) -> Book {
        self.book.borrow().clone()
    }

    /// Waits until the server saw what is wanted.
    pub(crate) async fn until(&self, seen: impl Fn(&Book) -> bool) -> Book {
        self.book.subscribe().wait_for(seen).await.unwrap().clone()
    }

    /// Waits until all connections are over.
    pub(crate) async fn all_ended(&self) -> Book {
        self.until(|book| book.ended == book.connections).await
    }

    /// Lets every `Wait` go on.
    pub(crate) fn release(&self) {
        self.released.send_replace(true);
    }
}

/// Runs a server in a thread and a runtime of its own.
pub(crate) fn in_thread(server: impl Future<Output = ()> + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::spawn(move || runtime.block_on(server));
}

/// Lets time pass in the client's runtime without waiting for it.
pub(crate) async fn time_passes(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

struct Connection {
    steps: Vec<Step>,
    log: Arc<watch::Sender<Book>>,
    release: watch::Receiver<bool>,
}

impl Connection {
    async fn run(mut self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        match tls {
            None => self.talk(stream).await,
            Some(acceptor) => match acceptor.accept(stream).await {
                Ok(stream) => self.talk(stream).await,
                Err(_) => None,
            },
        };
        self.log.send_modify(|book| book.ended += 1);
    }

    /// `None` when the client is gone before the steps are.
    async fn talk<S: Wire>(&mut self, mut stream: S) -> Option<()> {
        for step in std::mem::take(&mut self.steps) {
            self.log.send_modify(|book| book.steps += 1);
            match step {
                Step::Receive => {
                    let request = self.receive(&mut stream, None).await?;
                    self.log.send_modify(|book| book.requests.push(request));
                }
                Step::ReceivePart(part) => {
                    self.receive(&mut stream, Some(part)).await?;
                }
                Step::AnswerTo(answer) => {
                    let request = self.log.borrow().requests.last().cloned().unwrap_or_default();
                    self.send(&mut stream, &answer(&request)).await?;
                }
                Step::Send(bytes) => self.send(&mut stream, &bytes).await?,
                Step::Repeat(bytes, times) => {
                    for _ in 0..times {
                        self.send(&mut stream, &bytes).await?;
                    }
                }
                Step::Hold => {
                    self.log.send_modify(|book| book.holding += 1);
                    while self.read(&mut stream, &mut Vec::new()).await.is_some() {}
                    return None;
                }
                Step::Wait => {
                    self.release.wait_for(|released| *released).await.ok()?;
                }
                Step::Reset => {
                    stream.tcp().set_zero_linger().unwrap();
                    return Some(());
                }
                Step::Cut => return Some(()),
            }
        }
        stream.shutdown().await.ok()
    }

    async fn send<S: Wire>(&self, stream: &mut S, bytes: &[u8]) -> Option<()> {
        stream.write_all(bytes).await.ok()?;
        stream.flush().await.ok()
    }

    /// Reads a request, or a part of its body.
    async fn receive<S: Wire>(&self, stream: &mut S, part: Option<usize>) -> Option<String> {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.read(stream, &mut bytes).await?;
        };
        let length = content_length(&bytes[..head]);
        let wanted = head + part.unwrap_or(length).min(length);
        while bytes.len() < wanted {
            self.read(stream, &mut bytes).await?;
        }
        Some(String::from_utf8(bytes).unwrap())
    }

    async fn read<S: Wire>(&self, stream: &mut S, bytes: &mut Vec<u8>) -> Option<()> {
        let count = stream.read_buf(bytes).await.ok().filter(|count| *count > 0)?;
        self.log.send_modify(|book| book.bytes += count);
        Some(())
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).unwrap().to_ascii_lowercase();
    let mut lines = head.lines();
    lines.find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap())
}

/// A connection with or without TLS.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    fn tcp(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}
