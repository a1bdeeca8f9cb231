//! A server on loopback that does what no server should: for each connection a list of steps,
//! over TCP or TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::listen;

/// What the server does on a connection, one after the other. After the last it closes.
#[derive(Clone, Debug)]
pub enum Step {
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
    pub fn send(bytes: impl AsRef<[u8]>) -> Self {
        Self::Send(bytes.as_ref().to_vec())
    }

    /// A complete answer that leaves the connection open.
    pub fn answer(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::answer_with(status, &[("content-type", "application/json")], body)
    }

    /// A complete answer with these headers and a length.
    pub fn answer_with(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
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
pub struct Book {
    /// Connections accepted.
    pub connections: usize,
    /// Connections that are over, whoever ended them.
    pub ended: usize,
    /// Complete requests, head and body.
    pub requests: Vec<String>,
    /// Bytes received after the handshake.
    pub bytes: usize,
    /// Steps begun, on all connections.
    pub steps: usize,
    /// Connections that were brought to their `Hold`.
    pub holding: usize,
}

pub struct FaultServer {
    pub address: SocketAddr,
    scheme: &'static str,
    book: Arc<watch::Sender<Book>>,
    released: watch::Sender<bool>,
}

impl FaultServer {
    /// A server without TLS; the function gives the steps of the connection with this number.
    pub fn plain(script: impl Fn(usize) -> Vec<Step> + Send + 'static) -> Self {
        Self::start(None, script)
    }

    /// The same steps on every connection.
    pub fn always(steps: impl Into<Vec<Step>>) -> Self {
        let steps = steps.into();
        Self::plain(move |_| steps.clone())
    }

    /// A server with TLS.
    pub fn tls(acceptor: TlsAcceptor, script: impl Fn(usize) -> Vec<Step> + Send + 'static) -> Self {
        Self::start(Some(acceptor), script)
    }

    fn start(tls: Option<TlsAcceptor>, script: impl Fn(usize) -> Vec<Step> + Send + 'static) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let book = Arc::new(watch::Sender::new(Book::default()));
        let released = watch::Sender::new(false);
        let (log, release) = (Arc::clone(&book), released.subscribe());
        let address = listen(move |number, stream| {
            log.send_modify(|book| book.connections += 1);
            let connection =
                Connection { steps: script(number), log: Arc::clone(&log), release: release.clone() };
            connection.run(stream, tls.clone())
        });
        Self { address, scheme, book, released }
    }

    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub fn book(&self) -> Book {
        self.book.borrow().clone()
    }

    /// Waits until the server saw what is wanted.
    pub async fn until(&self, seen: impl Fn(&Book) -> bool) -> Book {
        self.book.subscribe().wait_for(seen).await.unwrap().clone()
    }

    /// Waits until all connections are over.
    pub async fn all_ended(&self) -> Book {
        self.until(|book| book.ended == book.connections).await
    }

    /// Lets every `Wait` go on.
    pub fn release(&self) {
        self.released.send_replace(true);
    }
}

/// Lets time pass in the client's runtime without waiting for it.
#[cfg(feature = "simulated-time")]
pub async fn time_passes(time: std::time::Duration) {
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
