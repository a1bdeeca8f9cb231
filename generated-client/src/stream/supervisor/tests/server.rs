//! A server that keeps a journal, replays it to whoever subscribes, and goes on live. What else it does,
//! and how it answers a dial, is told by the test.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, interval, sleep};
use tokio_rustls::TlsAcceptor;

use super::DAY;
use crate::stream::connection::Connection;
use crate::stream::connection::tests::frames::{frame, receive};
use crate::stream::dial::Dial;
use crate::stream::dial::tests::accept;
use crate::stream::machine::{DialFailure, NoToken, Settings};
use crate::stream::supervisor::{Bearer, TokenProvider};

/// The beginning of every token.
pub(super) const SECRET: &str = "planted-token-of-a-stream-0123456789";

/// Messages by day and number.
pub(super) type Journal = BTreeSet<(usize, u64)>;

/// How a dial is answered; otherwise by a connection that goes on.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Fail(DialFailure),
    Hang,
    /// The subscription is refused in these words.
    Deny(&'static str),
    NoAck,
    /// The replay lacks its last messages.
    Behind(usize),
    /// The replay is never complete.
    Stall,
    /// The connection ends before the replay is complete.
    EndInReplay,
    /// Live, and closed at once.
    Close(u16),
    Live,
}

/// What is to happen on all connections.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Bytes(Vec<u8>),
    /// A notice, and a close.
    Close(Option<&'static str>, u16),
    /// The end without a close.
    End,
    /// Nothing more happens, and nobody says so.
    Freeze,
    /// No heartbeats.
    Mute,
    /// Nothing is read.
    Deafen,
}

/// What a connection goes over.
trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Pipe for T {}

/// A server and its token endpoint; clones are the same.
#[derive(Clone, Default)]
pub(super) struct Server {
    state: Arc<Mutex<State>>,
    pub(super) tokens: Tokens,
}

#[derive(Default)]
pub(super) struct State {
    day: usize,
    last: u64,
    replay: Vec<u64>,
    said: Journal,
    /// The last number when a replay was sent first that was not empty.
    pub(super) first_replay: Option<u64>,
    clients: Vec<UnboundedSender<Order>>,
    answers: VecDeque<Answer>,
    /// When there are no more of them.
    usual: Option<Answer>,
    dials: Vec<Instant>,
    open: usize,
    frozen: Vec<Box<dyn Pipe>>,
}

impl Server {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// All that the caller has to get, in this order.
    pub(super) fn said(&self) -> Journal {
        self.state().said.clone()
    }

    pub(super) fn dials(&self) -> Vec<Instant> {
        self.state().dials.clone()
    }

    pub(super) fn open(&self) -> usize {
        self.state().open
    }

    /// The next dials are answered so.
    pub(super) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state().answers.extend(answers);
    }

    /// All dials after those are answered so; or by connections that go on.
    pub(super) fn always(&self, answer: Option<Answer>) {
        self.state().usual = answer;
    }

    pub(super) fn order(&self, order: Order) {
        self.state().clients.retain(|client| client.send(order.clone()).is_ok());
    }

    /// Any message.
    pub(super) fn say(&self, text: &str) {
        self.order(Order::Bytes(frame(0x81, text.as_bytes())));
    }

    fn next(&self) -> String {
        let mut state = self.state();
        state.last += 1;
        let (day, last) = (state.day, state.last);
        state.replay.push(last);
        state.said.insert((day, last));
        numbered(day, last)
    }

    /// Something happens, so many times.
    pub(super) fn write(&self, messages: u64) {
        (0..messages).for_each(|_| self.say(&self.next()));
    }

    /// Something happens that is only in the replay; or what the test says.
    pub(super) fn write_silently(&self) {
        self.next();
    }

    /// Two things happen, and come in the wrong order.
    pub(super) fn write_crossed(&self) {
        let (first, second) = (self.next(), self.next());
        self.say(&second);
        self.say(&first);
    }

    /// A number that no message has.
    pub(super) fn skip(&self) {
        self.state().last += 1;
    }

    /// The last messages come again.
    pub(super) fn repeat(&self, messages: usize) {
        let day = self.state().day;
        let replay = self.state().replay.clone();
        let last = &replay[replay.len().saturating_sub(messages)..];
        last.iter().for_each(|number| self.say(&numbered(day, *number)));
    }

    /// The replay forgets its oldest messages.
    pub(super) fn trim(&self, messages: usize) {
        let mut state = self.state();
        let messages = messages.min(state.replay.len());
        state.replay.drain(..messages);
    }

    /// The day is over: numbers begin anew.
    pub(super) fn roll(&self) {
        let mut state = self.state();
        state.day += 1;
        state.last = 0;
        state.replay.clear();
    }

    fn dialled(&self) -> Answer {
        let mut state = self.state();
        state.dials.push(Instant::now());
        state.answers.pop_front().or_else(|| state.usual.clone()).unwrap_or(Answer::Live)
    }

    /// Serves connections over TCP, or TLS.
    pub(super) async fn listen(self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(self.clone().upgrade(stream, tls.clone()));
        }
    }

    async fn upgrade(self, stream: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<()> {
        let answer = self.dialled();
        let mut pipe: Box<dyn Pipe> = match tls {
            Some(tls) => Box::new(tls.accept(stream).await?),
            None => Box::new(stream),
        };
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(pipe.read_u8().await?);
        }
        pipe.write_all(&accept(std::str::from_utf8(&request).unwrap())).await?;
        self.serve(pipe, answer).await;
        Ok(())
    }

    /// Serves a connection until it ends.
    async fn serve(self, pipe: Box<dyn Pipe>, answer: Answer) {
        let (mut session, life) = (Session(pipe), self.tokens.left());
        self.state().open += 1;
        if let Ok((0x81, subscription)) = session.read().await {
            let wanted = br#"{"type":"subscribe-activity","account_id":"100000"}"#;
            assert!(subscription.windows(wanted.len()).any(|window| window == wanted));
            self.subscribed(session, answer, life).await;
        }
        self.state().open -= 1;
    }

    async fn subscribed(&self, mut session: Session, answer: Answer, life: Duration) {
        match answer {
            Answer::Deny(words) => {
                session.ack(false, words).await;
                return session.drain().await;
            }
            Answer::NoAck => return session.drain().await,
            _ => session.ack(true, "").await,
        }
        let (client, orders) = unbounded_channel();
        let replay: Vec<_> = {
            let mut state = self.state();
            state.clients.push(client);
            let last = Some(state.last).filter(|_| !state.replay.is_empty());
            state.first_replay = state.first_replay.or(last);
            let behind = if let Answer::Behind(messages) = answer { messages } else { 0 };
            let replay = &state.replay[..state.replay.len() - behind];
            replay.iter().map(|number| numbered(state.day, *number)).collect()
        };
        for text in replay {
            session.text(&text).await;
        }
        match answer {
            Answer::EndInReplay => return session.end().await,
            Answer::Stall => {}
            _ => session.text(r#"{"timestamp":7,"payload":{"type":"replay-complete"}}"#).await,
        }
        match answer {
            Answer::Close(code) => session.close(code).await,
            _ => self.live(session, orders, life).await,
        }
    }

    /// Goes on until the connection ends.
    async fn live(&self, mut session: Session, mut orders: UnboundedReceiver<Order>, life: Duration) {
        let (mut mute, mut deaf) = (false, false);
        let mut heartbeat = interval(Duration::from_secs(5));
        let mut expiry = Box::pin(sleep(life));
        loop {
            let order = tokio::select! {
                biased;
                Some(order) = orders.recv() => order,
                () = &mut expiry => Order::Close(Some("Auth expired; please reconnect"), 1000),
                _ = heartbeat.tick(), if !mute => {
                    Order::Bytes(frame(0x81, br#"{"timestamp":7,"payload":{"type":"heartbeat"}}"#))
                }
                // Clients of these tests send small frames, which come whole.
                frame = session.read(), if !deaf => match frame {
                    Ok((0x89, payload)) => Order::Bytes(self::frame(0x8A, &payload)),
                    Ok((0x88, payload)) => return drop(session.bytes(&self::frame(0x88, &payload)).await),
                    Ok(_) => continue,
                    Err(_) => return,
                },
            };
            match order {
                Order::Bytes(bytes) => match session.bytes(&bytes).await {
                    Ok(()) => {}
                    Err(_) => return,
                },
                Order::Close(notice, code) => {
                    if let Some(details) = notice {
                        let kind = r#""type":"error-notice""#;
                        let text = format!(r#"{{"timestamp":7,"payload":{{{kind},"details":"{details}"}}}}"#);
                        session.text(&text).await;
                    }
                    return session.close(code).await;
                }
                Order::End => return session.end().await,
                Order::Freeze => return self.state().frozen.push(session.0),
                Order::Mute => mute = true,
                Order::Deafen => deaf = true,
            }
        }
    }
}

impl Dial for Server {
    async fn dial(&self, settings: &Settings) -> Result<Connection, DialFailure> {
        sleep(Duration::from_millis(20)).await;
        match self.dialled() {
            Answer::Fail(failure) => Err(failure),
            Answer::Hang => std::future::pending().await,
            answer => {
                let (ours, theirs) = duplex(64 << 10);
                tokio::spawn(self.clone().serve(Box::new(theirs), answer));
                Ok(Connection::new(Box::new(ours), &[], settings).await)
            }
        }
    }
}

/// One connection.
struct Session(Box<dyn Pipe>);

impl Session {
    async fn read(&mut self) -> io::Result<(u8, Vec<u8>)> {
        receive(&mut self.0).await
    }

    async fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// Whether the client is still there is not asked.
    async fn text(&mut self, text: &str) {
        _ = self.bytes(&frame(0x81, text.as_bytes())).await;
    }

    async fn ack(&mut self, success: bool, details: &str) {
        let kind = r#""type":"subscribe-activity-ack","account_id":"100000""#;
        let text = format!(r#"{{"payload":{{{kind},"success":{success},"details":"{details}"}}}}"#);
        self.text(&text).await;
    }

    async fn close(mut self, code: u16) {
        _ = self.bytes(&frame(0x88, &code.to_be_bytes())).await;
        self.drain().await;
    }

    async fn end(mut self) {
        _ = self.0.shutdown().await;
        self.drain().await;
    }

    /// Waits until the client has ended the connection.
    async fn drain(mut self) {
        while self.read().await.is_ok() {}
    }
}

/// The message of this number, which tells its number, and its day in marks.
pub(super) fn numbered(day: usize, number: u64) -> String {
    let marks = "'".repeat(day);
    format!(r#"{{"timestamp":7,"sequence":{number},"payload":{{"type":"news","data":"{number}{marks}"}}}}"#)
}

/// Tokens as the test wants them; clones are the same.
#[derive(Clone, Default)]
pub(super) struct Tokens(Arc<Mutex<TokenState>>);

#[derive(Default)]
pub(super) struct TokenState {
    generation: u64,
    ends: Option<Instant>,
    /// How long a new token lives; for ever, if it is not said.
    pub(super) life: Option<Duration>,
    /// Why there is none.
    pub(super) none: Option<NoToken>,
    /// Nothing is answered at all.
    pub(super) hangs: bool,
    /// What was asked for: any, or one newer than this.
    pub(super) asked: Vec<Option<u64>>,
}

impl Tokens {
    pub(super) fn set(&self) -> MutexGuard<'_, TokenState> {
        self.0.lock().unwrap()
    }

    /// How long the last token still lives.
    fn left(&self) -> Duration {
        self.set().ends.map_or(1_000 * DAY, |ends| ends - Instant::now())
    }
}

impl TokenProvider for Tokens {
    async fn token(&self, newer_than: Option<u64>) -> Result<Bearer, NoToken> {
        if self.set().hangs {
            std::future::pending().await
        }
        let mut state = self.set();
        state.asked.push(newer_than);
        if let Some(none) = state.none.clone() {
            return Err(none);
        }
        let ended = state.ends.is_some_and(|ends| ends <= Instant::now());
        if state.generation == 0 || ended || newer_than.is_some_and(|old| state.generation <= old) {
            state.generation += 1;
            state.ends = state.life.map(|life| Instant::now() + life);
        }
        let text = format!("{SECRET}-{}", state.generation).into();
        Ok(Bearer { text, generation: state.generation, expires: state.ends })
    }
}
