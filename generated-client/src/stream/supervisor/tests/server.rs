//! A server that keeps a journal, replays it to each subscriber, and goes on live; and its token
//! endpoint. What else it does, and how it answers a dial, is told by the test.

use std::collections::VecDeque;
use std::io;
use std::iter::once;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use clear_street_test_support::frames::{frame, receive};
use serde_json::Value;
use tokio::io::{AsyncWriteExt, duplex};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, interval, sleep};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::accept_async;

use super::{DAY, millis};
use crate::stream::connection::{ByteStream, Connection};
use crate::stream::dial::Dial;
use crate::stream::machine::{DialFailure, NoToken, Settings};
use crate::stream::supervisor::{Bearer, TokenProvider};

/// The beginning of every token.
pub(in crate::stream) const SECRET: &str = "planted-token-of-a-stream-0123456789";

/// How long the server takes to answer a close.
pub(in crate::stream) const CLOSE: Duration = millis(30);

/// How a dial is answered.
#[derive(Clone, Debug, Default)]
pub(in crate::stream) enum Answer {
    /// By a connection that goes on.
    #[default]
    Live,
    Fail(DialFailure),
    Hang,
    /// The subscription is refused in these words, and the connection closed.
    Deny(&'static str),
    NoAck,
    /// The replay lacks its last two messages.
    Behind,
    /// Nothing of the replay comes.
    Stall,
    /// The connection ends before the replay is complete.
    EndInReplay,
    /// Live, and closed at once.
    Close(u16),
}

/// What is to happen on all connections.
#[derive(Clone, Debug)]
pub(in crate::stream) enum Order {
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

impl Order {
    fn text(text: &str) -> Self {
        Self::Bytes(frame(0x81, text.as_bytes()))
    }
}

/// A server; clones are the same.
#[derive(Clone, Default)]
pub(in crate::stream) struct Server(Arc<Mutex<State>>);

#[derive(Default)]
pub(in crate::stream) struct State {
    day: usize,
    /// The last number.
    pub(super) last: u64,
    replay: Vec<u64>,
    /// All that the caller has to get, in this order: day and number.
    pub(super) said: Vec<(usize, u64)>,
    clients: Vec<UnboundedSender<Order>>,
    answers: VecDeque<Answer>,
    /// When there are no more of them.
    pub(in crate::stream) usual: Answer,
    pub(in crate::stream) dials: Vec<Instant>,
    pub(in crate::stream) open: usize,
    /// The subscriptions: type, account, and number of the token.
    pub(in crate::stream) subscriptions: Vec<String>,
    pub(super) frozen: Vec<Box<dyn ByteStream>>,
    generation: u64,
    expires: Option<Instant>,
    /// How long a new token lives; for ever, if it is not said.
    pub(in crate::stream) token_life: Option<Duration>,
    /// Why there is no token.
    pub(in crate::stream) no_token: Option<NoToken>,
    /// The token endpoint answers nothing at all.
    pub(in crate::stream) token_hangs: bool,
    /// What tokens were asked for: any, or one newer than this.
    pub(in crate::stream) token_requests: Vec<Option<u64>>,
}

impl Server {
    pub(in crate::stream) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(in crate::stream) fn dials(&self) -> Vec<Instant> {
        self.state().dials.clone()
    }

    /// The next dials are answered so.
    pub(in crate::stream) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state().answers.extend(answers);
    }

    pub(in crate::stream) fn order(&self, order: Order) {
        self.state().clients.retain(|client| client.send(order.clone()).is_ok());
    }

    /// Any message.
    pub(in crate::stream) fn say(&self, text: &str) {
        self.order(Order::text(text));
    }

    /// Something happens that is only in the replay; or what the test says of it.
    pub(super) fn write_silently(&self) -> String {
        let mut state = self.state();
        state.last += 1;
        let (day, last) = (state.day, state.last);
        state.replay.push(last);
        state.said.push((day, last));
        numbered(day, last)
    }

    /// Something happens, so many times.
    pub(super) fn write(&self, messages: u64) {
        (0..messages).for_each(|_| self.say(&self.write_silently()));
    }

    /// Two things happen, and come in the wrong order.
    pub(super) fn write_crossed(&self) {
        let (first, second) = (self.write_silently(), self.write_silently());
        self.say(&second);
        self.say(&first);
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
        state.answers.pop_front().unwrap_or_else(|| state.usual.clone())
    }

    /// Serves connections over TCP, or TLS.
    pub(super) async fn listen(self, listener: TcpListener, tls: Option<TlsAcceptor>) {
        while let Ok((stream, _)) = listener.accept().await {
            let (server, tls) = (self.clone(), tls.clone());
            tokio::spawn(async move {
                let answer = server.dialled();
                let pipe: Box<dyn ByteStream> = match tls {
                    Some(tls) => Box::new(tls.accept(stream).await.ok()?),
                    None => Box::new(stream),
                };
                let upgraded = accept_async(pipe).await.ok()?;
                server.serve(upgraded.into_inner(), answer).await;
                Some(())
            });
        }
    }

    /// Serves a connection until it ends.
    async fn serve(self, mut pipe: Box<dyn ByteStream>, answer: Answer) {
        self.state().open += 1;
        if let Ok((0x81, subscription)) = receive(&mut pipe).await {
            self.note(&subscription);
            _ = self.subscribed(pipe, self.begin(answer)).await;
        }
        self.state().open -= 1;
    }

    fn note(&self, subscription: &[u8]) {
        let message: Value = serde_json::from_slice(subscription).unwrap();
        let (payload, token) = (&message["payload"], &message["authorization"]);
        let words = format!("{} {}{token}", payload["type"], payload["account_id"]);
        self.state().subscriptions.push(words.replace('"', "").replace(SECRET, ""));
    }

    /// What is to happen on a connection that has subscribed: what begins it, and all later orders.
    fn begin(&self, answer: Answer) -> UnboundedReceiver<Order> {
        let mut state = self.state();
        let replay = state.replay.iter().map(|number| numbered(state.day, *number));
        let complete = r#"{"timestamp":7,"payload":{"type":"replay-complete"}}"#.to_owned();
        let texts = once(ack(true, "")).chain(replay).chain([complete]);
        let mut first: Vec<_> = texts.map(|text| Order::text(&text)).collect();
        let last = first.len() - 1;
        match answer {
            Answer::Deny(words) => first = vec![Order::text(&ack(false, words)), Order::Close(None, 1000)],
            Answer::NoAck => first = vec![Order::Mute],
            Answer::Behind => drop(first.drain(last - 2..last)),
            Answer::Stall => first.truncate(1),
            Answer::EndInReplay => first[last] = Order::End,
            Answer::Close(code) => first.push(Order::Close(None, code)),
            _ => {}
        }
        let (client, orders) = unbounded_channel();
        first.into_iter().for_each(|order| client.send(order).unwrap());
        state.clients.push(client);
        orders
    }

    /// Goes on until the connection ends.
    async fn subscribed(
        &self,
        mut pipe: Box<dyn ByteStream>,
        mut orders: UnboundedReceiver<Order>,
    ) -> io::Result<()> {
        let (mut mute, mut deaf) = (false, false);
        let mut heartbeat = interval(Duration::from_secs(5));
        let life = self.state().expires.map_or(1_000 * DAY, |expires| expires - Instant::now());
        let mut expiry = Box::pin(sleep(life));
        loop {
            let order = tokio::select! {
                biased;
                Some(order) = orders.recv() => order,
                () = &mut expiry => Order::Close(Some("Auth expired; please reconnect"), 1000),
                _ = heartbeat.tick(), if !mute => {
                    Order::text(r#"{"timestamp":7,"payload":{"type":"heartbeat"}}"#)
                }
                // Clients of these tests send small frames, which come whole.
                frame = receive(&mut pipe), if !deaf => match frame? {
                    (0x89, payload) => Order::Bytes(self::frame(0x8A, &payload)),
                    (0x88, _) => {
                        sleep(CLOSE).await;
                        Order::Close(None, 1000)
                    }
                    (0x81, subscription) => {
                        self.note(&subscription);
                        continue;
                    }
                    _ => continue,
                },
            };
            match order {
                Order::Bytes(bytes) => write(&mut pipe, &bytes).await?,
                Order::Close(details, code) => {
                    let notice = details.map(|details| frame(0x81, notice(details).as_bytes()));
                    let close = frame(0x88, &code.to_be_bytes());
                    write(&mut pipe, &[notice.unwrap_or_default(), close].concat()).await?;
                    break;
                }
                Order::End => {
                    pipe.shutdown().await?;
                    break;
                }
                Order::Freeze => {
                    self.state().frozen.push(pipe);
                    return Ok(());
                }
                Order::Mute => mute = true,
                Order::Deafen => deaf = true,
            }
        }
        // The client ends it.
        loop {
            receive(&mut pipe).await?;
        }
    }
}

async fn write(pipe: &mut Box<dyn ByteStream>, bytes: &[u8]) -> io::Result<()> {
    pipe.write_all(bytes).await?;
    pipe.flush().await
}

impl Dial for Server {
    async fn dial(&self, settings: &Settings) -> Result<Connection, DialFailure> {
        sleep(millis(20)).await;
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

impl TokenProvider for Server {
    async fn token(&self, newer_than: Option<u64>) -> Result<Bearer, NoToken> {
        self.state().token_requests.push(newer_than);
        if self.state().token_hangs {
            std::future::pending().await
        }
        let mut state = self.state();
        if let Some(none) = state.no_token.clone() {
            return Err(none);
        }
        let ended = state.expires.is_some_and(|expires| expires <= Instant::now());
        if state.generation == 0 || ended || newer_than.is_some_and(|old| state.generation <= old) {
            state.generation += 1;
            state.expires = state.token_life.map(|life| Instant::now() + life);
        }
        let text = format!("{SECRET}-{}", state.generation).into();
        Ok(Bearer { text, generation: state.generation, expires: state.expires })
    }
}

/// The message of this number, which tells its number, and its day in marks.
pub(super) fn numbered(day: usize, number: u64) -> String {
    let marks = "'".repeat(day);
    format!(r#"{{"timestamp":7,"sequence":{number},"payload":{{"type":"news","data":"{number}{marks}"}}}}"#)
}

pub(in crate::stream) fn ack(success: bool, details: &str) -> String {
    let kind = r#""type":"subscribe-activity-ack","account_id":"100000""#;
    format!(r#"{{"payload":{{{kind},"success":{success},"details":"{details}"}}}}"#)
}

pub(in crate::stream) fn notice(details: &str) -> String {
    format!(r#"{{"timestamp":7,"payload":{{"type":"error-notice","details":"{details}"}}}}"#)
}
