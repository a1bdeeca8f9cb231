//! A server that goes on by itself: it keeps a journal, replays it, and goes on live; what it does
//! beside is told by the test.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::duplex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, interval, sleep};

use super::session::{Common, Journal, Pipe, Session, numbered};
use super::stage::Tokens;
use crate::stream::connection::Connection;
use crate::stream::machine::{DialFailure, Settings};
use crate::stream::dial::Dial;

/// What is to happen on a connection.
#[derive(Clone, Debug)]
enum Order {
    Say(String),
    /// A notice and a close.
    Close(Option<&'static str>, u16),
    /// The connection ends without a word.
    End,
    /// Nothing more happens, and nobody says so.
    Freeze,
}

/// A server and its token endpoint; clones are the same.
#[derive(Clone)]
pub(super) struct Server {
    state: Arc<Mutex<State>>,
    common: Common,
    pub(super) tokens: Tokens,
}

#[derive(Default)]
struct State {
    day: usize,
    last: u64,
    /// What a replay has.
    replay: Vec<u64>,
    clients: Vec<UnboundedSender<Order>>,
    /// How the next dials fail.
    refusals: Vec<u16>,
    dials: Vec<Instant>,
    open: usize,
}

impl Server {
    /// A server whose tokens live so long.
    pub(super) fn new(life: Duration) -> Self {
        let tokens = Tokens::default();
        tokens.set(|tokens| tokens.life = Some(life));
        Self { state: Arc::default(), common: Common::default(), tokens }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What it has said on a connection or would say in a replay.
    pub(super) fn said(&self) -> Journal {
        self.common.said()
    }

    pub(super) fn dials(&self) -> Vec<Instant> {
        self.state().dials.clone()
    }

    pub(super) fn open(&self) -> usize {
        self.state().open
    }

    fn tell(&self, order: &Order) {
        self.state().clients.retain(|client| client.send(order.clone()).is_ok());
    }

    fn next(&self) -> String {
        let mut state = self.state();
        state.last += 1;
        let (day, last) = (state.day, state.last);
        state.replay.push(last);
        self.common.add(day, last);
        text(day, last)
    }

    /// Something happens, so many times.
    pub(super) fn write(&self, messages: u64) {
        for _ in 0..messages {
            let text = self.next();
            self.tell(&Order::Say(text));
        }
    }

    /// Something happens that is only in the replay.
    pub(super) fn write_silently(&self) {
        self.next();
    }

    /// Two things happen, and come in the wrong order.
    pub(super) fn write_crossed(&self) {
        let (first, second) = (self.next(), self.next());
        self.tell(&Order::Say(second));
        self.tell(&Order::Say(first));
    }

    /// A number that no message has.
    pub(super) fn skip(&self) {
        self.state().last += 1;
    }

    /// The last messages come again.
    pub(super) fn repeat(&self, messages: usize) {
        let state = self.state();
        let from = state.replay.len().saturating_sub(messages);
        let texts: Vec<_> = state.replay[from..].iter().map(|number| text(state.day, *number)).collect();
        drop(state);
        texts.into_iter().for_each(|text| self.tell(&Order::Say(text)));
    }

    /// A message of any other kind.
    pub(super) fn say(&self, text: &str) {
        self.tell(&Order::Say(text.to_owned()));
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

    pub(super) fn close(&self, notice: Option<&'static str>, code: u16) {
        self.tell(&Order::Close(notice, code));
    }

    /// All connections end without a word.
    pub(super) fn cut(&self) {
        self.tell(&Order::End);
    }

    /// All connections stand still.
    pub(super) fn freeze(&self) {
        self.tell(&Order::Freeze);
    }

    /// The next dials are answered with this status.
    pub(super) fn refuse(&self, dials: usize, status: u16) {
        self.state().refusals.extend(std::iter::repeat_n(status, dials));
    }

    /// Serves a connection until it ends.
    pub(super) async fn serve_over(self, pipe: impl Pipe + 'static) {
        let mut session = Session::new(pipe, &self.common);
        self.state().open += 1;
        let life = self.tokens.left();
        if session.read().await.is_some() {
            session.answer(true, "").await;
            let (client, orders) = unbounded_channel();
            let replay: Vec<_> = {
                let mut state = self.state();
                state.clients.push(client);
                state.replay.iter().map(|number| text(state.day, *number)).collect()
            };
            for text in replay {
                session.text(&text).await;
            }
            session.caught_up().await;
            live(session, orders, life).await;
        }
        self.state().open -= 1;
    }
}

/// Goes on until the connection ends.
async fn live(mut session: Session, mut orders: UnboundedReceiver<Order>, life: Duration) {
    let mut heartbeat = interval(Duration::from_secs(5));
    let mut expiry = Box::pin(sleep(life));
    loop {
        let order = tokio::select! {
            biased;
            Some(order) = orders.recv() => order,
            () = &mut expiry => Order::Close(Some("Auth expired; please reconnect"), 1000),
            _ = heartbeat.tick() => {
                session.heartbeat().await;
                continue;
            }
            frame = session.read() => match frame {
                Some((0x89, payload)) => {
                    session.frame(0x8A, &payload).await;
                    continue;
                }
                Some((0x88, payload)) => {
                    session.frame(0x88, &payload).await;
                    return session.gone();
                }
                Some(_) => continue,
                None => return session.gone(),
            },
        };
        match order {
            Order::Say(text) => session.text(&text).await,
            Order::Close(notice, code) => {
                if let Some(notice) = notice {
                    session.notice(notice).await;
                }
                return session.close(code).await;
            }
            Order::End => return session.end().await,
            Order::Freeze => return,
        }
    }
}

fn text(day: usize, number: u64) -> String {
    numbered(number, &"'".repeat(day))
}

impl Dial for Server {
    async fn dial(&self, settings: &Settings) -> Result<Connection, DialFailure> {
        sleep(Duration::from_millis(20)).await;
        let refusal = {
            let mut state = self.state();
            state.dials.push(Instant::now());
            state.refusals.pop()
        };
        if let Some(status) = refusal {
            return Err(DialFailure::Status { status, retry_after: None });
        }
        let (ours, theirs) = duplex(64 << 10);
        tokio::spawn(self.clone().serve_over(theirs));
        Ok(Connection::new(Box::new(ours), &[], settings).await)
    }
}
