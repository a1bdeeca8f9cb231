//! Whole streams over loopback, plain and over TLS, in real time: all waits are set to be short.
//!
//! As over pipes, all loggers are at their finest level, every message must have been seen in the
//! end, and no task may be left.

mod client;
mod dials;
mod ends;
mod frames;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::caller::{Caller, assert_holds_no_token};
use super::session::{Common, Pipe, Session};
use super::stage::Tokens;
use super::{again, begin};
use crate::stream::dial_limit::DialLimit;
use crate::stream::machine::{ResumePoint, Settings};
use crate::stream::dial;
use crate::stream::dial::tests::accept;
use crate::stream::dial::tests::eavesdrop::Ears;
use crate::stream::supervisor::Shared;
use crate::tests::certificate::{Authority, Flaw};
use crate::transport::TransportSettings;

/// Longest wait for something that has to come. Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn short_waits() -> Settings {
    Settings {
        max_backoff: millis(20),
        close_timeout: millis(500),
        ..Settings::default()
    }
}

/// A stream to a server on loopback, and the server.
struct Net {
    caller: Caller,
    common: Common,
    tokens: Tokens,
    /// Taken, but not listened on.
    socket: Option<TcpSocket>,
    listener: Option<TcpListener>,
    tls: Option<TlsAcceptor>,
}

/// Plays it twice: plain and over TLS.
fn over_loopback(change: impl Fn(&mut Settings), play: impl AsyncFn(&mut Net)) {
    for flaw in [None, Some(Flaw::None)] {
        over_one(flaw, &change, async |net| {
            net.listen();
            play(net).await;
        });
    }
}

/// Plays it over TLS, with a certificate that may be no good, or plain; nobody listens yet.
fn over_one(flaw: Option<Flaw>, change: impl Fn(&mut Settings), play: impl AsyncFn(&mut Net)) {
    let ears = Ears::open();
    let mut settings = short_waits();
    change(&mut settings);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut net = Net::new(flaw, settings);
        play(&mut net).await;
        net.end().await;
    });
    drop(runtime);
    let lines = ears.take();
    lines.iter().for_each(|line| assert_holds_no_token(line));
    assert_eq!(flaw.is_some(), lines.iter().any(|line| line.starts_with("rustls")), "what TLS says is heard");
}

impl Net {
    fn new(flaw: Option<Flaw>, settings: Settings) -> Self {
        let (tokens, common) = (Tokens::default(), Common::default());
        let socket = TcpSocket::new_v4().unwrap();
        // Little room, so that a server who does not read is soon noticed.
        socket.set_recv_buffer_size(4 << 10).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        let authority = Authority::new();
        let root_certificates = vec![authority.root()];
        let transport = TransportSettings { root_certificates, ..TransportSettings::default() };
        let scheme = if flaw.is_some() { "wss" } else { "ws" };
        let server = dial::Server::new(&format!("{scheme}://{address}/ws"), "test/1", &transport).unwrap();
        // What is paced by it is shown where time does not pass by itself.
        let shared = Shared { limit: DialLimit::new(), clock: Instant::now() };
        let stream = begin(server, tokens.clone(), settings, &shared, ResumePoint::default());
        Self {
            caller: Caller::new(stream, PATIENCE),
            common,
            tokens,
            socket: Some(socket),
            listener: None,
            tls: flaw.map(|flaw| authority.acceptor(flaw, "http/1.1")),
        }
    }

    fn listen(&mut self) {
        self.listener = self.socket.take().map(|socket| socket.listen(16).unwrap());
    }

    /// The next connection, of which nothing was read yet.
    async fn tcp(&mut self) -> TcpStream {
        let listener = self.listener.as_ref().expect("it listens");
        timeout(PATIENCE, listener.accept()).await.expect("a connection").unwrap().0
    }

    /// The next connection, and what it asks for.
    async fn asked(&mut self) -> (Box<dyn Pipe>, String) {
        let stream = self.tcp().await;
        let mut pipe: Box<dyn Pipe> = match &self.tls {
            Some(tls) => Box::new(tls.accept(stream).await.unwrap()),
            None => Box::new(stream),
        };
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(pipe.read_u8().await.unwrap());
        }
        (pipe, String::from_utf8(request).unwrap())
    }

    /// The next connection, which gets these bytes for an answer.
    async fn answer(&mut self, answer: impl AsRef<[u8]>) {
        let (mut pipe, _) = self.asked().await;
        pipe.write_all(answer.as_ref()).await.unwrap();
        pipe.flush().await.unwrap();
        while pipe.read_u8().await.is_ok() {}
    }

    /// The next connection, upgraded.
    async fn accept(&mut self) -> Session {
        let (mut pipe, request) = self.asked().await;
        pipe.write_all(&accept(&request)).await.unwrap();
        pipe.flush().await.unwrap();
        Session::new(pipe, &self.common)
    }

    /// A connection that is live, after a replay of these numbers; the caller has seen these words.
    async fn live(&mut self, numbers: impl IntoIterator<Item = u64>, seen: &str) -> Session {
        let mut session = self.accept().await;
        session.live(numbers).await;
        self.caller.saw(seen).await;
        session
    }

    /// The same, at the beginning, with five messages.
    async fn begin(&mut self) -> Session {
        self.live(1..=5, &again("r1, r2, r3, r4, r5, ")).await
    }

    async fn end(mut self) {
        let over = self.caller.take(millis(10)).await;
        assert!(over.iter().all(|word| word == "end"), "nobody looked at {over:?}");
        self.caller.assert_got(&self.common.said());
        self.caller.leave().await;
        let until = Instant::now() + PATIENCE;
        while Handle::current().metrics().num_alive_tasks() > 0 {
            assert!(Instant::now() < until, "a task is left");
            sleep(millis(1)).await;
        }
    }
}
