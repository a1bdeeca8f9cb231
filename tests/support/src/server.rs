//! A server on loopback that is scripted by a function: for each request a list of actions, also such as a
//! library would refuse: answers that are cut, silence, bytes that are no HTTP.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A complete request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query, as they came.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Number of the connection, from 0.
    pub connection: usize,
    /// When it was complete.
    pub at: Instant,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} was sent twice");
        value
    }

    /// The path, decoded.
    pub fn path(&self) -> String {
        decoded(self.target.split('?').next().unwrap())
    }

    /// The pairs of the query, decoded.
    pub fn pairs(&self) -> BTreeMap<String, String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
    }

    /// The decoded value of a query parameter.
    pub fn query(&self, name: &str) -> Option<String> {
        self.pairs().remove(name)
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// What the server does after a request. After the last action it waits for the next request on the
/// same connection.
#[derive(Clone, Debug)]
pub enum Action {
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
pub fn json(status: u16, body: impl AsRef<[u8]>) -> Vec<Action> {
    answer(status, &[("content-type", "application/json")], body)
}

/// A complete answer.
pub fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<Action> {
    vec![Action::Send(bytes(status, headers, body))]
}

/// The bytes of a complete answer.
pub fn bytes(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// Sends these bytes and closes the connection.
pub fn last(bytes: impl Into<Vec<u8>>) -> Vec<Action> {
    vec![Action::Send(bytes.into()), Action::Close]
}

pub struct Server {
    pub url: String,
    log: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub async fn start(script: impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static) -> Self {
        Self::start_closing(None, script).await
    }

    /// A server that closes each connection so long after its last answer, without announcing it.
    pub async fn start_closing(
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

    /// A server that answers every request with this JSON.
    pub async fn answering(status: u16, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::start(move |_| json(status, &body)).await
    }

    /// The only request so far.
    pub fn request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    /// The complete requests since the last time.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// All complete requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// The requests so far with this method.
    pub fn with_method(&self, method: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.method == method).collect()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
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
