//! A server on loopback that is scripted by a function: for each request a list of actions.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test program uses a part of it, and fails where it fails"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A complete request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, as they came.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Number of the connection, from 0.
    pub(crate) connection: usize,
    /// When it was complete.
    pub(crate) at: Instant,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The decoded value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
        Some(percent_encoding::percent_decode_str(value).decode_utf8().unwrap().into_owned())
    }
}

/// What the server does after a request. After the last action it waits for the next request on the
/// same connection.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Send(Vec<u8>),
    Sleep(Duration),
    /// Neither reads nor writes until the client is gone.
    Hold,
    /// Ends the connection with a FIN.
    Close,
    /// Ends the connection with an RST.
    Reset,
}

/// A complete answer with a JSON body.
pub(crate) fn json(status: u16, body: impl AsRef<str>) -> Vec<Action> {
    answer(status, &[("content-type", "application/json")], body)
}

/// A complete answer.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<str>) -> Vec<Action> {
    vec![Action::Send(bytes(status, headers, body.as_ref()))]
}

/// The bytes of a complete answer.
pub(crate) fn bytes(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

pub(crate) struct ScriptedServer {
    pub(crate) url: String,
    log: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
}

impl ScriptedServer {
    pub(crate) async fn start(script: impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static) -> Self {
        Self::start_closing(None, script).await
    }

    /// A server that closes each connection so long after its last answer, without announcing it.
    pub(crate) async fn start_closing(
        idle: impl Into<Option<Duration>>,
        script: impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static,
    ) -> Self {
        let idle = idle.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (log, connections) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let server = Self { url, log: Arc::clone(&log), connections: Arc::clone(&connections) };
        let script = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, number, idle, Arc::clone(&script), Arc::clone(&log)));
            }
        });
        server
    }

    /// All complete requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// The requests so far with this method.
    pub(crate) fn with_method(&self, method: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.method == method).collect()
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(
    stream: TcpStream,
    connection: usize,
    idle: Option<Duration>,
    script: Arc<impl Fn(&Request) -> Vec<Action>>,
    log: Arc<Mutex<Vec<Request>>>,
) {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    loop {
        let receiving = receive(&mut stream, connection);
        let received = match idle {
            Some(idle) => tokio::time::timeout(idle, receiving).await.ok().flatten(),
            None => receiving.await,
        };
        let Some(request) = received else { return };
        log.lock().unwrap().push(request.clone());
        for action in script(&request) {
            match action {
                Action::Send(bytes) => {
                    // The client may have seen enough and gone.
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Action::Sleep(time) => tokio::time::sleep(time).await,
                Action::Hold => drop(stream.read_to_end(&mut Vec::new()).await),
                Action::Close => return,
                Action::Reset => return reset(&stream),
            }
        }
    }
}

#[expect(deprecated, reason = "it may block where something is left to send, and here nothing is")]
fn reset(stream: &BufReader<TcpStream>) {
    stream.get_ref().set_linger(Some(Duration::ZERO)).unwrap();
}

async fn receive(stream: &mut BufReader<TcpStream>, connection: usize) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).unwrap();
    Some(Request { method, target, headers, body, connection, at: Instant::now() })
}
