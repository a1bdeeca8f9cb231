//! A stream between a caller and a server that are both in the hand of the test: over pipes, in time
//! that does not pass by itself.
//!
//! All loggers are at their finest level, and no token may be in what they hear; in the end nothing
//! may be left to see, every message must have been seen, and no task must be left.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{DuplexStream, duplex};
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::caller::{Caller, SECRET, assert_holds_no_token};
use super::session::{Common, Session};
use super::{DAY, MINUTE, again, begin};
use crate::stream::connection::Connection;
use crate::stream::dial_limit::DialLimit;
use crate::stream::machine::{DialFailure, NoToken, ResumePoint, Settings};
use crate::stream::dial::tests::eavesdrop::Ears;
use crate::stream::dial::Dial;
use crate::stream::supervisor::{Bearer, Bearers, Shared};

/// Where tokens come from, as the test wants them; clones are the same.
#[derive(Clone, Default)]
pub(super) struct Tokens(Arc<Mutex<Given>>);

#[derive(Default)]
pub(super) struct Given {
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
    pub(super) fn set(&self, change: impl FnOnce(&mut Given)) {
        change(&mut self.0.lock().unwrap());
    }

    /// How long the last token still lives.
    pub(super) fn left(&self) -> Duration {
        let ends = self.0.lock().unwrap().ends;
        ends.map_or(1_000 * DAY, |ends| ends - Instant::now())
    }

    /// What was asked for since the last time.
    pub(super) fn asked(&self) -> Vec<Option<u64>> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

impl Bearers for Tokens {
    async fn bearer(&self, newer_than: Option<u64>) -> Result<Bearer, NoToken> {
        if self.0.lock().unwrap().hangs {
            std::future::pending().await
        }
        let mut given = self.0.lock().unwrap();
        given.asked.push(newer_than);
        if let Some(none) = given.none.clone() {
            return Err(none);
        }
        let ended = given.ends.is_some_and(|ends| ends <= Instant::now());
        if given.generation == 0 || ended || newer_than.is_some_and(|old| given.generation <= old) {
            given.generation += 1;
            given.ends = given.life.map(|life| Instant::now() + life);
        }
        let text = format!("{SECRET}-{}", given.generation).into();
        Ok(Bearer { text, generation: given.generation, expires: given.ends })
    }
}

/// A dial that waits for its answer.
pub(super) struct Dialling {
    answer: oneshot::Sender<Result<DuplexStream, DialFailure>>,
    common: Common,
}

impl Dialling {
    pub(super) fn fail(self, failure: DialFailure) {
        _ = self.answer.send(Err(failure));
    }

    pub(super) fn accept(self) -> Session {
        self.accept_with(64 << 10)
    }

    /// A connection that holds so many bytes in each direction.
    pub(super) fn accept_with(self, bytes: usize) -> Session {
        let (ours, theirs) = duplex(bytes);
        _ = self.answer.send(Ok(ours));
        Session::new(theirs, &self.common)
    }
}

/// What stands between the stream and its server.
#[derive(Clone)]
struct Network(UnboundedSender<Dialling>, Common);

impl Dial for Network {
    async fn dial(&self, settings: &Settings) -> Result<Connection, DialFailure> {
        let (answer, answered) = oneshot::channel();
        _ = self.0.send(Dialling { answer, common: self.1.clone() });
        let pipe = answered.await.unwrap_or(Err(DialFailure::TimedOut(None)))?;
        Ok(Connection::new(Box::new(pipe), &[], settings).await)
    }
}

/// The stage of a simulation.
pub(super) struct Stage {
    pub(super) caller: Caller,
    pub(super) tokens: Tokens,
    pub(super) common: Common,
    pub(super) shared: Shared,
    network: Network,
    dials: UnboundedReceiver<Dialling>,
}

/// Plays it with the usual settings.
pub(super) fn simulate(play: impl AsyncFnOnce(&mut Stage)) {
    simulate_with(|_| {}, play);
}

/// Plays it with other settings.
pub(super) fn simulate_with(change: impl FnOnce(&mut Settings), play: impl AsyncFnOnce(&mut Stage)) {
    // No audits, unless a test is about them.
    let mut settings = Settings { audit_interval: 1_000 * DAY, ..Settings::default() };
    change(&mut settings);
    in_simulation(async || {
        let mut stage = Stage::new(settings);
        play(&mut stage).await;
        stage.end().await;
    });
}

/// Plays anything in time that does not pass by itself. Everything that is logged is searched for
/// tokens, and no task may be left in the end.
pub(super) fn in_simulation(play: impl AsyncFnOnce()) {
    let ears = Ears::open();
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        play().await;
        sleep(MINUTE).await;
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "a task is left");
    });
    drop(runtime);
    ears.take().iter().for_each(|line| assert_holds_no_token(line));
}

impl Stage {
    pub(super) fn new(settings: Settings) -> Self {
        let (tokens, common) = (Tokens::default(), Common::default());
        let (to, dials) = unbounded_channel();
        let network = Network(to, common.clone());
        let shared = Shared { limit: DialLimit::new(), clock: Instant::now() };
        let stream = begin(network.clone(), tokens.clone(), settings, &shared, ResumePoint::default());
        Self { caller: Caller::new(stream, DAY), tokens, common, shared, network, dials }
    }

    /// Another stream of the same client.
    pub(super) fn another(&self, settings: Settings, from: ResumePoint) -> Caller {
        let stream = begin(self.network.clone(), self.tokens.clone(), settings, &self.shared, from);
        Caller::new(stream, DAY)
    }

    /// The next dial.
    pub(super) async fn dial(&mut self) -> Dialling {
        timeout(DAY, self.dials.recv()).await.expect("a dial").expect("a stream")
    }

    /// No dial comes for so long.
    #[track_caller]
    pub(super) fn no_dial(&mut self, time: Duration) -> impl Future<Output = ()> {
        let from = std::panic::Location::caller();
        async move { assert!(timeout(time, self.dials.recv()).await.is_err(), "a dial, at {from}") }
    }

    pub(super) async fn accept(&mut self) -> Session {
        self.dial().await.accept()
    }

    pub(super) async fn refuse(&mut self, failure: DialFailure) {
        self.dial().await.fail(failure);
    }

    /// A connection that is live, after a replay of these numbers; the caller has seen these words.
    pub(super) async fn live(&mut self, numbers: impl IntoIterator<Item = u64>, seen: &str) -> Session {
        let mut session = self.accept().await;
        session.live(numbers).await;
        self.caller.saw(seen).await;
        session
    }

    /// The same, at the beginning.
    pub(super) async fn begin(&mut self, numbers: impl IntoIterator<Item = u64>) -> Session {
        let numbers: Vec<_> = numbers.into_iter().collect();
        let words: String = numbers.iter().map(|number| format!("r{number}, ")).collect();
        self.live(numbers, &again(&words)).await
    }

    async fn end(mut self) {
        if self.caller.stream().is_some() {
            let over = self.caller.take(Duration::from_millis(1)).await;
            assert!(over.iter().all(|word| word == "end"), "nobody looked at {over:?}");
        }
        self.caller.assert_got(&self.common.said());
        self.caller.leave().await;
    }
}
