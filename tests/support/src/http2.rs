//! A server of HTTP/2 on loopback, frame by frame: it also does what a library does not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::listen;

/// A complete request.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Number of the connection, from 0.
    pub connection: usize,
    pub id: u32,
    /// Empty for reads.
    pub body: String,
    /// The client wants no answer any more.
    pub is_reset: bool,
}

/// What the server does with a request.
pub enum Act {
    /// Answers with this status and JSON.
    Answer(u16, String),
    /// Begins an answer with this status and a part of its JSON.
    Begin(u16, String),
    /// `RST_STREAM` with this code.
    Reset(u32),
    /// `GOAWAY(NO_ERROR)` with this last stream. The connection goes on.
    GoAway(u32),
    /// Ends the connection when the client has read everything.
    Close,
    /// Neither reads nor writes any more, and answers no PING.
    Silence,
}

pub struct Http2Server {
    pub url: String,
    log: Arc<Log>,
}

type Log = watch::Sender<Vec<Stream>>;
type Script = dyn Fn(&Stream) -> Vec<Act> + Send + Sync;

impl Http2Server {
    /// A server that sends GOAWAY and closes when a connection was idle for this time.
    pub fn start(
        acceptor: TlsAcceptor,
        idle: Duration,
        script: impl Fn(&Stream) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        let (log, script): (_, Arc<Script>) = (Arc::<Log>::default(), Arc::new(script));
        let streams = Arc::clone(&log);
        let address = listen(move |number, stream| {
            let (acceptor, script, log) = (acceptor.clone(), Arc::clone(&script), Arc::clone(&streams));
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let _ = Connection { stream, number, last: 0 }.serve(idle, &*script, &log).await;
            }
        });
        Self { url: format!("https://{address}"), log }
    }

    /// All complete requests so far.
    pub fn streams(&self) -> Vec<Stream> {
        self.log.borrow().clone()
    }

    /// Waits until the server saw what is wanted.
    pub async fn until(&self, seen: impl Fn(&[Stream]) -> bool) {
        self.log.subscribe().wait_for(|streams| seen(streams)).await.unwrap();
    }
}

struct Connection {
    stream: TlsStream<TcpStream>,
    number: usize,
    /// The last stream that was answered.
    last: u32,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Codes of RST_STREAM.
pub const REFUSED_STREAM: u32 = 7;
pub const INTERNAL_ERROR: u32 = 2;

impl Connection {
    async fn serve(mut self, idle: Duration, script: &Script, log: &Log) -> std::io::Result<()> {
        self.stream.read_exact(&mut [0; 24]).await?;
        self.send(SETTINGS, 0, 0, &[]).await?;
        let mut bodies = HashMap::<u32, Vec<u8>>::new();
        loop {
            let mut head = [0; 9];
            match timeout(idle, self.stream.read_exact(&mut head)).await {
                Ok(read) => drop(read?),
                Err(_) => {
                    self.go_away(self.last).await?;
                    return self.close().await;
                }
            }
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await?;
            let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            match head[3] {
                SETTINGS if head[4] & ACK == 0 => self.send(SETTINGS, ACK, 0, &[]).await?,
                PING if head[4] & ACK == 0 => self.send(PING, ACK, 0, &payload).await?,
                HEADERS => drop(bodies.insert(id, Vec::new())),
                DATA => bodies.entry(id).or_default().extend(payload),
                RST_STREAM => log.send_modify(|streams| {
                    let reset = streams
                        .iter_mut()
                        .filter(|stream| (stream.connection, stream.id) == (self.number, id));
                    reset.for_each(|stream| stream.is_reset = true);
                }),
                _ => {}
            }
            if matches!(head[3], HEADERS | DATA) && head[4] & END_STREAM != 0 {
                let body = String::from_utf8(bodies.remove(&id).unwrap_or_default()).unwrap();
                let stream = Stream { connection: self.number, id, body, is_reset: false };
                log.send_modify(|streams| streams.push(stream.clone()));
                for act in script(&stream) {
                    match act {
                        Act::Answer(status, body) => self.answer(id, status, &body, END_STREAM).await?,
                        Act::Begin(status, body) => self.answer(id, status, &body, 0).await?,
                        Act::Reset(code) => self.send(RST_STREAM, 0, id, &code.to_be_bytes()).await?,
                        Act::GoAway(last) => self.go_away(last).await?,
                        Act::Close => return self.close().await,
                        Act::Silence => std::future::pending().await,
                    }
                }
            }
        }
    }

    async fn answer(&mut self, id: u32, status: u16, body: &str, end: u8) -> std::io::Result<()> {
        self.last = id;
        // `:status` as a literal with the name of the static table; a type as a literal.
        let status = status.to_string();
        let kind = "application/json";
        let mut head = vec![0x08, 3];
        head.extend(status.as_bytes());
        head.extend([0x0f, 0x10, u8::try_from(kind.len()).unwrap()]);
        head.extend(kind.as_bytes());
        self.send(HEADERS, END_HEADERS, id, &head).await?;
        self.send(DATA, end, id, body.as_bytes()).await
    }

    async fn go_away(&mut self, last: u32) -> std::io::Result<()> {
        self.send(GOAWAY, 0, 0, &[last.to_be_bytes(), [0; 4]].concat()).await
    }

    /// Ends the connection, and reads on: what is left unread would reset it, and take GOAWAY with it.
    async fn close(&mut self) -> std::io::Result<()> {
        self.stream.shutdown().await?;
        while self.stream.read(&mut [0; 1024]).await? > 0 {}
        Ok(())
    }

    async fn send(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &id.to_be_bytes()].concat();
        self.stream.write_all(&[&head, payload].concat()).await?;
        self.stream.flush().await
    }
}
