//! Whole streams over pipes, in time that does not pass by itself.

#![allow(clippy::arithmetic_side_effects, reason = "a test fails where it overflows")]

mod interface;
mod net;
mod server;

use std::error::Error as _;
use std::time::Duration;

use tokio::runtime;
use tokio::time::{Instant, sleep, timeout};

use self::server::Server;
use super::{EventStream, Shared, start};
use crate::ErrorKind;
use crate::stream::core::{DialLimit, Failure};
use crate::stream::{Connection, Event, Message, ResumePoint, Settings, State};
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

type Activity = EventStream<ActivityMessage>;

fn open_from(server: &Server, settings: Settings, from: ResumePoint) -> Activity {
    let shared = Shared { limit: DialLimit::default(), clock: Instant::now() };
    let subscription = ActivitySubscription::new(AccountId::new("100000"));
    start(subscription, server.clone(), server.clone(), settings, &shared, from).unwrap()
}

fn open(server: &Server) -> Activity {
    open_from(server, Settings::default(), ResumePoint::default())
}

/// What a caller saw.
#[derive(Debug, Default)]
struct Seen {
    numbers: Vec<u64>,
    others: Vec<Event<ActivityMessage>>,
}

impl Seen {
    fn note(&mut self, event: Event<ActivityMessage>) {
        match event {
            Event::Message(Message { sequence: Some(sequence), .. }) => self.numbers.push(sequence),
            event => self.others.push(event),
        }
    }

    fn has(&self, event: &Event<ActivityMessage>) -> bool {
        self.others.contains(event)
    }

    fn disconnects(&self) -> usize {
        let disconnected =
            |event: &&Event<ActivityMessage>| matches!(event, Event::Connection(Connection::Disconnected(_)));
        self.others.iter().filter(disconnected).count()
    }

    /// Takes what comes within this time.
    async fn take(&mut self, stream: &mut Activity, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(event) = tokio::time::timeout_at(end, stream.next()).await {
            self.note(event.expect("the stream goes on").unwrap());
        }
    }

    fn assert_all(&self, to: u64) {
        assert_eq!(self.numbers, (1..=to).collect::<Vec<_>>(), "{:?}", self.others);
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_hour() {
    let server = Server::new(DAY, None);
    server.write(100);
    let (mut stream, mut seen) = (open(&server), Seen::default());
    stream.handle().wait_until_live(MINUTE).await.unwrap();
    for _ in 0..60 {
        server.write(3);
        seen.take(&mut stream, MINUTE).await;
    }
    seen.assert_all(280);
    assert!(seen.has(&Event::CaughtUp));
    assert_eq!((seen.disconnects(), server.dials()), (0, 1));
    let statistics = stream.handle().statistics().await.unwrap();
    assert_eq!((statistics.delivered, statistics.gaps), (280, 0));
}

#[tokio::test(start_paused = true)]
async fn what_happens_while_the_connection_is_cut_comes_once() {
    let server = Server::new(DAY, None);
    let (mut stream, mut seen) = (open(&server), Seen::default());
    for _ in 0..5 {
        server.write(10);
        seen.take(&mut stream, MINUTE).await;
        server.cut();
        server.write(10);
        seen.take(&mut stream, MINUTE).await;
    }
    seen.assert_all(100);
    assert_eq!((seen.disconnects(), server.dials()), (5, 6));
    assert_eq!(stream.handle().state(), State::Live);
    // From 10, 30, 50, 70 and 90 on, all that had been delivered was sent again.
    assert_eq!(stream.handle().statistics().await.unwrap().duplicates, 250);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_token_is_not_seen() {
    let server = Server::new(Duration::from_secs(3_600), None);
    let (mut stream, mut seen) = (open(&server), Seen::default());
    for _ in 0..6 * 60 {
        server.write(1);
        seen.take(&mut stream, MINUTE).await;
    }
    seen.assert_all(360);
    assert_eq!(seen.disconnects(), 0, "{:?}", seen.others);
    let statistics = stream.handle().statistics().await.unwrap();
    assert!(statistics.rotations >= 6, "{statistics:?}");
    assert_eq!(server.open(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_caller_gets_everything() {
    let server = Server::new(DAY, None);
    let settings = Settings { buffer_events: 64, ..Settings::default() };
    let (mut stream, mut seen) = (open_from(&server, settings, ResumePoint::default()), Seen::default());
    seen.take(&mut stream, MINUTE).await;
    for _ in 0..100 {
        server.write(100);
        sleep(Duration::from_secs(1)).await;
    }
    seen.take(&mut stream, 10 * MINUTE).await;
    seen.assert_all(10_000);
    assert!(seen.has(&Event::Lagging) && seen.has(&Event::Recovered { lost: 0 }), "{:?}", seen.others);
    assert_eq!(stream.handle().state(), State::Live);
}

#[tokio::test(start_paused = true)]
async fn another_stream_goes_on_where_one_stopped() {
    let server = Server::new(DAY, None);
    server.write(50);
    let mut seen = Seen::default();
    let mut stream = open(&server);
    while seen.numbers.len() < 20 {
        seen.note(stream.next().await.unwrap().unwrap());
    }
    let from = stream.handle().resume_point().await.unwrap();
    assert_eq!(from.sequence(), Some(20));
    drop(stream);
    let mut stream = open_from(&server, Settings::default(), from);
    seen.take(&mut stream, MINUTE).await;
    seen.assert_all(50);
}

#[tokio::test(start_paused = true)]
async fn a_close_during_a_replay_is_the_end() {
    let server = Server::new(DAY, Some(5));
    server.write(10);
    let mut stream = open(&server);
    let handle = stream.handle().clone();
    while handle.state() != State::Replaying {
        stream.next().await.unwrap().unwrap();
    }
    let closed = handle.close();
    let end = async { while stream.next().await.is_some() {} };
    timeout(MINUTE, end).await.expect("the stream ends");
    assert_eq!(handle.state(), State::Closed);
    timeout(MINUTE, closed).await.expect("the server hears of it");
    sleep(10 * MINUTE).await;
    assert_eq!((server.dials(), server.open()), (1, 0));
    assert_eq!(handle.wait_until_live(MINUTE).await.unwrap_err().kind(), ErrorKind::Stream);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_says_so_once() {
    let server = Server::new(DAY, None);
    let settings = Settings {
        buffer_events: 8,
        slow_caller: crate::stream::core::SlowCaller::Fail,
        ..Settings::default()
    };
    let mut stream = open_from(&server, settings, ResumePoint::default());
    stream.handle().wait_until_live(MINUTE).await.unwrap();
    server.write(100);
    sleep(MINUTE).await;
    let mut failures = Vec::new();
    while let Some(event) = stream.next().await {
        failures.extend(event.err());
    }
    let failure = failures[0].source().unwrap().downcast_ref();
    assert_eq!((failures.len(), failure), (1, Some(&Failure::SlowCaller)));
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_a_stream_that_is_dropped() {
    for before in [Duration::ZERO, Duration::from_millis(1), MINUTE] {
        let server = Server::new(DAY, None);
        let stream = open(&server);
        let handle = stream.handle().clone();
        sleep(before).await;
        drop(stream);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(runtime::Handle::current().metrics().num_alive_tasks(), 0, "{before:?}");
        assert_eq!(server.open(), 0);
        assert!(handle.statistics().await.is_none());
        handle.reconnect_now();
    }
}
